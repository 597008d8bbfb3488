import type { ClientMetadata } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import type { ClientAuth } from './client-auth.ts'

const draft = 'draft-ietf-oauth-client-id-metadata-document'

/** What a client says of itself at the URL that is its `client_id`. */
export type ClientMetadataDocument = ClientMetadata & { readonly client_id: string }

/** Methods that need a secret that nobody could have agreed on. */
const secretMethods: readonly unknown[] = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']

/**
 * The document to publish at the URL that identifies the client, to which no server has to register it.
 *
 * @throws TypeError for a URL that cannot be a `client_id`, and for metadata with a secret
 * @see draft-ietf-oauth-client-id-metadata-document 3, 4.1
 * @example
 * const document = buildClientMetadataDocument('https://app.example/client.json', { redirect_uris: ['https://app.example/callback'] })
 */
export function buildClientMetadataDocument(clientId: string, metadata: ClientMetadata): ClientMetadataDocument {
  const fault = findClientIdUrlFault(clientId)
  if (fault !== undefined) throw new TypeError(`"clientId" must be an https URL ${fault} (${draft} 3)`)
  // 4.1: no symmetric secret can be established with a document that everybody can read.
  if ('client_secret' in metadata || 'client_secret_expires_at' in metadata) {
    throw new TypeError(`"metadata" must have no "client_secret": everybody can read the document (${draft} 4.1)`)
  }
  const { token_endpoint_auth_method: method = 'none' } = metadata
  if (secretMethods.includes(method)) {
    throw new TypeError(`"metadata" must not name ${method}: the client has no secret with any server (${draft} 4.1)`)
  }
  return { ...metadata, token_endpoint_auth_method: method, client_id: clientId }
}

/**
 * Refuses a client that is identified by a URL where the server cannot look it up, or where client and server
 * could have no secret; nothing is sent then. A server that says nothing may know the client otherwise.
 *
 * @throws ConfigurationError `unsupported_by_server`
 * @see draft-ietf-oauth-client-id-metadata-document 4.1, 5
 */
export function assertClientIdSupported(
  metadata: { readonly client_id_metadata_document_supported?: boolean | undefined },
  clientId: string,
  clientAuth: Pick<ClientAuth, 'method'>,
): void {
  const field = 'client_id_metadata_document_supported'
  if (metadata[field] === undefined || !clientId.startsWith('https://')) return
  if (metadata[field] === false) {
    throw unsupported(field, 'the client is identified by a URL, which the server does not look up', '5', true, false)
  }
  const fault = findClientIdUrlFault(clientId)
  if (fault !== undefined) {
    throw unsupported('clientId', `the URL that identifies the client must be one ${fault}`, '3', fault, 'another')
  }
  if (!secretMethods.includes(clientAuth.method)) return
  const message = `a client that is identified by a URL has no secret with the server, so it cannot use ${clientAuth.method}`
  throw unsupported('clientAuth', message, '4.1', 'none, private_key_jwt or a TLS certificate', clientAuth.method)
}

/** What the URL lacks: a path, no dot segments, no fragment, no user information (3). */
function findClientIdUrlFault(clientId: string): string | undefined {
  if (typeof clientId !== 'string' || !clientId.startsWith('https://') || !URL.canParse(clientId)) return 'at all'
  const url = new URL(clientId)
  const path = /^https:\/\/[^/?#]*([^?#]*)/.exec(clientId)?.[1] ?? ''
  if (path === '') return 'with a path'
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) return 'without "." and ".." in its path'
  if (clientId.includes('#')) return 'without fragment'
  return url.username !== '' || url.password !== '' ? 'without user name and password' : undefined
}

function unsupported(
  field: string,
  message: string,
  section: string,
  expected: unknown,
  actual: unknown,
): ConfigurationError {
  const clause = `${draft} ${section}`
  return new ConfigurationError('unsupported_by_server', message, { field, clause, expected, actual })
}
