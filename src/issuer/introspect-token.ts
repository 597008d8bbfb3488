import { oauthIntrospect } from '../../generated/endpoints.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { type Introspection, judgeIntrospectionResponse } from '../protocol/introspection-response.ts'
import type { RevocableToken } from '../protocol/revocation.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'

export interface IntrospectOptions extends IssuerRequest {
  /** Where the server looks first. */
  readonly tokenTypeHint?: RevocableToken
}

/**
 * Asks the server what a token is good for.
 *
 * @throws ProtocolError `invalid_introspection_response`, and whatever a request to an endpoint throws
 * @see RFC 7662 2
 */
export async function introspectToken(
  issuer: Issuer,
  token: string,
  options: IntrospectOptions = {},
): Promise<Introspection> {
  if (typeof token !== 'string' || token === '') throw new TypeError('"token" must be a non-empty string')
  const api = await issuer.api(options)
  assertClientAuthSupported(await issuer.metadata.get(), 'introspection', issuer.clientAuth)
  const body = { token, ...(options.tokenTypeHint && { token_type_hint: options.tokenTypeHint }) }
  const answer = await oauthIntrospect(api, { body }, options.signal ? { signal: options.signal } : {})
  return judgeIntrospectionResponse(answer, { issuer: issuer.issuer })
}
