import { getUserInfo } from '../../generated/endpoints.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import { createApi } from '../http/create-api.ts'
import type { AccessToken } from '../http/token-source.ts'
import { withAccessToken } from '../http/with-access-token.ts'
import { judgeUserInfoResponse, type UserInfoClaims } from '../protocol/userinfo-response.ts'
import type { Issuer } from './issuer.ts'

/**
 * Reads the claims about the user that the access token is good for.
 *
 * @param subject the `sub` of the verified id_token, which the answer must name, too
 * @throws ProtocolError `userinfo_subject_mismatch`, `invalid_userinfo_response`, and whatever a request throws
 * @see OpenID Connect Core 5.3
 */
export async function fetchUserInfo(
  issuer: Issuer,
  token: AccessToken,
  subject: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<UserInfoClaims> {
  const metadata = await issuer.metadata.get(options)
  const { userinfo_endpoint: endpoint } = metadata
  if (endpoint === undefined) {
    throw new ConfigurationError('missing_metadata', `${issuer.issuer} has no "userinfo_endpoint"`, {
      field: 'userinfo_endpoint',
    })
  }
  const source = { getAccessToken: async () => token }
  const authenticatedFetch = withAccessToken(issuer.limited, source, {
    origins: [new URL(endpoint).origin],
    allowLoopbackHttp: issuer.allowLoopbackHttp,
    nonces: issuer.nonces,
    runtime: issuer.runtime,
  })
  const api = createApi({ metadata, fetch: issuer.limited, authenticatedFetch })
  return judgeUserInfoResponse(await getUserInfo(api, {}, options), subject)
}
