import { assertKnownOptions, assertOptions } from '../../lib/options.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { buildClientMetadataDocument, type ClientMetadataDocument } from '../../protocol/client-metadata-document.ts'
import type { AtprotoKey } from '../atproto-client-types.ts'
import type { Permission } from '../permissions/permission-types.ts'
import { withAtproto } from '../permissions/scopes.ts'
import { findClientIdFault } from './client-id.ts'
import { createClientKeys } from './client-keys.ts'
import { validateClientMetadata } from './validate-client-metadata.ts'

/** What `createClientMetadata` makes a client's document of. */
export interface ClientMetadataOptions {
  /** The URL that the document will be at; for a loopback client what `createLoopbackClientId` gives. */
  readonly clientId: string
  readonly redirectUri: string
  /** @default [] */
  readonly extraRedirectUris?: readonly string[]
  /** @default 'web'; 'native' for a loopback client */
  readonly applicationType?: 'web' | 'native'
  /** @default authorization_code and refresh_token */
  readonly grantTypes?: readonly ('authorization_code' | 'refresh_token')[]
  /** `atproto` is put before them where it is missing. @default ['atproto'] */
  readonly scopes?: readonly (string | Permission)[]
  /** The client's keys; without any it is a public client. */
  readonly keys?: readonly AtprotoKey[]
  /** Public keys, where the private ones are elsewhere. */
  readonly jwks?: { readonly keys: readonly Jwk[] }
  /** Where the public keys are, in place of the document. */
  readonly jwksUri?: string
  /** For people: `client_name`, `client_uri`, `logo_uri`, `tos_uri`, `policy_uri`. */
  readonly about?: Readonly<Record<string, string>>
}

const optionNames = [
  ...['clientId', 'redirectUri', 'extraRedirectUris', 'applicationType', 'grantTypes', 'scopes'],
  ...['keys', 'jwks', 'jwksUri', 'about'],
]
const aboutNames = ['client_name', 'client_uri', 'logo_uri', 'tos_uri', 'policy_uri']

/**
 * The document that a client publishes at its `client_id`. What comes is held against the rules that servers hold it
 * against, so a document that no server takes is not made.
 *
 * @throws TypeError for options that contradict each other; AtprotoError `invalid_client_metadata`, `missing_kid`,
 * `invalid_permission`; ConfigurationError `unusable_key`
 * @see AT Protocol OAuth, "Client ID Metadata Document"
 */
export function createClientMetadata(options: ClientMetadataOptions): ClientMetadataDocument {
  const name = 'createClientMetadata'
  assertOptions(name, options)
  assertKnownOptions(name, options, optionNames)
  assertKnownOptions(`${name}: "about"`, options.about ?? {}, aboutNames)
  const { clientId, redirectUri, extraRedirectUris = [], scopes = [], about } = options
  const isLoopback = findClientIdFault(clientId) !== undefined && clientId.startsWith('http://localhost')
  const metadata = {
    application_type: options.applicationType ?? (isLoopback ? 'native' : 'web'),
    redirect_uris: [redirectUri, ...extraRedirectUris],
    grant_types: options.grantTypes ?? ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: withAtproto(scopes).join(' '),
    ...authentication(options, isLoopback),
    dpop_bound_access_tokens: true,
    ...about,
  }
  if (isLoopback) return { client_id: clientId, ...metadata }
  const document = buildClientMetadataDocument(clientId, metadata)
  validateClientMetadata(document, clientId)
  return document
}

function authentication({ keys = [], jwks, jwksUri }: ClientMetadataOptions, isLoopback: boolean) {
  const [first, ...rest] = keys
  if (isLoopback) return { token_endpoint_auth_method: 'none' }
  if ([first, jwks, jwksUri].filter((given) => given !== undefined).length === 0) {
    return { token_endpoint_auth_method: 'none' }
  }
  if (jwks && jwksUri !== undefined) throw new TypeError('createClientMetadata: give "jwks" or "jwksUri", not both')
  const published =
    jwksUri === undefined ? { jwks: jwks ?? createClientKeys([first!, ...rest]).jwks } : { jwks_uri: jwksUri }
  return { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', ...published }
}
