import type { JwtClaims } from './jwt.ts'
import { userinfoResponseProfile } from './jwt-profiles.ts'
import { type SignedJwtRules, type SignedJwtSources, verifySignedJwt } from './signed-jwt.ts'

/**
 * Takes the claims about the user out of a signed JWT. Whose claims they are is judged as of plain JSON.
 *
 * @throws ProtocolError `invalid_userinfo_response`, `invalid_jwt`
 * @see OpenID Connect Core 5.3.2, 5.3.4
 */
export async function judgeUserInfoJwt(
  token: unknown,
  rules: Omit<SignedJwtRules, 'profile' | 'noun' | 'code'> & { readonly audience: string | readonly string[] },
  sources: SignedJwtSources,
): Promise<JwtClaims> {
  const refusal = { code: 'invalid_userinfo_response', noun: 'userinfo response' } as const
  const jwt = await verifySignedJwt(token, { ...rules, ...refusal, profile: userinfoResponseProfile }, sources)
  return jwt.claims
}
