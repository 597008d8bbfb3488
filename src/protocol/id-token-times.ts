import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts'
import { isNumericDate } from './jwt.ts'
import type { TokenChecks } from './token-checks.ts'

/** Seconds by which the clocks may differ. */
const defaultTolerance = 30

/** `now` is in seconds since the epoch; the bounds in the report include the tolerance. */
export function checkTimes(
  { exp, nbf, iat, auth_time: authTime }: IdTokenClaims,
  { tolerance = defaultTolerance, maxTokenAge, maxAge, previous }: IdTokenExpectations,
  now: number,
  checks: TokenChecks,
): void {
  const earliest = now - tolerance
  const latest = now + tolerance
  checks.expect(exp > earliest, 'exp', 'OIDC Core 3.1.3.7 item 9', `after ${Math.floor(earliest)}`, exp)
  checkNotLater('nbf', 'RFC 7519 4.1.5', nbf, latest, checks)
  checkNotLater('iat', 'OIDC Core 3.1.3.7 item 10', iat, latest, checks)
  checkNotOlder('token_age', 'OIDC Core 3.1.3.7 item 10', iat, maxTokenAge, earliest, checks)
  // On refresh it is the login's, which was judged then; a clock set back since says nothing of it.
  if (authTime !== undefined && authTime === previous?.auth_time) checks.skip('auth_time', 'OIDC Core 2', 'as at login')
  else checkNotLater('auth_time', 'OIDC Core 2', authTime, latest, checks)
  // OIDC Core 2: REQUIRED when a max_age request is made.
  checkNotOlder('max_age', 'OIDC Core 3.1.3.7 item 13', authTime, maxAge, earliest, checks)
}

function checkNotLater(name: string, clause: string, time: unknown, latest: number, checks: TokenChecks): void {
  if (time === undefined) checks.skip(name, clause, 'absent')
  else checks.expect(isNumericDate(time) && time <= latest, name, clause, `up to ${Math.floor(latest)}`, time)
}

function checkNotOlder(
  name: string,
  clause: string,
  time: number | undefined,
  mostAge: number | undefined,
  earliest: number,
  checks: TokenChecks,
): void {
  if (mostAge === undefined) {
    checks.skip(name, clause, 'no limit was given')
    return
  }
  const oldest = earliest - mostAge
  const expected = `from ${Math.ceil(oldest)}`
  const claim = name === 'max_age' ? 'auth_time' : 'iat'
  const message = () => `claim "${claim}" is ${time ?? 'absent'}; expected it ${expected} (at most ${mostAge} s old)`
  checks.expect(time !== undefined && time >= oldest, name, clause, expected, time, message)
}
