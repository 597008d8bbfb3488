import { getUserInfo } from '../../generated/endpoints.ts'
import type { UserInfo } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import { createApi } from '../http/create-api.ts'
import type { AccessToken } from '../http/token-source.ts'
import { withAccessToken } from '../http/with-access-token.ts'
import { judgeUserInfoJwt } from '../protocol/userinfo-jwt.ts'
import { judgeUserInfoResponse, type UserInfoClaims } from '../protocol/userinfo-response.ts'
import type { Issuer } from './issuer.ts'
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
  readonly signal?: AbortSignal
}

/**
 * Reads the claims about the user that the access token is good for. Where a signed or encrypted answer was registered,
 * nothing else is taken; a JWT that comes without is verified all the same.
 *
 * @param subject the `sub` of the verified id_token, which the answer must name, too
 * @throws ProtocolError `userinfo_subject_mismatch`, `invalid_userinfo_response`, and whatever a request throws
 * @see OpenID Connect Core 5.3
 */
export async function fetchUserInfo(
  issuer: Issuer,
  token: AccessToken,
  subject: string,
  options: UserInfoOptions = {},
  protection: ResponseProtection = {},
): Promise<UserInfoClaims> {
  const metadata = await issuer.metadata.get(options)
  const { userinfo_endpoint: endpoint, userinfo_signing_alg_values_supported: serverAlgorithms } = metadata
  if (endpoint === undefined) {
    throw new ConfigurationError('missing_metadata', `${issuer.issuer} has no "userinfo_endpoint"`, {
      field: 'userinfo_endpoint',
    })
  }
  const answer = await requestUserInfo(issuer, token, endpoint, options, protection)
  if (typeof answer !== 'string') {
    if (isProtected(protection)) throw refusePlain('invalid_userinfo_response', 'userinfo response', 'OIDC Core 5.3.2')
    return judgeUserInfoResponse(answer, subject)
  }
  assertRegistered(answer, 'userinfo', protection)
  const jwt = await decryptResponse(answer, 'userinfo response', protection)
  const rules = responseRules(issuer, protection, serverAlgorithms)
  return judgeUserInfoResponse(await judgeUserInfoJwt(jwt, rules, responseKeys(issuer, options)), subject)
}

async function requestUserInfo(
  issuer: Issuer,
  token: AccessToken,
  endpoint: string,
  options: UserInfoOptions,
  protection: ResponseProtection,
): Promise<UserInfo | string> {
  const source = { getAccessToken: async () => token }
  const authenticatedFetch = withAccessToken(issuer.limited, source, {
    origins: [new URL(endpoint).origin],
    allowLoopbackHttp: issuer.allowLoopbackHttp,
    nonces: issuer.nonces,
    clocks: issuer.clocks,
    runtime: issuer.runtime,
  })
  const metadata = await issuer.metadata.get(options)
  const api = createApi({ metadata, fetch: issuer.limited, authenticatedFetch })
  if (!isProtected(protection)) return await getUserInfo(api, {}, options)
  return await getUserInfo(api, {}, { ...options, headers: { accept: 'application/jwt' } })
}
