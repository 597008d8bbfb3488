import type { IdTokenClaims } from './id-token.ts'
import type { TokenChecks } from './token-checks.ts'

const clause = 'OIDC Core 12.2'

/** On refresh: the same login goes on. Subject and nonce are not named in the report. */
export function checkContinuity(claims: IdTokenClaims, previous: IdTokenClaims | undefined, checks: TokenChecks): void {
  if (!previous) {
    checks.skip('refresh', clause, 'no earlier id_token was given')
    return
  }
  const { iss, sub, aud, auth_time: authTime, azp, nonce } = claims
  expectSame('refresh_iss', iss, previous.iss, checks)
  expectUnshown('refresh_sub', sub === previous.sub, checks)
  checks.expect(isSameAudience(aud, previous.aud), 'refresh_aud', clause, previous.aud, aud)
  // "Its value MUST represent the time of the original authentication": if it is there, and was.
  if (authTime === undefined || previous.auth_time === undefined) checks.skip('refresh_auth_time', clause, 'absent')
  else expectSame('refresh_auth_time', authTime, previous.auth_time, checks)
  // The same as before; "if no azp Claim was present in the original, one MUST NOT be present".
  expectSame('refresh_azp', azp, previous.azp, checks)
  // "It SHOULD NOT have a nonce Claim"; but if it has, the original's.
  if (nonce === undefined) checks.skip('refresh_nonce', clause, 'absent')
  else expectUnshown('refresh_nonce', nonce === previous.nonce, checks)
}

function expectSame(name: string, actual: unknown, expected: unknown, checks: TokenChecks): void {
  checks.expect(actual === expected, name, clause, expected, actual)
}

function expectUnshown(name: string, holds: boolean, checks: TokenChecks): void {
  const expected = 'the same as at login'
  checks.expect(holds, name, clause, expected, holds ? expected : 'another', () => `claim "${name}" is not ${expected}`)
}

/** As a set: `"a"` and `["a"]` are the same audience (RFC 7519 4.1.3), and order says nothing. */
function isSameAudience(one: IdTokenClaims['aud'], other: IdTokenClaims['aud']): boolean {
  const [first, second] = [one, other].map((aud) => JSON.stringify([...new Set([aud].flat())].sort()))
  return first === second
}
