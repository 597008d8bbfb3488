import { type AccessTokenClaims, type AccessTokenExpectations, checkAccessTokenClaims } from './access-token-claims.ts'
import type { Introspection } from './introspection-response.ts'
import { shown, type TokenChecks } from './token-checks.ts'

export interface IntrospectedTokenExpectations extends AccessTokenExpectations {
  /** Takes a token whose issuer says nothing of its audience. */
  readonly allowMissingAudience: boolean
}

/**
 * Holds what an issuer says of a token against what a resource needs to know: that it is good, an access token,
 * and for this resource.
 *
 * @throws what `checks` makes of the first rule that is broken
 * @see RFC 7662 2.2, 4; RFC 9449 6.2
 */
export function judgeIntrospectedToken(
  answer: Introspection,
  { allowMissingAudience, ...expectations }: IntrospectedTokenExpectations,
  checks: TokenChecks,
): AccessTokenClaims {
  const inactive = () => 'is not active: expired, revoked, or unknown to its issuer'
  checks.expect(answer.active, 'active', 'RFC 7662 2.2', true, String(answer.active), inactive)
  const { active: _, ...claims } = answer as AccessTokenClaims & { readonly active: true }
  checkTokenType(claims, checks)
  const { issuer, audiences } = expectations
  const nowhere = claims.aud === undefined && allowMissingAudience
  // RFC 7662 2.2 has aud as optional; a token without one could be any resource's, so it is the configuration's to say.
  if (nowhere)
    checks.skip('audience_known', 'RFC 7662 4', 'the issuer names no audience, which the configuration allows')
  checkAccessTokenClaims(nowhere ? { ...claims, aud: audiences[0]! } : claims, expectations, checks)
  // Somebody must be answerable for the token.
  const named = claims.sub !== undefined || claims.client_id !== undefined
  const nobody = () => 'is of nobody: introspection names neither "sub" nor "client_id"'
  checks.expect(named, 'principal', 'RFC 7662 2.2', 'sub or client_id', named ? 'sub or client_id' : 'neither', nobody)
  return { ...claims, iss: issuer }
}

/** RFC 7662 4: refresh tokens are introspected at the same endpoint, and are no access tokens. */
function checkTokenType({ token_type: type, cnf }: AccessTokenClaims, checks: TokenChecks): void {
  const clause = 'RFC 7662 2.2'
  if (type === undefined) {
    checks.skip('token_type', clause, 'absent')
    return
  }
  const name = typeof type === 'string' ? type.toLowerCase() : ''
  // RFC 8693 3: the URI is the name of the same where tokens of many kinds are told apart.
  const known = ['bearer', 'dpop', 'access_token', 'urn:ietf:params:oauth:token-type:access_token'].includes(name)
  const message = () => `has the "token_type" ${shown(type)} by introspection; expected Bearer or DPoP`
  checks.expect(known, 'token_type', clause, 'Bearer or DPoP', type, message)
  // RFC 9449 6.2: a DPoP token has its key in cnf; without one nothing could be proven.
  const bound = name !== 'dpop' || cnf?.jkt !== undefined
  const unbound = () => 'is a DPoP token by introspection, but its "cnf" has no "jkt"'
  checks.expect(bound, 'token_binding', 'RFC 9449 6.2', 'cnf with jkt', bound ? 'cnf with jkt' : 'none', unbound)
}
