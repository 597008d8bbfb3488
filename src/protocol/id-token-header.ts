import { isAsymmetricAlgorithm, isSameAlgorithm, isSignatureAlgorithm } from '../lib/signatures/algorithms.ts'
import type { SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { IdTokenExpectations } from './id-token.ts'
import type { JwtHeader } from './jwt.ts'
import { idTokenProfile, isTypeOf } from './jwt-profiles.ts'
import { shown, type TokenChecks } from './token-checks.ts'

/** Extensions and type. `jku`, `x5u`, `jwk` and `x5c` are not looked at: no token brings its own key. */
export function checkHeader(header: JwtHeader, checks: TokenChecks): void {
  // RFC 7515 4.1.11: whoever does not understand a critical extension rejects; this library understands none.
  expectAbsent('crit', 'RFC 7515 4.1.11', header.crit, checks)
  // RFC 7797 7: JWTs do not use b64; without crit it would be an error, too.
  expectAbsent('b64', 'RFC 7797 7', header.b64, checks)
  const { typ } = header
  const message = () => `header "typ" is ${shown(typ)}; expected JWT or none`
  checks.expect(isTypeOf(idTokenProfile, typ), 'typ', 'RFC 8725 3.11', 'JWT or absent', typ, message)
}

/** The algorithm is ours to say, never the token's: as registered, else from the server's list, else RS256. */
export function checkAlgorithm(
  { alg }: JwtHeader,
  { idTokenSignedResponseAlg: registered, receivedFrom }: IdTokenExpectations,
  serverAlgs: readonly string[] | undefined,
  checks: TokenChecks,
): SignatureAlgorithm | 'none' {
  const allowed = registered ? [registered] : (serverAlgs ?? ['RS256']).filter(isAsymmetricAlgorithm)
  const holds = allowed.some((one) => isSameAlgorithm(one, alg))
  expectAlg(holds, 'OIDC Core 3.1.3.7 item 7', allowed, alg, checks)
  if (isSignatureAlgorithm(alg)) return alg
  // Unsigned only where the client registered it, and never through the browser.
  expectAlg(receivedFrom === 'token_endpoint', 'OIDC Core 2', 'signed, unless from the token endpoint', alg, checks)
  return 'none'
}

function expectAbsent(name: string, clause: string, value: unknown, checks: TokenChecks): void {
  checks.expect(value === undefined, name, clause, undefined, value, () => `header "${name}" is present; expected none`)
}

function expectAlg(holds: boolean, clause: string, expected: unknown, alg: string, checks: TokenChecks): void {
  checks.expect(holds, 'alg', clause, expected, alg, () => `header "alg" is ${shown(alg)}; expected ${shown(expected)}`)
}
