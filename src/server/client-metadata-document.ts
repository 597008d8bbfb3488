import type { ClientMetadata } from '../../generated/models.ts'
import { assertRedirectUri } from '../protocol/url-rules.ts'
import { defaultClientGrants, type RegisteredClient } from './client.ts'
import { judgeUrls, readClientMetadata } from './client-metadata.ts'
import type { TokenEndpointConfig } from './config.ts'
import { userlessGrants } from './grant-types.ts'
import { Refusal } from './refusal.ts'

const mostBytes = 5_120
const secretMethods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']

/** Whether a client id is the URL of the client's metadata: https, a path, nothing that would be normalised away. */
export function isMetadataDocumentId(clientId: string): boolean {
  if (!URL.canParse(clientId)) return false
  const url = new URL(clientId)
  return url.protocol === 'https:' && url.pathname !== '/' && url.href === clientId && !/[#@]/.test(clientId)
}

/**
 * A client that describes itself. Believed only as far as its own origin reaches, in registered metadata alone, and
 * without the grants in which no user decides.
 *
 * @see draft-ietf-oauth-client-id-metadata-document 4
 */
export async function loadMetadataDocument(
  config: TokenEndpointConfig,
  clientId: string,
): Promise<RegisteredClient | undefined> {
  const document = await config.documents.get(clientId, { maxBytes: mostBytes })
  if (!document) return undefined
  const { client_id: named, client_secret: secret } = document as Readonly<Record<string, unknown>>
  // The document must say that it is about the URL that it came from.
  if (named !== clientId) return undefined
  const metadata = tryReadMetadata(config, document)
  const { redirect_uris: redirectUris = [], token_endpoint_auth_method: method = 'none' } = metadata ?? {}
  if (!metadata || redirectUris.length === 0) return undefined
  const { origin } = new URL(clientId)
  const places = [...redirectUris, ...(metadata.post_logout_redirect_uris ?? [])]
  if (!places.every((uri) => isOfOrigin(uri, origin))) return undefined
  // Nobody could have shared a secret with a client that was never registered.
  if (secretMethods.includes(method) || secret !== undefined) return undefined
  const grants = (metadata.grant_types ?? defaultClientGrants).filter((one) => !userlessGrants.includes(one))
  return Object.freeze({ clientId, metadata: { ...metadata, token_endpoint_auth_method: method, grant_types: grants } })
}

function tryReadMetadata(config: TokenEndpointConfig, document: object): ClientMetadata | undefined {
  try {
    const metadata = readClientMetadata(document)
    judgeUrls(config, metadata)
    return metadata
  } catch (error) {
    // A document that is not as it should be makes no client.
    if (error instanceof Refusal) return undefined
    throw error
  }
}

function isOfOrigin(uri: string, origin: string): boolean {
  try {
    assertRedirectUri(uri)
    return new URL(uri).origin === origin
  } catch {
    return false
  }
}
