import { digest } from '#signatures'
import { AtprotoError, type AtprotoErrorCode } from '../../errors/atproto.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import { assertKnownOptions, assertNumbers } from '../../lib/options.ts'
import { jsonType, printable } from '../../lib/printable.ts'
import { reachStore } from '../../lib/reach-store.ts'
import { type RecordStore, recordKey } from '../../lib/record-store.ts'
import { epochSeconds, type Runtime, systemRuntime } from '../../lib/runtime.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { isNumericDate, type Jwt, readJwt } from '../../protocol/jwt.ts'
import { type AccountAlgorithm, verifyAccountSignature } from '../identity/account-signature.ts'
import type { IdentityResolver } from '../identity/identity-types.ts'
import { isNsid } from '../nsid.ts'
import { parseServiceIdentifier, type ServiceIdentifier } from './service-identifier.ts'

/** Which service tokens must be made out to, and how long they are remembered. */
export interface ServiceAuthVerifierOptions {
  /** The DID of this service, as senders write it: with `#service`, without, or both. */
  readonly audience: string | readonly string[]
  /** Finds the issuers' keys: `client.identity`. */
  readonly identity: Pick<IdentityResolver, 'resolveDid'>
  /** Takes a token that is bound to no method. @default false */
  readonly allowMissingLxm?: boolean
  /** Service identifiers that `iss` may end with: `atproto_labeler`. @default none; an account speaks for itself */
  readonly issuerServices?: readonly string[]
  /** Where it is remembered which tokens were used. @default a memory store: one process */
  readonly replayStore?: RecordStore
  /** Seconds by which the clocks may differ. @default 30 */
  readonly tolerance?: number
  /**
   * Seconds that a token may still be good for: for as long it is remembered that it was used.
   *
   * @default 3600, the most that com.atproto.server.getServiceAuth gives
   */
  readonly maxLifetime?: number
  readonly runtime?: Runtime
}

/** A token that was good, once. */
export interface VerifiedServiceToken {
  /** The account that the request is made for. */
  readonly did: string
  /** Of its services the one that sends, where the token names one. */
  readonly service: string | undefined
  readonly aud: string
  readonly lxm: string | undefined
  /** Seconds since the epoch. */
  readonly exp: number
  readonly jti: string
}

/** Judges the tokens that other services send. */
export interface ServiceAuthVerifier {
  /**
   * @param lxm the method that is called
   * @throws AtprotoError `invalid_jwt`, `aud_mismatch`, `lxm_mismatch`, `lxm_not_configured`, `future_iat`, `expired`,
   * `replayed_token`, and what the resolver throws for the issuer
   */
  verify(
    token: string,
    options?: { readonly lxm?: string; readonly signal?: AbortSignal },
  ): Promise<VerifiedServiceToken>
  /** The Bearer token of a request to `/xrpc/{nsid}`, which must be for that method. Throws as `verify` does. */
  verifyRequest(request: Request): Promise<VerifiedServiceToken>
}

const name = 'createServiceAuthVerifier'
const clause = 'AT Protocol XRPC, Inter-Service Authentication'
/** Seconds for which a token is remembered beyond its end: clocks of hosts differ. */
const margin = 60
/** Of services whose key in the DID document has another name than the account's own. */
const keysOfServices: Readonly<Record<string, string>> = { atproto_labeler: 'atproto_label' }
/** The curve of a key says what it signs with. */
const algorithms: Readonly<Record<string, string>> = { 'P-256': 'ES256', secp256k1: 'ES256K' }

interface Settings {
  readonly audience: readonly string[]
  readonly identity: Pick<IdentityResolver, 'resolveDid'>
  readonly allowMissingLxm: boolean
  readonly issuerServices: readonly string[]
  readonly replayStore: RecordStore
  readonly tolerance: number
  readonly maxLifetime: number
  readonly runtime: Runtime
}

/** @throws TypeError for an option that is missing, unknown or of the wrong form */
export function createServiceAuthVerifierOver(
  options: ServiceAuthVerifierOptions & { readonly replayStore: RecordStore },
): ServiceAuthVerifier {
  const settings = normalise(options)
  return {
    async verify(token, wishes = {}) {
      assertKnownOptions('verify', wishes, ['lxm', 'signal'])
      return await verifyServiceToken(settings, token, wishes.lxm, wishes.signal)
    },
    async verifyRequest(request) {
      const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
      if (token === undefined) throw refuse('invalid_jwt', 'Authorization', 'Bearer and a JWT', 'something else')
      const [, lxm] = /^\/xrpc\/([^/]+)$/.exec(new URL(request.url).pathname) ?? []
      if (!isNsid(lxm)) throw refuse('lxm_not_configured', 'the path', '/xrpc/ and an NSID', 'another')
      return await verifyServiceToken(settings, token, lxm, request.signal)
    },
  }
}

