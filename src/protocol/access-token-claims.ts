import { isNumericDate } from './jwt.ts'
import { isScope } from './scope.ts'
import type { TokenChecks } from './token-checks.ts'

/** The claims of an access token that was judged, from the token itself or from introspection. */
export interface AccessTokenClaims {
  readonly iss?: string
  /** Whom the token is about: a user, or the client itself. Unique only with `iss`, and in a namespace apart from client ids. */
  readonly sub?: string
  readonly aud?: string | readonly string[]
  /** Seconds since the epoch. */
  readonly exp?: number
  /** Seconds since the epoch. */
  readonly iat?: number
  /** Seconds since the epoch. */
  readonly nbf?: number
  readonly jti?: string
  readonly client_id?: string
  /** Space-separated. */
  readonly scope?: string
  /** Seconds since the epoch. */
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** What the token is bound to (RFC 7800 3.1). */
  readonly cnf?: Readonly<Record<string, unknown>>
  readonly [claim: string]: unknown
}

/** What an access token must be. */
export interface AccessTokenExpectations {
  /** Compared exactly, a trailing slash included. */
  readonly issuer: string
  /** The names of this resource; the token's audience must have one of them. */
  readonly audiences: readonly string[]
  /** Seconds since the epoch. */
  readonly now: number
}

/** Seconds by which `nbf` and `iat` may lie ahead. `exp` has no such tolerance: an expired token is expired. */
const tolerance = 60
const texts = ['sub', 'client_id', 'jti'] as const

/**
 * Issuer, audience, times and the shape of the rest. What must be there is the kind's to say.
 *
 * @see RFC 9068 4, RFC 7519 4.1
 */
export function checkAccessTokenClaims(
  claims: AccessTokenClaims,
  { issuer, audiences, now }: AccessTokenExpectations,
  checks: TokenChecks,
): void {
  const { iss, aud, exp, nbf, iat, scope, cnf } = claims
  checks.expect(iss === undefined || iss === issuer, 'iss', 'RFC 9068 4', issuer, iss)
  // RFC 9068 4: an identifier that the resource server expects for itself, or the token was made for another.
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const ours = audiences.some((audience) => named.includes(audience))
  checks.expect(ours, 'aud', 'RFC 9068 4', audiences.length === 1 ? audiences[0] : audiences, aud)
  // RFC 9068 4: the current time must be before the expiration.
  checkDate('exp', 'RFC 9068 4', exp, exp === undefined || now < exp, `after ${Math.floor(now)}`, checks)
  const latest = now + tolerance
  checkDate('nbf', 'RFC 7519 4.1.5', nbf, nbf === undefined || nbf <= latest, `up to ${Math.floor(latest)}`, checks)
  checkDate('iat', 'RFC 7519 4.1.6', iat, iat === undefined || iat <= latest, `up to ${Math.floor(latest)}`, checks)
  for (const name of texts) checkText(name, claims[name], checks)
  if (scope !== undefined) {
    const holds = typeof scope === 'string' && isScope(scope)
    checks.expect(holds, 'scope_syntax', 'RFC 9068 2.2.3', 'scopes separated by spaces', scope)
  }
  const confirmed = cnf === undefined || (typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf))
  checks.expect(confirmed, 'cnf', 'RFC 7800 3.1', 'a JSON object or absent', cnf)
}

function checkDate(
  name: string,
  clause: string,
  value: unknown,
  holds: boolean,
  expected: string,
  checks: TokenChecks,
): void {
  if (value === undefined) checks.skip(name, clause, 'absent')
  else checks.expect(holds && isNumericDate(value), name, clause, expected, value)
}

/** The values stay out of the report: subjects and identifiers are the user's. */
function checkText(name: string, value: unknown, checks: TokenChecks): void {
  if (value === undefined) {
    checks.skip(name, 'RFC 9068 2.2', 'absent')
    return
  }
  const expected = '1 to 2048 characters'
  const holds = typeof value === 'string' && value !== '' && value.length <= 2048
  const message = () => `claim "${name}" is not a string of ${expected}`
  checks.expect(holds, name, 'RFC 9068 2.2', expected, holds ? expected : 'something else', message)
}
