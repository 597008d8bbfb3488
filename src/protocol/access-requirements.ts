import type { AccessTokenClaims } from './access-token-claims.ts'
import { isNumericDate } from './jwt.ts'
import { splitScope } from './scope.ts'
import { shown, type TokenChecks } from './token-checks.ts'

/** What a request needs beyond a good token. */
export interface AccessRequirements {
  /** Space-separated; the token must have all of them. @default none */
  readonly scope?: string | undefined
  /** Authentication contexts, one of which the user's login must have met (RFC 9470). @default any */
  readonly acrValues?: readonly string[] | undefined
  /** Seconds that the user's login may lie back (RFC 9470). @default any time */
  readonly maxAge?: number | undefined
}

/** Seconds by which the clock of the issuer may be ahead. */
const tolerance = 60

/** The scopes that a request needs and its token has not. */
export function missingScopes(claims: AccessTokenClaims, scope: string | undefined): readonly string[] {
  if (scope === undefined) return []
  const granted = new Set(splitScope(claims.scope ?? ''))
  return splitScope(scope).filter((one) => !granted.has(one))
}

/**
 * Whether a good token reaches far enough: the strength and age of the login first, since a new login brings a
 * new token, then the scope.
 *
 * @see RFC 9470 3, 4; RFC 6750 3.1
 */
export function checkAccessRequirements(
  claims: AccessTokenClaims,
  { scope, acrValues, maxAge }: AccessRequirements,
  now: number,
  checks: TokenChecks,
): void {
  const { acr, auth_time: authTime } = claims
  if (acrValues === undefined) checks.skip('acr', 'RFC 9470 3', 'none is asked for')
  else checks.expect(acrValues.includes(acr as string), 'acr', 'RFC 9470 3', acrValues, acr)
  if (maxAge === undefined) checks.skip('max_age', 'RFC 9470 3', 'no limit is set')
  else checkLoginAge(authTime, maxAge, now, checks)
  const missing = missingScopes(claims, scope)
  const message = () => `claim "scope" lacks ${missing.join(' ')}`
  const actual = missing.length > 0 ? `lacking ${missing.join(' ')}` : scope
  if (scope === undefined) checks.skip('scope', 'RFC 6750 3.1', 'none is asked for')
  else checks.expect(missing.length === 0, 'scope', 'RFC 6750 3.1', scope, actual, message)
}

function checkLoginAge(authTime: unknown, maxAge: number, now: number, checks: TokenChecks): void {
  const oldest = now - maxAge
  const holds = isNumericDate(authTime) && authTime >= oldest && authTime <= now + tolerance
  const expected = `from ${Math.ceil(oldest)}`
  const message = () => `claim "auth_time" is ${shown(authTime)}; expected it ${expected} (at most ${maxAge} s old)`
  checks.expect(holds, 'max_age', 'RFC 9470 3', expected, authTime, message)
}