function normalise(options: ServiceAuthVerifierOptions & { readonly replayStore: RecordStore }): Settings {
  const { identity, replayStore, allowMissingLxm = false, issuerServices = [] } = options
  const { tolerance = 30, maxLifetime = 3600 } = options
  assertKnownOptions(name, options, [
    ...['audience', 'identity', 'allowMissingLxm', 'issuerServices', 'replayStore', 'tolerance', 'maxLifetime'],
    'runtime',
  ])
  const audience = typeof options.audience === 'string' ? [options.audience] : (options.audience ?? [])
  if (audience.length === 0 || !audience.every(parseServiceIdentifier)) {
    throw new TypeError(`${name}: "audience" must be the DID of this service, with "#service" or without`)
  }
  if (typeof identity?.resolveDid !== 'function') throw new TypeError(`${name}: "identity" must resolve DIDs`)
  assertNumbers(name, options, ['tolerance'], '0 or more')
  assertNumbers(name, options, ['maxLifetime'])
  const { runtime = systemRuntime } = options
  return { audience, identity, allowMissingLxm, issuerServices, replayStore, tolerance, maxLifetime, runtime }
}

async function verifyServiceToken(
  settings: Settings,
  token: string,
  lxm: string | undefined,
  signal: AbortSignal | undefined,
): Promise<VerifiedServiceToken> {
  const { jwt, fault } = readJwt(token)
  if (!jwt) throw refuse('invalid_jwt', `the token ${fault.what}`.trim(), fault.expected, fault.actual)
  judgeHeader(jwt)
  const claims = readClaims(jwt)
  judgeAudience(claims.aud, settings)
  judgeTimes(claims, settings)
  judgeMethod(claims.lxm, lxm, settings)
  const issuer = judgeIssuer(claims.iss, settings)
  await judgeSignature(jwt, issuer, settings, signal)
  // Last, so that nobody but the issuer can use a token up.
  await spend(claims, settings)
  const { aud, exp, jti } = claims
  return { ...issuer, aud, lxm: claims.lxm, exp, jti }
}

function judgeHeader({ header }: Jwt): void {
  if (header.crit !== undefined) throw refuse('invalid_jwt', 'header "crit"', 'absent', 'present')
  // "currently JWT": access tokens, refresh tokens and proofs say what they are, and are none of this kind.
  if (header.typ !== undefined && header.typ.toUpperCase() !== 'JWT') {
    throw refuse('invalid_jwt', 'header "typ"', 'JWT', header.typ)
  }
  if (!Object.values(algorithms).includes(header.alg)) {
    throw refuse('invalid_jwt', 'header "alg"', 'ES256 or ES256K', header.alg)
  }
}

interface Claims {
  readonly iss: string
  readonly aud: string
  readonly exp: number
  readonly iat: number
  readonly nbf: number | undefined
  readonly jti: string
  readonly lxm: string | undefined
}

function readClaims({ claims }: Jwt): Claims {
  const { iss, aud, exp, iat, jti, lxm } = claims
  for (const [claim, value] of Object.entries({ iss, aud, jti })) {
    if (typeof value !== 'string' || value === '') {
      throw refuse('invalid_jwt', `claim "${claim}"`, 'a string', jsonType(value))
    }
  }
  for (const [claim, value] of Object.entries({ exp, iat })) {
    if (!isNumericDate(value)) throw refuse('invalid_jwt', `claim "${claim}"`, 'a NumericDate', jsonType(value))
  }
  if (lxm !== undefined && !isNsid(lxm)) throw refuse('invalid_jwt', 'claim "lxm"', 'an NSID', jsonType(lxm))
  return claims as unknown as Claims
}

function judgeAudience(aud: string, { audience }: Settings): void {
  if (!audience.includes(aud)) throw refuse('aud_mismatch', 'claim "aud"', audience.join(' or '), aud)
}

