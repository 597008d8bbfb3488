import { assertKnownOptions } from '../lib/options.ts'
import { isLoopbackHost } from '../protocol/url-rules.ts'
import type { DpopSettings, TokenEndpointPolicies } from './config.ts'
import { type SupportedGrant, storedGrants } from './grant-types.ts'
import type { TokenEndpointOptions } from './options.ts'

const requiredFields = ['issuer', 'keys', 'loadClient', 'verifyClientSecret', 'loadPrincipal'] as const
/** The callbacks of the host. */
export const callbacks: readonly (keyof TokenEndpointPolicies)[] = [
  'loadClient',
  'verifyClientSecret',
  'loadPrincipal',
  'clientId',
  'isPublicClient',
  'isNativeClient',
  'clientGrantTypes',
  'clientRequiresDpop',
  'clientRequiresMtls',
  'authorizeScope',
  'clientResources',
  'issueRefreshToken',
  'buildPrincipal',
  'buildIdTokenClaims',
  'resolveSubject',
  'loadClientSecret',
  'authorizeDetails',
  'authorizeIntrospection',
  'authorizeRegistration',
  'loadAssertionIssuer',
  'resolveLoginHint',
  'fetchDocument',
]
export type SwitchName =
  | 'clustered'
  | 'mtls'
  | 'pkceRequired'
  | 'nonceRequired'
  | 'parRequired'
  | 'issInResponses'
  | 'httpsRequired'
  | 'registration'
  | 'clientMetadataDocuments'
  | 'claimsParameter'

/** What is on or off, with its default. */
export const switches: Readonly<Record<SwitchName, boolean>> = {
  clustered: false,
  mtls: false,
  pkceRequired: true,
  nonceRequired: false,
  parRequired: false,
  issInResponses: true,
  httpsRequired: true,
  registration: false,
  clientMetadataDocuments: false,
  claimsParameter: false,
}
const values = ['issuer', 'keys', 'store', 'runtime', 'grants', 'audience', 'resources', 'scopes', 'accessTokens']
const groups = ['authorizationDetailsTypes', 'refreshTokens', 'dpop', 'realm', 'lifetimes']

export function assertFields(options: TokenEndpointOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object')
  const known = [...values, ...groups, ...callbacks, ...Object.keys(switches)]
  assertKnownOptions('createTokenEndpointConfig', options, known)
  const absent = requiredFields.find((field) => options[field] === undefined)
  if (absent !== undefined) throw new TypeError(`${absent}: required`)
}

export function assertIssuer(issuer: unknown, httpsRequired: boolean): void {
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) throw new TypeError('issuer: expected a URL')
  const url = new URL(issuer)
  // RFC 8414 2: https, no query, no fragment.
  if (/[?#\s]/.test(issuer) || url.username !== '' || url.password !== '') {
    throw new TypeError('issuer: expected a URL without query, fragment and user information (RFC 8414 2)')
  }
  if (url.protocol === 'https:') return
  const isLoopback = url.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (httpsRequired || !isLoopback) {
    throw new TypeError('issuer: expected https; http only on a loopback address with "httpsRequired: false"')
  }
}

export function assertCallbacks(options: TokenEndpointOptions): void {
  for (const name of callbacks) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw new TypeError(`${name}: expected a function`)
    }
  }
  if (options.clientMetadataDocuments && !options.fetchDocument) {
    throw new TypeError('fetchDocument: required by "clientMetadataDocuments"')
  }
}

export function assertKeys({ keys }: TokenEndpointOptions): void {
  if (typeof keys !== 'object' || typeof keys.signingKey !== 'function' || typeof keys.jwks !== 'function') {
    throw new TypeError('keys: expected what createServerKeys made')
  }
  if (!keys.signingKey()) throw new TypeError('keys: expected at least one signing key')
}

export function assertStores(
  options: TokenEndpointOptions,
  grants: readonly SupportedGrant[],
  dpop: DpopSettings | false,
): void {
  const { store } = options
  if (store !== undefined) {
    const isStore = (['get', 'find', 'commit', 'sweep'] as const).every((name) => typeof store[name] === 'function')
    if (!isStore) throw new TypeError('store: expected a RecordStore')
    return
  }
  const needy = grants.find((grant) => storedGrants.includes(grant))
  if (needy !== undefined) throw new TypeError(`store: required by the grant ${needy}`)
  if (dpop !== false) throw new TypeError('store: required by "dpop", whose proofs are good for one use')
  const feature = (['registration', 'parRequired'] as const).find((name) => options[name])
  if (feature !== undefined) throw new TypeError(`store: required by "${feature}"`)
  if (options.accessTokens?.format === 'opaque') throw new TypeError('store: required by opaque access tokens')
}
