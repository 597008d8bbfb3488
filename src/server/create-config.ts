import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import { createDpopNonceClock } from '../protocol/dpop-nonce-clock.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { isScope } from '../protocol/scope.ts'
import { isLoopbackHost } from '../protocol/url-rules.ts'
import type { DpopSettings, TokenEndpointConfig, TokenEndpointPolicies } from './config.ts'
import { createDocumentCache } from './documents.ts'

import type { SupportedGrant } from './grant-types.ts'
import {
  cibaGrant,
  defaultGrants,
  isSupportedGrant,
  jwtBearerGrant,
  storedGrants,
  supportedGrants,
} from './grant-types.ts'
import { guardStore } from './guard-store.ts'
import { type Lifetimes, resolveLifetimes } from './lifetimes.ts'
import { createSeal } from './secrets.ts'
import { type ServerKeys, serverAlgorithms } from './server-keys.ts'

export interface TokenEndpointOptions extends TokenEndpointPolicies {
  /** The issuer identifier: https, without query and fragment (RFC 8414 2). */
  readonly issuer: string
  /** From `createServerKeys`. */
  readonly keys: ServerKeys
  /** Where codes, families, replay guards and the rest are kept. Required by every grant that keeps state, and by DPoP. */
  readonly store?: RecordStore
  /**
   * Says that the store is a cluster that commits only within one partition: then what a request uses up (`jti`s)
   * is claimed just before the grant's own commit, instead of in it. @default false
   */
  readonly clustered?: boolean
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime
  /** @default authorization_code, refresh_token, client_credentials, token-exchange */
  readonly grants?: readonly SupportedGrant[]
  /** The audience of tokens for which no resource was asked. @default the issuer */
  readonly audience?: string
  /** Resources that every client may ask for. @default none */
  readonly resources?: readonly string[]
  /** Scopes that there are; a request for another is invalid_scope. @default any */
  readonly scopes?: readonly string[]
  /** Types of authorization details that are known here (RFC 9396). @default none */
  readonly authorizationDetailsTypes?: readonly string[]
  /** @default JWTs (RFC 9068) by the first key's algorithm */
  readonly accessTokens?: { readonly format?: 'jwt' | 'opaque'; readonly alg?: string }
  readonly refreshTokens?: RefreshTokenOptions
  /** `false` switches it off: a proof is then ignored. @default on, nonce not required */
  readonly dpop?: false | DpopOptions
  /** Whether client certificates bind tokens and authenticate clients. @default false */
  readonly mtls?: boolean
  /** @default true */
  readonly pkceRequired?: boolean
  /** Whether an OpenID request must have a `nonce`. @default false */
  readonly nonceRequired?: boolean
  /** Whether authorization requests must be pushed. @default false */
  readonly parRequired?: boolean
  /** `iss` in authorization responses (RFC 9207). @default true */
  readonly issInResponses?: boolean
  /** Off only for a server on a loopback address. @default true */
  readonly httpsRequired?: boolean
  /** Dynamic registration (RFC 7591). @default false */
  readonly registration?: boolean
  /** Clients whose id is the URL of their metadata. @default false */
  readonly clientMetadataDocuments?: boolean
  /** The `claims` parameter (OIDC Core 5.5). @default false */
  readonly claimsParameter?: boolean
  /** Of the Basic challenge. @default 'OAuth' */
  readonly realm?: string
  readonly lifetimes?: Partial<Lifetimes>
}

export interface RefreshTokenOptions {
  /** Whether there are any. @default whether the grant refresh_token is enabled */
  readonly enabled?: boolean
  /** Seconds in which a retry gets the same successor. @default 60 with a `sealKey`, else 0 */
  readonly grace?: number
  /** Seals successors for the grace: at least 32 bytes, the same on every host. */
  readonly sealKey?: Uint8Array<ArrayBuffer>
}

export interface DpopOptions {
  /** Whether every client must use DPoP. @default false */
  readonly required?: boolean
  /** Makes nonces: at least 32 bytes, the same on every host. @default no nonces */
  readonly nonceSecret?: Uint8Array<ArrayBuffer>
  /** @default false */
  readonly requireNonce?: boolean
  /** @default every registered asymmetric algorithm that this library knows */
  readonly algorithms?: readonly string[]
}

const requiredFields = ['issuer', 'keys', 'loadClient', 'verifyClientSecret', 'loadPrincipal'] as const
const callbacks = [
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
] as const satisfies readonly (keyof TokenEndpointPolicies)[]
const switches = {
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
} as const
const values = ['issuer', 'keys', 'store', 'runtime', 'grants', 'audience', 'resources', 'scopes', 'accessTokens']
const groups = ['authorizationDetailsTypes', 'refreshTokens', 'dpop', 'realm', 'lifetimes']
const leastSecretBytes = 32
const proofAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
]

