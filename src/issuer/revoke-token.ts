import { oauthRevoke } from '../../generated/endpoints.ts'
import { ApiError, OAuthResponseError } from '../errors/response.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { buildRevocationRequest, judgeRevocationResponse, type RevocableToken } from '../protocol/revocation.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'

export interface RevokeOptions extends IssuerRequest {
  /** Where the server looks first. */
  readonly tokenTypeHint?: RevocableToken
}

/**
 * Revokes a token. One that the server does not know is as good as revoked (RFC 7009 2.2).
 *
 * @throws OAuthResponseError where the server says that it will not, and whatever a request to an endpoint throws
 * @see RFC 7009 2
 */
export async function revokeToken(issuer: Issuer, token: string, options: RevokeOptions = {}): Promise<void> {
  assertKnownOptions('revoke', options, ['tokenTypeHint', 'dpopKey', 'signal'])
  const api = await issuer.api(options, 'revocation')
  assertClientAuthSupported(await issuer.metadata.get(), 'revocation', issuer.clientAuth)
  const body = buildRevocationRequest(token, options.tokenTypeHint)
  try {
    await oauthRevoke(api, { body }, options.signal ? { signal: options.signal } : {})
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const code = error instanceof OAuthResponseError ? error.error : undefined
    if (judgeRevocationResponse(error.status, code) !== 'revoked') throw error
  }
}