function judgeTimes({ exp, iat, nbf }: Claims, { runtime, tolerance, maxLifetime }: Settings): void {
  const now = epochSeconds(runtime)
  if (iat > now + tolerance) throw refuse('future_iat', 'claim "iat"', `${now} at most`, String(iat))
  // RFC 7519 4.1.5
  if (nbf !== undefined && nbf > now + tolerance) {
    throw refuse('invalid_jwt', 'claim "nbf"', `${now} at most`, String(nbf))
  }
  if (exp + tolerance <= now) throw refuse('expired', 'claim "exp"', `after ${now}`, String(exp))
  // Any account could else fill the replay store with what it has to remember for ever.
  const latest = now + maxLifetime
  if (exp > latest + tolerance) throw refuse('invalid_jwt', 'claim "exp"', `${latest} at most`, String(exp))
}

/** "Servers must always validate this field if included, and should require it for security-sensitive operations." */
function judgeMethod(claimed: string | undefined, called: string | undefined, { allowMissingLxm }: Settings): void {
  if (claimed === undefined) {
    if (allowMissingLxm) return
    throw refuse('lxm_mismatch', 'claim "lxm"', called ?? 'a method', 'absent')
  }
  if (called === undefined) {
    const message = 'the token is for one method, and verify was not told which one is called; give it "lxm"'
    throw new AtprotoError('lxm_not_configured', message, { clause, expected: claimed })
  }
  if (claimed !== called) throw refuse('lxm_mismatch', 'claim "lxm"', called, claimed)
}

function judgeIssuer(iss: string, { issuerServices }: Settings): ServiceIdentifier {
  const issuer = parseServiceIdentifier(iss)
  if (!issuer) throw refuse('invalid_jwt', 'claim "iss"', 'a DID', iss)
  if (issuer.service === undefined || issuerServices.includes(issuer.service)) return issuer
  const expected = issuerServices.length > 0 ? `one of ${issuerServices.join(', ')}, or no service` : 'no service'
  throw refuse('invalid_jwt', 'the service of claim "iss"', expected, issuer.service)
}

async function judgeSignature(
  jwt: Jwt,
  issuer: ServiceIdentifier,
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = await keyOf(issuer, settings, { ...(signal && { signal }) })
  if (known && (await isSignedBy(known, jwt))) return
  // The document in memory may be from before the key was changed.
  const current = await keyOf(issuer, settings, { fresh: true, ...(signal && { signal }) })
  if (!current) {
    throw new AtprotoError('no_signing_key', `the DID document of ${issuer.did} has no key for this token`, { clause })
  }
  if (JSON.stringify(current) !== JSON.stringify(known) && (await isSignedBy(current, jwt))) return
  throw refuse('invalid_jwt', 'the signature', `one of the key of ${issuer.did}`, 'another')
}

async function keyOf(
  { did, service }: ServiceIdentifier,
  { identity }: Settings,
  options: { readonly fresh?: boolean; readonly signal?: AbortSignal },
): Promise<Jwk | undefined> {
  const document = await identity.resolveDid(did, options)
  return document.verificationKey(service === undefined ? 'atproto' : (keysOfServices[service] ?? service))
}

async function isSignedBy(jwk: Jwk, { header, signingInput, signature }: Jwt): Promise<boolean> {
  // The key says the algorithm, never the token (RFC 8725 3.1).
  if (header.alg !== algorithms[String(jwk.crv)]) return false
  return await verifyAccountSignature(jwk, header.alg as AccountAlgorithm, signingInput, signature)
}

async function spend({ iss, jti, exp }: Claims, { replayStore, tolerance }: Settings): Promise<void> {
  const hash = encodeBase64url(await digest('SHA-256', JSON.stringify([iss, jti])))
  const change = {
    kind: 'put',
    key: recordKey('service_token', hash),
    value: {},
    expect: null,
    expiresAt: (exp + tolerance + margin) * 1000,
  } as const
  const { ok } = await reachStore('write', 'service_token', () => replayStore.commit([change]))
  if (!ok) throw refuse('replayed_token', 'claim "jti"', 'one that was not used before', 'one that was')
}

function refuse(code: AtprotoErrorCode, what: string, expected: string, actual: string): AtprotoError {
  const shown = printable(actual)
  return new AtprotoError(code, `service auth: ${what} is ${shown}; expected ${expected}`, {
    clause,
    expected,
    actual: shown,
  })
}
