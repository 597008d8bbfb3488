import { oauthToken } from '../../generated/endpoints.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import type {
  AuthorizationCodeParameters,
  ClientCredentialsParameters,
  RefreshTokenParameters,
} from '../protocol/token-request.ts'
import { type JudgedTokens, judgeTokenResponse } from '../protocol/token-response.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'

export type TokenParameters = AuthorizationCodeParameters | RefreshTokenParameters | ClientCredentialsParameters

export interface TokenRequest extends IssuerRequest {
  readonly parameters: TokenParameters
  /** What absent scope in the answer means. */
  readonly requestedScope?: string
  readonly resource?: readonly string[]
  readonly allowBearerDowngrade?: boolean
}

/**
 * One token request, answered and judged.
 *
 * @throws OAuthResponseError, ResponseError, ProtocolError, ConfigurationError, NetworkError, TimeoutError
 * @see RFC 6749 5
 */
export async function requestTokens(issuer: Issuer, request: TokenRequest): Promise<JudgedTokens> {
  const { parameters, requestedScope, resource, dpopKey, signal } = request
  const api = await issuer.api(request)
  assertClientAuthSupported(await issuer.metadata.get(), 'token', issuer.clientAuth)
  const body = await oauthToken(api, { body: parameters }, signal ? { signal } : {})
  return judgeTokenResponse(body, {
    issuer: issuer.issuer,
    grant: parameters.grant_type,
    dpop: dpopKey !== undefined,
    receivedAt: issuer.runtime.now(),
    ...(requestedScope !== undefined && { requestedScope }),
    ...(resource && { resource }),
    ...(request.allowBearerDowngrade !== undefined && { allowBearerDowngrade: request.allowBearerDowngrade }),
  })
}