/**
 * Checks a token endpoint's whole configuration at start: what would fail at a request refuses to start.
 *
 * @throws TypeError that names the field
 * @example
 * const config = createTokenEndpointConfig({
 *   issuer: 'https://issuer.example',
 *   keys: await createServerKeys([privateJwk]),
 *   store: createMemoryStore(),
 *   loadClient: (id) => clients.get(id),
 *   verifyClientSecret: (client, secret) => secrets.matches(client.clientId, secret),
 *   loadPrincipal: (subject) => users.get(subject),
 * })
 */
export function createTokenEndpointConfig(options: TokenEndpointOptions): TokenEndpointConfig {
  assertFields(options)
  const httpsRequired = options.httpsRequired ?? true
  assertIssuer(options.issuer, httpsRequired)
  assertCallbacks(options)
  assertKeys(options)
  const runtime = options.runtime ?? systemRuntime
  const lifetimes = resolveLifetimes(options.lifetimes)
  const grants = resolveGrants(options)
  const dpop = resolveDpop(options, lifetimes, runtime)
  assertStores(options, grants, dpop)
  const policies = Object.fromEntries(callbacks.filter((name) => options[name]).map((name) => [name, options[name]]))
  return Object.freeze({
    ...(policies as unknown as TokenEndpointPolicies),
    ...resolveSwitches(options),
    issuer: options.issuer,
    keys: options.keys,
    runtime,
    store: options.store && guardStore(options.store),
    grants,
    audience: resolveAudience(options.audience, options.issuer),
    resources: resolveResources(options.resources),
    scopes: resolveScopes(options.scopes),
    authorizationDetailsTypes: resolveTypes(options.authorizationDetailsTypes),
    accessTokens: resolveAccessTokens(options),
    refreshTokens: resolveRefreshTokens(options.refreshTokens, grants, runtime),
    dpop,
    realm: resolveRealm(options.realm),
    lifetimes,
    documents: createDocumentCache(options.fetchDocument, lifetimes.jwksCache, runtime),
  })
}

function assertFields(options: TokenEndpointOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object')
  const known = [...values, ...groups, ...callbacks, ...Object.keys(switches)]
  assertKnownOptions('createTokenEndpointConfig', options, known)
  const absent = requiredFields.find((field) => options[field] === undefined)
  if (absent !== undefined) throw new TypeError(`${absent}: required`)
}

