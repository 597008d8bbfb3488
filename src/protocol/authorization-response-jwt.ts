import { ProtocolError } from '../errors/protocol.ts'
import { printable } from '../lib/printable.ts'
import type { SignatureAlgorithm } from '../lib/signatures/types.ts'
import { type Jwt, readJwt } from './jwt.ts'
import { authorizationResponseProfile } from './jwt-profiles.ts'
import { type SignedJwtSources, verifySignedJwt } from './signed-jwt.ts'

/** What an authorization response in a JWT must be (JARM 2.4). */
export interface AuthorizationResponseJwtRules {
  readonly issuer: string
  readonly clientId: string
  /** As registered in `authorization_signed_response_alg`. @default any asymmetric one of the server's list, or RS256 */
  readonly algorithm?: SignatureAlgorithm | undefined
  /** `authorization_signing_alg_values_supported` */
  readonly serverAlgorithms?: readonly string[] | undefined
  /** For HS256, HS384 and HS512, and only where one of them was registered. */
  readonly clientSecret?: string | undefined
  /** Seconds by which the clocks may differ. @default 30 */
  readonly tolerance?: number | undefined
  /** Seconds since the epoch. */
  readonly now: number
}

const noun = '"response" of the authorization response'
const code = 'invalid_authorization_response'

/**
 * Takes the JWT apart; nothing in it is believed yet but that its `state` finds the login.
 *
 * @throws ProtocolError `invalid_authorization_response`
 */
export function parseAuthorizationResponseJwt(token: string): Jwt {
  const { jwt, fault } = readJwt(token)
  if (jwt) return jwt
  const { what, expected, actual, clause } = fault
  throw new ProtocolError(code, `${noun} ${what} is ${actual}; expected ${expected}`, { clause, expected, actual })
}

/**
 * Holds an authorization response in a JWT against who must have made it, for whom, and when.
 *
 * @throws ProtocolError `issuer_mismatch`, `invalid_authorization_response`
 * @see JARM 2.4
 */
export async function verifyAuthorizationResponseJwt(
  token: string,
  rules: AuthorizationResponseJwtRules,
  sources: SignedJwtSources,
): Promise<void> {
  const { clientId, issuer } = rules
  const { iss } = parseAuthorizationResponseJwt(token).claims
  if (iss !== issuer) {
    // A mix-up, like the iss of RFC 9207: what the rest says is no matter.
    const actual = typeof iss === 'string' ? printable(iss) : 'no string'
    const message = `the authorization response comes from "${actual}"; expected "${issuer}"`
    throw new ProtocolError('issuer_mismatch', message, { clause: 'JARM 2.4', expected: issuer, actual })
  }
  const profile = authorizationResponseProfile
  await verifySignedJwt(token, { ...rules, profile, noun, code, audience: clientId }, sources)
}
