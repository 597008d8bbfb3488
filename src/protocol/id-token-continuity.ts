import type { IdTokenClaims } from './id-token.ts'
import { shown, type TokenChecks } from './token-checks.ts'

const clause = 'OIDC Core 12.2'

/** On refresh: the same login goes on. The subject is not named in the report. */
export function checkContinuity(claims: IdTokenClaims, previous: IdTokenClaims | undefined, checks: TokenChecks): void {
  if (!previous) {
    checks.skip('continuity', clause, 'no earlier id_token was given')
    return
  }
  expectSame('refresh_iss', 'iss', claims.iss, previous.iss, checks)
  // The one member that tells users apart: compared, but kept out of logs.
  if (claims.sub !== previous.sub) {
    const message = 'id_token claim "sub" is another than at login; expected the same'
    checks.fail('refresh_sub', clause, message, 'the subject of the login', 'another subject')
  }
  checks.pass('refresh_sub', clause, 'the subject of the login', 'the subject of the login')
  checkSameAudience(claims.aud, previous.aud, checks)
  checkSameAuthTime(claims.auth_time, previous.auth_time, checks)
  // "The same as in the original; if none was there, none may be": both ways.
  expectSame('refresh_azp', 'azp', claims.azp, previous.azp, checks)
  checkSameNonce(claims.nonce, previous.nonce, checks)
}

function expectSame(name: string, claim: string, actual: unknown, expected: unknown, checks: TokenChecks): void {
  if (actual !== expected) {
    const message = `id_token claim "${claim}" is ${shown(actual)}; expected ${shown(expected)} as at login`
    checks.fail(name, clause, message, expected ?? 'absent', shown(actual))
  }
  checks.pass(name, clause, expected ?? 'absent', actual ?? 'absent')
}

/** As a set: `"a"` and `["a"]` are the same audience (RFC 7519 4.1.3), and order says nothing. */
function checkSameAudience(aud: IdTokenClaims['aud'], previous: IdTokenClaims['aud'], checks: TokenChecks): void {
  const now = new Set(typeof aud === 'string' ? [aud] : aud)
  const before = new Set(typeof previous === 'string' ? [previous] : previous)
  if (now.size !== before.size || [...now].some((one) => !before.has(one))) {
    const message = `id_token claim "aud" is ${shown(aud)}; expected ${shown(previous)} as at login`
    checks.fail('refresh_aud', clause, message, previous, shown(aud))
  }
  checks.pass('refresh_aud', clause, previous, aud)
}

function checkSameAuthTime(authTime: number | undefined, previous: number | undefined, checks: TokenChecks): void {
  if (authTime === undefined) {
    checks.skip('refresh_auth_time', clause, 'absent')
    return
  }
  if (previous === undefined) {
    checks.skip('refresh_auth_time', clause, 'absent at login')
    return
  }
  expectSame('refresh_auth_time', 'auth_time', authTime, previous, checks)
}

function checkSameNonce(nonce: string | undefined, previous: string | undefined, checks: TokenChecks): void {
  if (nonce === undefined) {
    checks.skip('refresh_nonce', clause, 'absent')
    return
  }
  if (nonce !== previous) {
    const message = 'id_token claim "nonce" is another than at login; expected the same or none'
    checks.fail('refresh_nonce', clause, message, 'the nonce of the login, or none', 'another value')
  }
  checks.pass('refresh_nonce', clause, 'the nonce of the login', 'the nonce of the login')
}