function assertIssuer(issuer: unknown, httpsRequired: boolean): void {
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

function assertCallbacks(options: TokenEndpointOptions): void {
  for (const name of callbacks) {
    if (options[name] !== undefined && typeof options[name] !== 'function') {
      throw new TypeError(`${name}: expected a function`)
    }
  }
  if (options.clientMetadataDocuments && !options.fetchDocument) {
    throw new TypeError('fetchDocument: required by "clientMetadataDocuments"')
  }
}

function assertKeys({ keys }: TokenEndpointOptions): void {
  if (typeof keys !== 'object' || typeof keys.signingKey !== 'function' || typeof keys.jwks !== 'function') {
    throw new TypeError('keys: expected what createServerKeys made')
  }
  if (!keys.signingKey()) throw new TypeError('keys: expected at least one signing key')
}

function resolveGrants(options: TokenEndpointOptions): readonly SupportedGrant[] {
  const grants = options.grants ?? defaultGrants
  if (!Array.isArray(grants) || grants.length === 0) throw new TypeError('grants: expected a list of grant types')
  for (const grant of grants) {
    if (!isSupportedGrant(grant)) throw new TypeError(`grants: expected some of ${supportedGrants.join(', ')}`)
  }
  if (grants.includes(jwtBearerGrant) && !options.loadAssertionIssuer) {
    throw new TypeError('loadAssertionIssuer: required by the grant jwt-bearer')
  }
  if (grants.includes(cibaGrant) && !options.resolveLoginHint) {
    throw new TypeError('resolveLoginHint: required by the grant CIBA')
  }
  return Object.freeze([...new Set(grants)])
}

function resolveDpop(
  { dpop = {} }: TokenEndpointOptions,
  lifetimes: Lifetimes,
  runtime: Runtime,
): DpopSettings | false {
  if (dpop === false) return false
  assertKnownOptions('dpop', dpop, ['required', 'nonceSecret', 'requireNonce', 'algorithms'])
  const { nonceSecret, requireNonce = false } = dpop
  assertSecret('dpop.nonceSecret', nonceSecret)
  if (requireNonce && !nonceSecret) throw new TypeError('dpop.nonceSecret: required by "dpop.requireNonce"')
  const algorithms = dpop.algorithms ?? proofAlgorithms
  if (algorithms.length === 0 || !algorithms.every(isAsymmetricAlgorithm)) {
    throw new TypeError('dpop.algorithms: expected registered asymmetric JWS algorithms')
  }
  const nonces = nonceSecret && createDpopNonceClock(nonceSecret, lifetimes.dpopNonce, runtime)
  return Object.freeze({ required: dpop.required ?? false, requireNonce, nonces, algorithms })
}

function assertSecret(field: string, secret: Uint8Array | undefined): void {
  if (secret === undefined) return
  if (!(secret instanceof Uint8Array) || secret.length < leastSecretBytes) {
    throw new TypeError(`${field}: expected at least ${leastSecretBytes} bytes`)
  }
}

function assertStores(
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

function resolveSwitches(options: TokenEndpointOptions): Record<keyof typeof switches, boolean> {
  const resolved: Record<string, boolean> = {}
  for (const [name, byDefault] of Object.entries(switches) as [keyof typeof switches, boolean][]) {
    const value = options[name] ?? byDefault
    if (typeof value !== 'boolean') throw new TypeError(`${name}: expected true or false`)
    resolved[name] = value
  }
  return resolved as Record<keyof typeof switches, boolean>
}

function resolveAudience(audience: string | undefined, issuer: string): string {
  if (audience === undefined) return issuer
  if (typeof audience !== 'string' || audience === '') throw new TypeError('audience: expected a non-empty string')
  return audience
}

function resolveResources(resources: readonly string[] | undefined): readonly string[] {
  try {
    return Object.freeze(normaliseResources(resources) ?? [])
  } catch (cause) {
    throw new TypeError('resources: expected absolute URIs without fragment (RFC 8707 2)', { cause })
  }
}

function resolveScopes(scopes: readonly string[] | undefined): readonly string[] | undefined {
  if (scopes === undefined) return undefined
  const fits = Array.isArray(scopes) && scopes.every((scope) => scope !== '' && !scope.includes(' ') && isScope(scope))
  if (!fits) throw new TypeError('scopes: expected a list of scope tokens (RFC 6749 A.4)')
  return Object.freeze([...new Set(scopes)])
}

function resolveTypes(types: readonly string[] = []): readonly string[] {
  const fits = Array.isArray(types) && types.every((type) => typeof type === 'string' && type !== '')
  if (!fits) throw new TypeError('authorizationDetailsTypes: expected a list of non-empty strings')
  return Object.freeze([...types])
}

function resolveAccessTokens({ accessTokens = {}, keys }: TokenEndpointOptions): TokenEndpointConfig['accessTokens'] {
  assertKnownOptions('accessTokens', accessTokens, ['format', 'alg'])
  const { format = 'jwt', alg } = accessTokens
  if (format !== 'jwt' && format !== 'opaque') throw new TypeError('accessTokens.format: expected "jwt" or "opaque"')
  if (alg !== undefined && !(serverAlgorithms as readonly string[]).includes(alg)) {
    throw new TypeError(`accessTokens.alg: expected one of ${serverAlgorithms.join(', ')}`)
  }
  if (alg !== undefined && !keys.signingKey(alg)) throw new TypeError(`accessTokens.alg: no key for ${alg}`)
  return Object.freeze({ format, alg })
}

function resolveRefreshTokens(
  options: RefreshTokenOptions = {},
  grants: readonly SupportedGrant[],
  runtime: Runtime,
): TokenEndpointConfig['refreshTokens'] {
  assertKnownOptions('refreshTokens', options, ['enabled', 'grace', 'sealKey'])
  const { sealKey } = options
  assertSecret('refreshTokens.sealKey', sealKey)
  const grace = options.grace ?? (sealKey ? 60 : 0)
  if (!Number.isSafeInteger(grace) || grace < 0) {
    throw new TypeError('refreshTokens.grace: expected a number of whole seconds')
  }
  if (grace > 0 && !sealKey) throw new TypeError('refreshTokens.sealKey: required by "refreshTokens.grace"')
  const enabled = options.enabled ?? grants.includes('refresh_token')
  if (enabled && !grants.includes('refresh_token')) {
    throw new TypeError('refreshTokens.enabled: the grant refresh_token is not enabled')
  }
  return Object.freeze({ enabled, grace, seal: sealKey && createSeal(sealKey, runtime) })
}

function resolveRealm(realm = 'OAuth'): string {
  // It stands in a quoted string of a header field.
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(realm))
    throw new TypeError('realm: expected printable ASCII without quotes')
  return realm
}
