import type { ClientMetadata } from '../../generated/models.ts'
import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'

const mostBytes = 5_120
const secretMethods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']

/** Whether a client id is the URL of the client's metadata: https, a path, nothing that would be normalised away. */
export function isMetadataDocumentId(clientId: string): boolean {
  if (!URL.canParse(clientId)) return false
  const url = new URL(clientId)
  return url.protocol === 'https:' && url.pathname !== '/' && url.href === clientId && !/[#@]/.test(clientId)
}

/**
 * A client that describes itself. Believed only as far as its own origin reaches.
 *
 * @see draft-ietf-oauth-client-id-metadata-document 4
 */
export async function loadMetadataDocument(
  config: TokenEndpointConfig,
  clientId: string,
): Promise<RegisteredClient | undefined> {
  const document = await config.documents.get(clientId, { maxBytes: mostBytes })
  if (!document) return undefined
  const metadata = document as ClientMetadata & { readonly client_id?: unknown }
  // The document must say that it is about the URL that it came from.
  if (metadata.client_id !== clientId) return undefined
  const { redirect_uris: redirectUris, token_endpoint_auth_method: method = 'none' } = metadata
  if (!Array.isArray(redirectUris) || redirectUris.length === 0) return undefined
  const { origin } = new URL(clientId)
  if (!redirectUris.every((uri) => isOfOrigin(uri, origin))) return undefined
  // Nobody could have shared a secret with a client that was never registered.
  if (secretMethods.includes(method) || metadata.client_secret !== undefined) return undefined
  return Object.freeze({ clientId, metadata: { ...metadata, token_endpoint_auth_method: method } })
}

function isOfOrigin(uri: unknown, origin: string): boolean {
  return typeof uri === 'string' && URL.canParse(uri) && new URL(uri).origin === origin
}
