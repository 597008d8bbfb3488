import { AtprotoError } from '../../errors/atproto.ts'
import { jsonType, printable } from '../../lib/printable.ts'
import { isAsymmetricAlgorithm } from '../../lib/signatures/algorithms.ts'
import { findVerificationKeyFault } from '../../lib/signatures/key-rules.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import type { ClientMetadataDocument } from '../../protocol/client-metadata-document.ts'
import { hasScope, isScope } from '../../protocol/scope.ts'
import { findClientIdFault, isLoopbackRedirect } from './client-id.ts'

type Document = Readonly<Record<string, unknown>>

/** One rule of the document: what is expected of the field where it is broken. */
type Rule = (document: Document) => string | undefined

/**
 * Holds a client's metadata document, of one's own or another's, against the rules of the AT Protocol.
 *
 * @param clientId the URL that it was fetched from
 * @throws AtprotoError `invalid_client_metadata`, which names the first field that is wrong
 * @see AT Protocol OAuth, "Client ID Metadata Document"; draft-ietf-oauth-client-id-metadata-document 4.1
 */
export function validateClientMetadata(body: unknown, clientId: string): ClientMetadataDocument {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('document', 'a JSON object', body)
  const document = body as Document
  const fault = findClientIdFault(clientId)
  if (fault !== undefined) throw wrong('client_id', fault, clientId)
  if (document.client_id !== clientId)
    throw wrong('client_id', `${clientId}, where the document is`, document.client_id)
  for (const [field, rule] of rules) {
    const expected = rule(document)
    if (expected !== undefined) throw wrong(field, expected, document[field])
  }
  return Object.freeze({ ...document }) as unknown as ClientMetadataDocument
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
const isConfidential = ({ token_endpoint_auth_method: method }: Document) => method === 'private_key_jwt'

const rules: readonly (readonly [field: string, rule: Rule])[] = [
  [
    'application_type',
    ({ application_type: type = 'web' }) => (type === 'web' || type === 'native' ? undefined : 'web or native'),
  ],
  ['grant_types', ({ grant_types: types }) => grantTypesFault(types)],
  [
    'response_types',
    ({ response_types: types }) => (isTexts(types) && types.includes('code') ? undefined : 'a list with code'),
  ],
  [
    'scope',
    ({ scope }) =>
      typeof scope === 'string' && isScope(scope) && hasScope(scope, 'atproto') ? undefined : 'scopes with atproto',
  ],
  ['redirect_uris', redirectUrisFault],
  ['dpop_bound_access_tokens', ({ dpop_bound_access_tokens: bound }) => (bound === true ? undefined : 'true')],
  [
    'token_endpoint_auth_method',
    ({ token_endpoint_auth_method: method }) =>
      [undefined, 'none', 'private_key_jwt'].includes(method as string | undefined)
        ? undefined
        : 'none or private_key_jwt',
  ],
  [
    'token_endpoint_auth_signing_alg',
    ({ token_endpoint_auth_signing_alg: alg, ...document }) =>
      (alg === undefined && !isConfidential(document)) || isAsymmetricAlgorithm(alg)
        ? undefined
        : 'an asymmetric algorithm, ES256 best of all',
  ],
  [
    'client_secret',
    ({ client_secret: secret }) => (secret === undefined ? undefined : 'no secret: everybody can read the document'),
  ],
  ['jwks', jwksFault],
  ['jwks_uri', ({ jwks_uri: uri }) => (uri === undefined || isHttps(uri) ? undefined : 'an https URL')],
  ['client_uri', clientUriFault],
  ...['logo_uri', 'tos_uri', 'policy_uri'].map(
    (field) =>
      [
        field,
        (document: Document) =>
          document[field] === undefined || isHttps(document[field]) ? undefined : 'an https URL',
      ] as const,
  ),
  [
    'client_name',
    ({ client_name: name }) => (name === undefined || (typeof name === 'string' && name !== '') ? undefined : 'a name'),
  ],
]

function grantTypesFault(types: unknown): string | undefined {
  const known = ['authorization_code', 'refresh_token']
  const fits = isTexts(types) && types.includes('authorization_code') && types.every((type) => known.includes(type))
  return fits ? undefined : 'authorization_code, and refresh_token if need be'
}

function redirectUrisFault({
  redirect_uris: uris,
  application_type: type,
  client_id: clientId,
}: Document): string | undefined {
  if (!isTexts(uris) || uris.length === 0) return 'a list of at least one URI'
  const isNative = type === 'native'
  const { hostname, origin } = new URL(clientId as string)
  const scheme = `${hostname.split('.').toReversed().join('.')}:`
  const fits = (uri: string) => {
    if (uri.includes('#') || /[\s\\]/.test(uri) || !URL.canParse(uri)) return false
    const url = new URL(uri)
    if (url.username !== '' || url.password !== '') return false
    if (url.protocol === 'https:') return !isNative || url.origin === origin
    if (!isNative) return false
    // RFC 8252 7.1: the domain in reverse, and one slash alone, so that there is no authority.
    return isLoopbackRedirect(uri) || (url.protocol === scheme && /^[^:]+:\/(?!\/)/.test(uri))
  }
  if (uris.every(fits)) return undefined
  return isNative
    ? `URIs of ${origin}, of the scheme ${scheme}/, or at http://127.0.0.1 and http://[::1]`
    : 'https URLs'
}

function jwksFault({ jwks, jwks_uri: uri, token_endpoint_auth_method: method }: Document): string | undefined {
  if (method === 'private_key_jwt' && (jwks === undefined) === (uri === undefined))
    return 'exactly one of jwks and jwks_uri'
  if (jwks === undefined) return undefined
  const keys = typeof jwks === 'object' && jwks !== null ? (jwks as { keys?: unknown }).keys : undefined
  if (!Array.isArray(keys) || keys.length === 0) return 'a set of at least one key'
  const isUsable = (key: unknown) => {
    if (typeof key !== 'object' || key === null || typeof (key as Jwk).kid !== 'string') return false
    // RFC 7517 9.2: whoever publishes a private key has lost it, whatever it is for.
    if (Object.hasOwn(key, 'd') || Object.hasOwn(key, 'k')) return false
    return (key as Jwk).crv !== 'P-256' || findVerificationKeyFault(key as Jwk, 'ES256') === undefined
  }
  return keys.every(isUsable) ? undefined : 'public keys, each with a kid'
}

function clientUriFault({ client_uri: uri, client_id: clientId }: Document): string | undefined {
  if (uri === undefined) return undefined
  // A link to somebody else's site would borrow its name.
  if (isHttps(uri) && new URL(uri).hostname === new URL(clientId as string).hostname) return undefined
  return 'an https URL of the same host as client_id'
}

function isHttps(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('https://') && URL.canParse(value)
}

function wrong(field: string, expected: string, value: unknown): AtprotoError {
  // A key set or a secret is not repeated.
  const isText = typeof value === 'string' && field !== 'client_secret'
  const actual = isText
    ? printable(value)
    : Array.isArray(value) && isTexts(value)
      ? printable(value.join(' '))
      : jsonType(value)
  return new AtprotoError('invalid_client_metadata', `client metadata: "${field}" is ${actual}; expected ${expected}`, {
    clause: 'AT Protocol OAuth, "Client ID Metadata Document"',
    expected,
    actual,
  })
}
