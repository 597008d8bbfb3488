import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts'
import { isNumericDate } from './jwt.ts'
import { shown, type TokenChecks } from './token-checks.ts'

/** Seconds by which the clocks may differ. */
const defaultTolerance = 30

/** `now` is in seconds since the epoch. */
export function checkTimes(
  claims: IdTokenClaims,
  { tolerance = defaultTolerance, maxTokenAge, maxAge }: IdTokenExpectations,
  now: number,
  checks: TokenChecks,
): void {
  checkExpiry(claims.exp, now, tolerance, checks)
  checkNotBefore(claims.nbf, now, tolerance, checks)
  checkIssuedAt(claims.iat, now, tolerance, checks)
  checkAge(claims.iat, maxTokenAge, now, tolerance, checks)
  checkAuthTime(claims.auth_time, maxAge, now, tolerance, checks)
}

function checkExpiry(exp: number, now: number, tolerance: number, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 9'
  const expected = `after ${at(now)} less ${tolerance} s`
  if (now - tolerance >= exp) {
    checks.fail('exp', clause, `id_token claim "exp" is ${exp}; expected it ${expected}`, expected, exp)
  }
  checks.pass('exp', clause, expected, exp)
}

function checkNotBefore(nbf: number | undefined, now: number, tolerance: number, checks: TokenChecks): void {
  const clause = 'RFC 7519 4.1.5'
  if (nbf === undefined) {
    checks.skip('nbf', clause, 'absent')
    return
  }
  const expected = `up to ${at(now)} plus ${tolerance} s`
  if (nbf > now + tolerance) {
    checks.fail('nbf', clause, `id_token claim "nbf" is ${nbf}; expected it ${expected}`, expected, nbf)
  }
  checks.pass('nbf', clause, expected, nbf)
}

function checkIssuedAt(iat: number, now: number, tolerance: number, checks: TokenChecks): void {
  const clause = 'OIDC Core 3.1.3.7 item 10'
  const expected = `up to ${at(now)} plus ${tolerance} s`
  if (iat > now + tolerance) {
    const message = `id_token claim "iat" is ${iat}, in the future; expected it ${expected}`
    checks.fail('iat', clause, message, expected, iat)
  }
  checks.pass('iat', clause, expected, iat)
}

function checkAge(
  iat: number,
  maxTokenAge: number | undefined,
  now: number,
  tolerance: number,
  checks: TokenChecks,
): void {
  const clause = 'OIDC Core 3.1.3.7 item 10'
  if (maxTokenAge === undefined) {
    checks.skip('token_age', clause, 'no greatest age was given')
    return
  }
  const expected = `at most ${maxTokenAge} s ago plus ${tolerance} s`
  if (now - iat > maxTokenAge + tolerance) {
    const actual = `${at(now - iat)} s ago`
    checks.fail('token_age', clause, `id_token was issued ${actual}; expected ${expected}`, expected, actual)
  }
  checks.pass('token_age', clause, expected, iat)
}

function checkAuthTime(
  authTime: unknown,
  maxAge: number | undefined,
  now: number,
  tolerance: number,
  checks: TokenChecks,
): void {
  const clause = 'OIDC Core 3.1.3.7 item 13'
  if (authTime !== undefined && !isNumericDate(authTime)) {
    const message = `id_token claim "auth_time" is ${shown(authTime)}; expected a NumericDate in range`
    checks.fail('auth_time', 'OIDC Core 2', message, 'a NumericDate in range', shown(authTime))
  }
  if (maxAge === undefined) {
    checks.skip('auth_time', clause, 'no max_age was asked for')
    return
  }
  const expected = `at most ${maxAge} s before ${at(now)}, give or take ${tolerance} s`
  // OIDC Core 2: REQUIRED when a max_age request is made.
  if (authTime === undefined || authTime > now + tolerance || now - authTime > maxAge + tolerance) {
    const message = `id_token claim "auth_time" is ${shown(authTime)}; expected it ${expected}`
    checks.fail('auth_time', clause, message, expected, authTime ?? 'absent')
  }
  checks.pass('auth_time', clause, expected, authTime)
}

function at(seconds: number): number {
  return Math.floor(seconds)
}
