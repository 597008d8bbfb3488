import { jsonType } from '../lib/printable.ts'
import { introspectionResponseProfile } from './jwt-profiles.ts'
import { refuseJwt, type SignedJwtRules, type SignedJwtSources, verifySignedJwt } from './signed-jwt.ts'

const refusal = { code: 'invalid_introspection_response', noun: 'introspection response' } as const

/**
 * Takes the introspection response out of a signed JWT; what it says of the token is judged as plain JSON is.
 *
 * @throws ProtocolError `invalid_introspection_response`, `invalid_jwt`
 * @see RFC 9701 5
 */
export async function judgeIntrospectionJwt(
  token: unknown,
  rules: Omit<SignedJwtRules, 'profile' | 'noun' | 'code'> & { readonly audience: string | readonly string[] },
  sources: SignedJwtSources,
): Promise<unknown> {
  const profile = introspectionResponseProfile
  const { claims } = await verifySignedJwt(token, { ...rules, ...refusal, profile }, sources)
  const { token_introspection: response } = claims
  if (jsonType(response) === 'object') return response
  throw refuseJwt(refusal, 'claim "token_introspection"', 'RFC 9701 5', 'an object', jsonType(response))
}
