import type { AuthorizationServerMetadata, ProtectedResourceMetadata } from '../../generated/models.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertSwitches } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import { isAsymmetricAlgorithm } from '../lib/signatures/algorithms.ts'
import type { AsymmetricAlgorithm } from '../lib/signatures/types.ts'
import type { ClientAuth } from '../protocol/client-auth.ts'
import { assertScope } from '../protocol/scope.ts'

/** How a resource asks an issuer about its tokens (RFC 7662). */
export interface IntrospectionOptions {
  /** As whom the resource asks. */
  readonly clientId: string
  readonly clientAuth: ClientAuth
  /** Seconds for which an answer may be used again; a revoked token is taken that much longer. @default 0 */
  readonly cacheFor?: number | undefined
  /** Takes tokens whose issuer names no audience at all. @default false */
  readonly allowMissingAudience?: boolean | undefined
  /** As registered (`introspection_signed_response_alg`, RFC 9701): then answers are signed, and no other is taken. @default plain JSON */
  readonly signedResponseAlg?: AsymmetricAlgorithm | undefined
}

/** An issuer whose tokens are taken. */
export interface TrustedIssuer {
  /** Compared exactly, a trailing slash included. */
  readonly issuer: string
  /** Its tokens are asked about, whatever form they have. @default they are JWTs by RFC 9068, and verified here */
  readonly introspection?: IntrospectionOptions | undefined
  /** The issuer's JWK set, not to be changed afterwards. @default fetched from `jwks_uri` */
  readonly jwks?: { readonly keys: readonly object[] } | undefined
  /** Fields that win over discovered ones. */
  readonly metadata?: Partial<AuthorizationServerMetadata> | undefined
  /** What it may sign with. @default every registered asymmetric algorithm that one of its keys is for */
  readonly algorithms?: readonly AsymmetricAlgorithm[] | undefined
}

/** What one request needs beyond a good token; given for a call, it takes the place of the resource's own. */
export interface AccessNeeds {
  /** Space-separated; the token must have all of them. @default none */
  readonly scope?: string | undefined
  /** Authentication contexts, one of which the user's login must have met (RFC 9470). @default any */
  readonly acrValues?: readonly string[] | undefined
  /** Whole seconds that the user's login may lie back (RFC 9470). @default any time */
  readonly maxAge?: number | undefined
}

/** What belongs to one call of `protect`. */
export interface ProtectOptions extends AccessNeeds {
  /** The client's certificate, which your TLS layer has verified: DER bytes or PEM text, empty text for none. @default none */
  readonly certificate?: Uint8Array | string | undefined
}

