import { importSecret, verify } from '#signatures'
import { ProtocolError, type ProtocolErrorCode } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import {
  isAsymmetricAlgorithm,
  isSameAlgorithm,
  isSignatureAlgorithm,
  isSymmetricAlgorithm,
} from '../lib/signatures/algorithms.ts'
import type { MaybePromise, SignatureAlgorithm, VerificationKey } from '../lib/signatures/types.ts'
import type { KeyQuery, KeySelection } from './jwks.ts'
import { isNumericDate, type Jwt, type JwtClaims, parseJwt } from './jwt.ts'
import { findClaimsFault, isTypeOf, type JwtProfile } from './jwt-profiles.ts'
import type { QuirkReporter } from './quirks.ts'

/** What a signed JWT that is no id_token must be. */
export interface SignedJwtRules {
  readonly profile: JwtProfile
  /** What to call it in messages. */
  readonly noun: string
  /** What it is refused with. */
  readonly code: ProtocolErrorCode
  readonly issuer: string
  /** Where it is given, `aud` has one of these and nothing else beside it. */
  readonly audience?: string | readonly string[] | undefined
  /** The algorithm that was registered. @default any asymmetric one of `serverAlgorithms`, or RS256 without a list */
  readonly algorithm?: SignatureAlgorithm | undefined
  readonly serverAlgorithms?: readonly string[] | undefined
  /** For a MAC, and only where one was registered. */
  readonly clientSecret?: string | undefined
  /** Seconds by which the clocks may differ. @default 30 */
  readonly tolerance?: number | undefined
  /** Seconds since the epoch. */
  readonly now: number
}

export interface SignedJwtSources {
  readonly selectKeys: (query: KeyQuery) => MaybePromise<KeySelection>
  /** Told of each quirk that took effect. */
  readonly onQuirk?: QuirkReporter | undefined
}

const defaultTolerance = 30

/**
 * Holds a signed JWT against the rules that all kinds have in common: shape, header, algorithm, signature, kind,
 * issuer, audience, times.
 *
 * @throws ProtocolError `invalid_jwt` for what is no JWT, else with the code of the rules
 * @see RFC 8725 3, RFC 7519 7.2
 */
export async function verifySignedJwt(token: unknown, rules: SignedJwtRules, sources: SignedJwtSources): Promise<Jwt> {
  const jwt = parseJwt(token, rules.noun)
  const alg = judgeHeader(jwt, rules)
  await judgeSignature(jwt, alg, rules, sources)
  judgeParties(jwt.claims, rules)
  judgeTimes(jwt.claims, rules)
  return jwt
}

/** A refusal in the words of the rules. */
export function refuseJwt(
  { code, noun }: Pick<SignedJwtRules, 'code' | 'noun'>,
  what: string,
  clause: string,
  expected: unknown,
  actual: unknown,
): ProtocolError {
  const message = `${noun} ${what} is ${shown(actual)}; expected ${shown(expected)}`
  return new ProtocolError(code, message, { clause, expected, actual: reported(actual) })
}

function judgeHeader({ header }: Jwt, rules: SignedJwtRules): SignatureAlgorithm {
  const { profile } = rules
  const { alg, typ, crit, b64 } = header
  if (crit !== undefined) throw refuseJwt(rules, 'header "crit"', 'RFC 7515 4.1.11', 'absent', 'present')
  if (b64 !== undefined) throw refuseJwt(rules, 'header "b64"', 'RFC 7797 7', 'absent', 'present')
  if (!isTypeOf(profile, typ)) {
    throw refuseJwt(rules, 'header "typ"', 'RFC 8725 3.11', profile.types.map((one) => one ?? 'absent').join(', '), typ)
  }
  // RFC 8725 3.1: the algorithm is ours to say. `none` is never among them.
  const allowed = rules.algorithm
    ? [rules.algorithm]
    : (rules.serverAlgorithms ?? ['RS256']).filter(isAsymmetricAlgorithm)
  if (isSignatureAlgorithm(alg) && allowed.some((one) => isSameAlgorithm(one, alg))) return alg
  throw refuseJwt(rules, 'header "alg"', 'RFC 8725 3.1', allowed.join(', ') || 'one that the server lists', alg)
}

async function judgeSignature(
  jwt: Jwt,
  alg: SignatureAlgorithm,
  rules: SignedJwtRules,
  sources: SignedJwtSources,
): Promise<void> {
  const { kid } = jwt.header
  const selection: KeySelection = isSymmetricAlgorithm(alg)
    ? { kind: 'keys', keys: [await importMacKey(rules.clientSecret, alg)] }
    : await sources.selectKeys({ alg, kid })
  if (selection.kind !== 'keys') {
    throw refuseJwt(rules, 'key', 'RFC 7515 4.1.4', `a key of ${rules.issuer} for ${alg}`, selection.reason)
  }
  for (const quirk of selection.quirks ?? []) sources.onQuirk?.(quirk)
  for (const key of selection.keys) if (await verify(key, jwt.signingInput, jwt.signature)) return
  throw refuseJwt(rules, 'signature', 'RFC 7515 5.2', `by ${alg} with the issuer's key`, 'another')
}

async function importMacKey(secret: string | undefined, alg: 'HS256' | 'HS384' | 'HS512'): Promise<VerificationKey> {
  if (secret === undefined) throw new TypeError(`clientSecret: expected a secret, for ${alg} (RFC 7518 3.2)`)
  return await importSecret(secret, alg)
}

function judgeParties(claims: JwtClaims, rules: SignedJwtRules): void {
  const { profile, issuer, audience } = rules
  const fault = findClaimsFault(profile, claims)
  if (fault) {
    const actual = fault.expected === 'present' ? 'absent' : 'present'
    throw refuseJwt(rules, `claim "${fault.claim}"`, fault.clause, fault.expected, actual)
  }
  if (claims.iss !== issuer) throw refuseJwt(rules, 'claim "iss"', profile.clause, issuer, claims.iss)
  if (audience === undefined) return
  const trusted: readonly unknown[] = [audience].flat()
  const audiences: readonly unknown[] = [claims.aud].flat()
  const holds = audiences.length > 0 && audiences.every((one) => trusted.includes(one))
  if (!holds) throw refuseJwt(rules, 'claim "aud"', profile.clause, trusted.join(', '), claims.aud)
}

function judgeTimes({ exp, nbf, iat }: JwtClaims, rules: SignedJwtRules): void {
  const { now, tolerance = defaultTolerance } = rules
  const latest = now + tolerance
  if (exp !== undefined && exp <= now - tolerance) {
    throw refuseJwt(rules, 'claim "exp"', 'RFC 7519 4.1.4', `after ${Math.floor(now - tolerance)}`, exp)
  }
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (time === undefined || (isNumericDate(time) && time <= latest)) continue
    throw refuseJwt(
      rules,
      `claim "${name}"`,
      `RFC 7519 4.1.${name === 'nbf' ? 5 : 6}`,
      `up to ${Math.floor(latest)}`,
      time,
    )
  }
}

function reported(value: unknown): unknown {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? printable(value, 100) : jsonType(value)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${printable(value, 100)}"` : String(reported(value))
}
