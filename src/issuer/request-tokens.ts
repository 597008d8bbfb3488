import { oauthToken } from '../../generated/endpoints.ts'
import type { TokenRequest as TokenParameters, TokenResponse } from '../../generated/models.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { assertCertificateBindingSupported } from '../protocol/mtls-endpoints.ts'
import { type JudgedTokens, judgeTokenResponse, type TokenExpectations } from '../protocol/token-response.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'

export interface TokenRequest extends IssuerRequest {
  readonly parameters: TokenParameters
  /** What absent scope in the answer means. */
  readonly requestedScope?: string
  readonly resource?: readonly string[]
  readonly allowBearerDowngrade?: boolean
  /** Refuses an answer that does not say what was granted. @default false */
  readonly requireScope?: boolean
}

/**
 * One token request, answered and judged.
 *
 * @throws OAuthResponseError, ResponseError, ProtocolError, ConfigurationError, NetworkError, TimeoutError
 * @see RFC 6749 5
 */
export async function requestTokens(issuer: Issuer, request: TokenRequest): Promise<JudgedTokens> {
  const answer = await sendTokenRequest(issuer, request)
  return judgeTokenResponse(answer, tokenExpectations(issuer, request))
}

/** The answer of the token endpoint, of the right shape and not yet judged: what it means differs by grant. */
export async function sendTokenRequest(issuer: Issuer, request: TokenRequest): Promise<TokenResponse> {
  const { parameters, signal } = request
  const api = await issuer.api(request)
  const metadata = await issuer.metadata.get()
  assertClientAuthSupported(metadata, 'token', issuer.clientAuth)
  if (issuer.certificateBoundAccessTokens) assertCertificateBindingSupported(metadata)
  return await oauthToken(api, { body: parameters }, signal ? { signal } : {})
}

/** What the answer is held against; the time is that of the call. */
export function tokenExpectations(issuer: Issuer, request: TokenRequest): TokenExpectations {
  const { parameters, requestedScope, resource, dpopKey, allowBearerDowngrade, requireScope } = request
  return {
    issuer: issuer.issuer,
    grant: parameters.grant_type,
    dpop: dpopKey !== undefined,
    receivedAt: issuer.runtime.now(),
    ...(requestedScope !== undefined && { requestedScope }),
    ...(resource && { resource }),
    ...(allowBearerDowngrade !== undefined && { allowBearerDowngrade }),
    ...(requireScope !== undefined && { requireScope }),
  }
}
