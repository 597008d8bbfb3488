import { getUserInfo, postUserInfo } from '../../generated/endpoints.ts'
import type { UserInfo } from '../../generated/models.ts'
import { createApi } from '../http/create-api.ts'
import type { AccessToken } from '../http/token-source.ts'
import { withAccessToken } from '../http/with-access-token.ts'
import { withTokenInBody } from '../http/with-token-in-body.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { judgeUserInfoJwt } from '../protocol/userinfo-jwt.ts'
import { judgeUserInfoResponse, type UserInfoClaims } from '../protocol/userinfo-response.ts'
import type { Issuer } from './issuer.ts'
import { missingEndpoint } from './missing-endpoint.ts'
import {
  assertRegistered,
  decryptResponse,
  isProtected,
  type ResponseProtection,
  refusePlain,
  responseKeys,
  responseRules,
} from './response-jwt.ts'

export interface UserInfoOptions {
  /**
   * Where the token goes: in the Authorization header, or in the form of a POST, which only a Bearer token may
   * (RFC 6750 2.2, RFC 9449 7.1). @default 'header'
   */
  readonly tokenIn?: 'header' | 'body'
  readonly signal?: AbortSignal
}

/**
 * Reads the claims about the user that the access token is good for. Where a signed or encrypted answer was registered,
 * nothing else is taken; a JWT that comes without is verified all the same.
 *
 * @param subject the `sub` of the verified id_token, which the answer must name, too
 * @throws ProtocolError `userinfo_subject_mismatch`, `invalid_userinfo_response`, and whatever a request throws
 * @throws TypeError for a bound token in the body
 * @see OpenID Connect Core 5.3.1, 5.3.2
 */
export async function fetchUserInfo(
  issuer: Issuer,
  token: AccessToken,
  subject: string,
  options: UserInfoOptions = {},
  protection: ResponseProtection = {},
): Promise<UserInfoClaims> {
  assertKnownOptions('userInfo', options, ['tokenIn', 'signal'])
  const { tokenIn = 'header', ...init } = options
  if (tokenIn !== 'header' && tokenIn !== 'body') throw new TypeError('userInfo: "tokenIn" must be header or body')
  // RFC 9449 7.1: a bound token goes by the scheme DPoP, which there is in the header only.
  if (tokenIn === 'body' && token.kind !== 'bearer') {
    throw new TypeError('userInfo: a token that is bound to a key goes in the header only (RFC 9449 7.1)')
  }
  const metadata = await issuer.metadata.get(init)
  const { userinfo_endpoint: endpoint, userinfo_signing_alg_values_supported: serverAlgorithms } = metadata
  if (endpoint === undefined) {
    throw missingEndpoint(issuer.issuer, 'userinfo_endpoint', 'OpenID Connect Discovery 3')
  }
  const answer = await requestUserInfo(issuer, token, endpoint, options, protection)
  if (typeof answer !== 'string') {
    if (isProtected(protection)) throw refusePlain('invalid_userinfo_response', 'userinfo response', 'OIDC Core 5.3.2')
    return judgeUserInfoResponse(answer, subject)
  }
  assertRegistered(answer, 'userinfo', protection)
  const jwt = await decryptResponse(answer, 'userinfo response', protection)
  const rules = responseRules(issuer, protection, serverAlgorithms)
  return judgeUserInfoResponse(await judgeUserInfoJwt(jwt, rules, responseKeys(issuer, init)), subject)
}

async function requestUserInfo(
  issuer: Issuer,
  token: AccessToken,
  endpoint: string,
  { tokenIn, ...init }: UserInfoOptions,
  protection: ResponseProtection,
): Promise<UserInfo | string> {
  const { limited: fetch } = issuer
  const isPosted = tokenIn === 'body'
  const authenticatedFetch = isPosted ? withTokenInBody(fetch, token.value) : withHeader(issuer, token, endpoint)
  const api = createApi({ metadata: await issuer.metadata.get(init), fetch, authenticatedFetch })
  const ask = isPosted ? postUserInfo : getUserInfo
  return await ask(api, {}, isProtected(protection) ? { ...init, headers: { accept: 'application/jwt' } } : init)
}

function withHeader(issuer: Issuer, token: AccessToken, endpoint: string): Fetch {
  const { limited, allowLoopbackHttp, nonces, clocks, runtime } = issuer
  const source = { getAccessToken: async () => token }
  const origins = [new URL(endpoint).origin]
  return withAccessToken(limited, source, { origins, allowLoopbackHttp, nonces, clocks, runtime })
}