/** What `createProtectedResource` takes: whose tokens, for whom, and how they must be bound. */
export interface ProtectedResourceOptions extends AccessNeeds {
  /** Whose tokens are taken. A name alone: JWTs by RFC 9068, verified with the keys that its metadata names. */
  readonly issuer: string | TrustedIssuer | readonly (string | TrustedIssuer)[]
  /** The names of this resource, one of which a token's audience must have. */
  readonly audience: string | readonly string[]
  /** Where proofs are remembered, shared by all hosts of the resource. Without it DPoP cannot be taken. */
  readonly replay?: RecordStore | undefined
  /** Whether DPoP-bound tokens are taken, or nothing else. @default 'allowed' with `replay`, else 'off' */
  readonly dpop?: 'off' | 'allowed' | 'required' | undefined
  /** @default ES256, ES384, ES512, Ed25519, EdDSA, PS256, RS256 */
  readonly dpopAlgorithms?: readonly AsymmetricAlgorithm[] | undefined
  /** Asks for a nonce of this server's in every proof. `secret`: 32 bytes or more, `step`: seconds. @default no nonces; a step of 300 */
  readonly dpopNonce?: { readonly secret: Uint8Array<ArrayBuffer>; readonly step?: number | undefined } | undefined
  /** Whether every token must be bound to the client's certificate (RFC 8705). @default 'allowed' */
  readonly mtls?: 'allowed' | 'required' | undefined
  /**
   * Scheme and host as clients know them. Without `resource`, give it where a proxy stands before this server, and
   * wherever nobody checks the Host of a request: whoever may choose it can replay here a proof that was made for a server
   * of their own.
   *
   * @default those of `resource`, at which clients look for its metadata (RFC 9728 3); without one, those of the request
   */
  readonly origin?: string | undefined
  /** The resource identifier (RFC 9728); challenges then say where its metadata is, which `handleMetadata` serves. */
  readonly resource?: string | undefined
  /** Further members of that metadata: `resource_name`, `scopes_supported`, ... */
  readonly metadata?: Partial<ProtectedResourceMetadata> | undefined
  /** For the challenges. @default none */
  readonly realm?: string | undefined
  /** For metadata, keys and introspection. @default the global fetch */
  readonly fetch?: Fetch | undefined
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime | undefined
  /** Milliseconds for each request to an issuer. @default 10000 */
  readonly timeout?: number | undefined
  /** Accepts `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean | undefined
}

export const defaultDpopAlgorithms: readonly AsymmetricAlgorithm[] = [
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
  'PS256',
  'RS256',
]

const needNames = ['scope', 'acrValues', 'maxAge'] as const
const optionNames: readonly (keyof ProtectedResourceOptions)[] = [
  ...needNames,
  'issuer',
  'audience',
  'replay',
  'dpop',
  'dpopAlgorithms',
  'dpopNonce',
  'mtls',
  'origin',
  'resource',
  'metadata',
  'realm',
  'fetch',
  'runtime',
  'timeout',
  'allowLoopbackHttp',
]
const issuerNames: readonly (keyof TrustedIssuer)[] = ['issuer', 'introspection', 'jwks', 'metadata', 'algorithms']
const introspectionNames: readonly (keyof IntrospectionOptions)[] = [
  'clientId',
  'clientAuth',
  'cacheFor',
  'allowMissingAudience',
  'signedResponseAlg',
]

/**
 * Refuses what could not be meant, and above all what would silently protect less than it seems to.
 *
 * @throws TypeError
 */
export function assertResourceOptions(options: ProtectedResourceOptions): void {
  assertKnownOptions('protectResource', options, optionNames)
  assertSwitches('protectResource', options, ['allowLoopbackHttp'])
  assertNumbers('protectResource', options, ['timeout'])
  const { audience, dpop, dpopNonce, replay, mtls, origin, dpopAlgorithms, realm, resource, metadata } = options
  const audiences = listOf(audience)
  demand(audiences.length > 0 && audiences.every(isText), 'audience', 'the name of this resource, or several')
  demand(dpop === undefined || ['off', 'allowed', 'required'].includes(dpop), 'dpop', "'off', 'allowed' or 'required'")
  demand(mtls === undefined || ['allowed', 'required'].includes(mtls), 'mtls', "'allowed' or 'required'")
  // RFC 9449 11.1: without single use a proof that was overheard works again.
  const takesDpop = dpop === 'allowed' || dpop === 'required'
  demand(!takesDpop || replay !== undefined, 'replay', 'a RecordStore, without which DPoP cannot be taken')
  demand(!dpopNonce || replay !== undefined, 'replay', 'a RecordStore, since dpopNonce is given')
  demand(dpop !== 'off' || !dpopNonce, 'dpopNonce', 'none where dpop is off')
  demand(replay === undefined || typeof replay.commit === 'function', 'replay', 'a RecordStore')
  if (dpopNonce) assertKnownOptions('dpopNonce', dpopNonce, ['secret', 'step'])
  demand(realm === undefined || isPrintable(realm), 'realm', 'printable ASCII, which a header field can hold')
  demand(metadata === undefined || resource !== undefined, 'resource', 'the identifier that the metadata is about')
  const algorithms = dpopAlgorithms ?? defaultDpopAlgorithms
  demand(algorithms.length > 0 && algorithms.every(isAsymmetricAlgorithm), 'dpopAlgorithms', 'asymmetric algorithms')
  const bare = origin === undefined || (URL.canParse(origin) && new URL(origin).origin === origin.replace(/\/$/, ''))
  demand(bare, 'origin', 'scheme and host alone, like https://api.example')
  assertIssuers(options)
  assertNeeds(options)
}

/** @throws TypeError */
export function assertProtectOptions(options: ProtectOptions): void {
  assertKnownOptions('protect', options, [...needNames, 'certificate'])
  assertNeeds(options)
}

/** The issuers, each with all that is said of it. */
export function trustedIssuers({ issuer }: ProtectedResourceOptions): readonly TrustedIssuer[] {
  return listOf(issuer).map((one) => (typeof one === 'string' ? { issuer: one } : one))
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

function assertIssuers(options: ProtectedResourceOptions): void {
  const issuers = trustedIssuers(options)
  demand(issuers.length > 0, 'issuer', 'an issuer, or several')
  for (const one of issuers) {
    demand(typeof one === 'object' && one !== null && isText(one.issuer), 'issuer', 'an issuer identifier')
    assertKnownOptions('issuer', one, issuerNames)
    demand(one.algorithms?.every(isAsymmetricAlgorithm) ?? true, 'algorithms', 'asymmetric algorithms')
    if (one.introspection) assertIntrospection(one.introspection)
  }
  const names = new Set(issuers.map((one) => one.issuer))
  demand(names.size === issuers.length, 'issuer', 'each issuer once')
  // An opaque token does not say whose it is; asking one issuer about another's token would give it away.
  const asked = issuers.filter((one) => one.introspection).length
  demand(asked <= 1, 'issuer', 'at most one issuer with introspection, since opaque tokens do not say whose they are')
}

function assertIntrospection(options: IntrospectionOptions): void {
  assertKnownOptions('introspection', options, introspectionNames)
  assertSwitches('introspection', options, ['allowMissingAudience'])
  const { clientId, clientAuth, cacheFor, signedResponseAlg: alg } = options
  demand(isText(clientId), 'introspection.clientId', 'a non-empty string')
  const authenticates = typeof clientAuth?.authenticate === 'function'
  // RFC 7662 2.1: the endpoint must require authorization, or anybody could scan for tokens.
  demand(authenticates && clientAuth.method !== 'none', 'introspection.clientAuth', 'client authentication, not none()')
  demand(alg === undefined || isAsymmetricAlgorithm(alg), 'introspection.signedResponseAlg', 'an asymmetric algorithm')
  demand(cacheFor === undefined || isSeconds(cacheFor), 'introspection.cacheFor', 'seconds, a number of at least 0')
}

function assertNeeds({ scope, acrValues, maxAge }: AccessNeeds): void {
  if (scope !== undefined) assertScope(scope)
  // A typo that leaves the list empty would refuse everybody; a value with a space would be two in the challenge.
  const fits = Array.isArray(acrValues) && acrValues.length > 0 && acrValues.every((one) => /^[\x21-\x7e]+$/.test(one))
  demand(acrValues === undefined || fits, 'acrValues', 'a list of at least one, without spaces')
  // RFC 9470 3: "a non-negative integer value".
  const isWhole = Number.isSafeInteger(maxAge) && maxAge! >= 0
  demand(maxAge === undefined || isWhole, 'maxAge', 'whole seconds, at least 0')
}

function demand(holds: boolean, name: string, expected: string): void {
  if (!holds) throw new TypeError(`${name}: expected ${expected}`)
}

function isPrintable(value: unknown): boolean {
  return typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
