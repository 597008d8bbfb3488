import { isAsymmetricAlgorithm, isSameAlgorithm, isSignatureAlgorithm } from '../lib/signatures/algorithms.ts'
import type { SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { IdTokenExpectations } from './id-token.ts'
import type { JwtHeader } from './jwt.ts'
import { findTypeFault } from './jwt-profiles.ts'
import { shown, type TokenChecks } from './token-checks.ts'

const algClause = 'OIDC Core 3.1.3.7 item 7'

/** Extensions and type. `jku`, `x5u`, `jwk` and `x5c` are not looked at: no token brings its own key. */
export function checkHeader(header: JwtHeader, checks: TokenChecks): void {
  // RFC 7515 4.1.11: whoever does not understand a critical extension rejects; this library understands none.
  if (header.crit !== undefined) {
    const actual = shown(header.crit)
    checks.fail('crit', 'RFC 7515 4.1.11', `id_token header "crit" is ${actual}; expected none`, 'absent', actual)
  }
  // RFC 7797 7: JWTs do not use b64; without crit it would be an error, too.
  if (header.b64 !== undefined) {
    checks.fail('crit', 'RFC 7797 7', 'id_token header "b64" is present; expected none', 'absent', 'present')
  }
  checks.pass('crit', 'RFC 7515 4.1.11', 'absent', 'absent')
  const fault = findTypeFault(header.typ, 'id_token')
  if (fault) checks.fail('typ', fault.clause, fault.message, fault.expected, fault.actual)
  checks.pass('typ', 'RFC 8725 3.11', '"jwt" or absent', header.typ ?? 'absent')
}

/** The algorithm is ours to say, never the token's: as registered, else from the server's list, else RS256. */
export function checkAlgorithm(
  header: JwtHeader,
  expectations: IdTokenExpectations,
  serverAlgs: readonly string[] | undefined,
  checks: TokenChecks,
): SignatureAlgorithm | 'none' {
  const { alg } = header
  const { idTokenSignedResponseAlg: registered, receivedFrom } = expectations
  const allowed = registered ? [registered] : (serverAlgs ?? ['RS256']).filter(isAsymmetricAlgorithm)
  if (!allowed.some((one) => isSameAlgorithm(one, alg))) {
    const expected = allowed.length > 0 ? allowed : 'an asymmetric algorithm in the list of the server, which has none'
    const wanted = Array.isArray(expected) ? `one of ${shown(expected)}` : expected
    checks.fail('alg', algClause, `id_token header "alg" is ${shown(alg)}; expected ${wanted}`, expected, shown(alg))
  }
  // OIDC Core 2: unsigned only where the client registered it, and never through the browser.
  if (alg === 'none' && receivedFrom !== 'token_endpoint') {
    const expected = 'a signed id_token, unless straight from the token endpoint'
    checks.fail('alg', 'OIDC Core 2', `id_token header "alg" is "none"; expected ${expected}`, expected, 'none')
  }
  checks.pass('alg', algClause, allowed, alg)
  return isSignatureAlgorithm(alg) ? alg : 'none'
}
