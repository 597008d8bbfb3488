import { oauthIntrospect } from '../../generated/endpoints.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { judgeIntrospectionJwt } from '../protocol/introspection-jwt.ts'
import { type Introspection, judgeIntrospectionResponse } from '../protocol/introspection-response.ts'
import type { RevocableToken } from '../protocol/revocation.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'
import {
  decryptResponse,
  isProtected,
  type ResponseProtection,
  refusePlain,
  responseKeys,
  responseRules,
} from './response-jwt.ts'

export interface IntrospectOptions extends IssuerRequest {
  /** Where the server looks first. */
  readonly tokenTypeHint?: RevocableToken
  /** Names under which the server knows this resource server, for the `aud` of a signed answer (RFC 9701 5). @default the client id */
  readonly audience?: string | readonly string[]
}

const jwtType = 'application/token-introspection+jwt'

/**
 * Asks the server what a token is good for. Where signed answers were registered, one is asked for and nothing else
 * is taken.
 *
 * @throws ProtocolError `invalid_introspection_response`, and whatever a request to an endpoint throws
 * @see RFC 7662 2, RFC 9701 4, 5
 */
export async function introspectToken(
  issuer: Issuer,
  token: string,
  options: IntrospectOptions = {},
  protection: ResponseProtection = {},
): Promise<Introspection> {
  if (typeof token !== 'string' || token === '') throw new TypeError('"token" must be a non-empty string')
  assertKnownOptions('introspect', options, ['tokenTypeHint', 'audience', 'dpopKey', 'signal'])
  const api = await issuer.api(options, 'introspection')
  const metadata = await issuer.metadata.get()
  assertClientAuthSupported(metadata, 'introspection', issuer.clientAuth)
  const body = { token, ...(options.tokenTypeHint && { token_type_hint: options.tokenTypeHint }) }
  const init = options.signal ? { signal: options.signal } : {}
  // RFC 9701 4: the answer is asked for as a JWT by the Accept field, and only where the client can read one.
  const headers = { accept: isProtected(protection) ? jwtType : 'application/json' }
  const answer = await oauthIntrospect(api, { body }, { ...init, headers })
  const expected = { issuer: issuer.issuer }
  if (typeof answer !== 'string') {
    if (isProtected(protection))
      throw refusePlain('invalid_introspection_response', 'introspection response', 'RFC 9701 5')
    return judgeIntrospectionResponse(answer, expected)
  }
  const jwt = await decryptResponse(answer, 'introspection response', protection)
  const rules = {
    ...responseRules(issuer, protection, metadata.introspection_signing_alg_values_supported),
    ...(options.audience !== undefined && { audience: options.audience }),
  }
  return judgeIntrospectionResponse(await judgeIntrospectionJwt(jwt, rules, responseKeys(issuer, init)), expected)
}
