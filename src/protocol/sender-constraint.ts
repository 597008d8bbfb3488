import { timingSafeEqual } from '../lib/constant-time.ts'
import type { TokenScheme } from './presented-token.ts'
import type { TokenChecks } from './token-checks.ts'

/** What a token is bound to, and was proven by. */
export type TokenBinding = 'none' | 'dpop' | 'mtls' | 'dpop+mtls'

/** What came with the token, each proven by itself already. */
export interface SenderProof {
  readonly scheme: TokenScheme
  /** The thumbprint of the key of a DPoP proof that holds. */
  readonly jkt?: string | undefined
  /** The SHA-256 thumbprint of the client's certificate, base64url. */
  readonly certificate?: string | undefined
}

/** Constraints that every token must have here. */
export interface SenderRules {
  readonly dpopRequired: boolean
  readonly mtlsRequired: boolean
}

/** RFC 7800 3.1 has the members open; these two are the ones that this library can have proven. */
const known = ['jkt', 'x5t#S256']

/**
 * Whether whoever presents a token is whom it is bound to. A bound token is never taken as a mere bearer token,
 * nor an unbound one where the scheme says that it is bound.
 *
 * @see RFC 9449 7.1, 7.2; RFC 8705 3; RFC 7800 3.1
 */
export function checkSenderConstraint(
  cnf: Readonly<Record<string, unknown>> | undefined,
  proof: SenderProof,
  rules: SenderRules,
  checks: TokenChecks,
): TokenBinding {
  // A binding that nobody here can check would be no binding.
  const strange = Object.keys(cnf ?? {}).find((member) => !known.includes(member))
  const empty = cnf !== undefined && Object.keys(cnf).length === 0
  const unknown = () => 'claim "cnf" binds the token in a way that is not known here; expected jkt or x5t#S256'
  const actual = strange === undefined && !empty ? 'known' : 'another'
  checks.expect(actual === 'known', 'confirmation', 'RFC 7800 3.1', known, actual, unknown)
  const dpop = checkDpopBinding(cnf?.jkt, proof, rules.dpopRequired, checks)
  const mtls = checkCertificateBinding(cnf?.['x5t#S256'], proof.certificate, rules.mtlsRequired, checks)
  if (dpop) return mtls ? 'dpop+mtls' : 'dpop'
  return mtls ? 'mtls' : 'none'
}

function checkDpopBinding(jkt: unknown, proof: SenderProof, required: boolean, checks: TokenChecks): boolean {
  if (jkt === undefined) {
    // RFC 9449 7.1: the token must be bound; as Bearer, it is only where that is allowed.
    const expected = required ? 'a token bound to a DPoP key' : 'the scheme Bearer'
    const actual = proof.scheme === 'dpop' ? 'an unbound token by the scheme DPoP' : 'an unbound token'
    const message = () => `is not bound to a DPoP key, and came as ${actual}; expected ${expected}`
    checks.expect(proof.scheme === 'bearer' && !required, 'dpop_binding', 'RFC 9449 7.1', expected, actual, message)
    return false
  }
  // RFC 9449 7.2: a bound token presented as a bearer token is what a thief would do with it.
  const byDpop = proof.scheme === 'dpop' && proof.jkt !== undefined
  const downgraded = () => 'is bound to a DPoP key and came without a proof; expected the scheme DPoP'
  checks.expect(byDpop, 'dpop_scheme', 'RFC 9449 7.2', 'DPoP', byDpop ? 'DPoP' : 'Bearer', downgraded)
  const holds = typeof jkt === 'string' && timingSafeEqual(jkt, proof.jkt!)
  const message = () => 'is bound to another key than that of the DPoP proof'
  const expected = 'the key of the proof'
  checks.expect(holds, 'dpop_binding', 'RFC 9449 7.1', expected, holds ? expected : 'another', message)
  return true
}

function checkCertificateBinding(
  thumbprint: unknown,
  certificate: string | undefined,
  required: boolean,
  checks: TokenChecks,
): boolean {
  if (thumbprint === undefined && !required) {
    checks.skip('mtls_binding', 'RFC 8705 3', 'the token is not bound to a certificate')
    return false
  }
  const actual = thumbprint === undefined ? 'an unbound token' : certificate === undefined ? 'none' : 'another'
  const holds = typeof thumbprint === 'string' && certificate !== undefined && timingSafeEqual(thumbprint, certificate)
  const expected = 'the certificate that the token is bound to'
  const message = () => `needs the client certificate that it is bound to; came ${actual}`
  checks.expect(holds, 'mtls_binding', 'RFC 8705 3', expected, holds ? expected : actual, message)
  return true
}
