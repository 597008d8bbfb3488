import { ProtocolError } from '../errors/protocol.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import type { Notice } from '../protocol/notice.ts'
import { continueTokenSet } from '../protocol/refresh-continuity.ts'
import { buildRefreshRequest, type TokenRequestOptions } from '../protocol/token-request.ts'
import type { JudgedTokens } from '../protocol/token-response.ts'
import type { ClientSettings } from './client-options.ts'
import type { LoginResult, RenewableLogin } from './login-result.ts'
import { verifyRefreshedToken } from './verify-login-token.ts'

export interface RefreshOptions extends TokenRequestOptions {
  readonly signal?: AbortSignal
}

/**
 * Trades the refresh token for new tokens. A refresh token goes only to the issuer that it came from, with the
 * key that it was bound to.
 *
 * @see RFC 6749 6, OpenID Connect Core 12.2
 */
export async function refreshLogin(
  settings: ClientSettings,
  issuer: Issuer,
  login: RenewableLogin,
  options: RefreshOptions = {},
): Promise<LoginResult> {
  const { tokens: previous, dpopKey } = login
  if (previous.refreshToken === undefined) throw new TypeError('refresh: the login has no refresh token')
  if (previous.issuer !== issuer.issuer) {
    throw new TypeError(
      `refresh: the tokens come from "${previous.issuer}", and go nowhere else; this client is of "${issuer.issuer}"`,
    )
  }
  const { signal, ...wishes } = options
  const judged = await requestTokens(issuer, {
    parameters: buildRefreshRequest(previous.refreshToken, wishes),
    requestedScope: options.scope ?? previous.scope,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    ...(dpopKey && { dpopKey }),
    ...(signal && { signal }),
  })
  const { verified, answer } = await verifyOrDrop(settings, issuer, judged, login)
  const { tokens, notices } = continueTokenSet(previous, answer)
  const claims = verified?.claims ?? login.claims
  return {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    tokens,
    notices,
    checks: verified?.checks ?? [],
    ...(claims && { claims }),
    ...(dpopKey && { dpopKey }),
  }
}

/**
 * Because the old refresh token is used up, an answer whose id_token cannot be judged just now (its keys cannot be
 * had) is kept without it. One that was judged and is wrong is refused.
 */
async function verifyOrDrop(settings: ClientSettings, issuer: Issuer, judged: JudgedTokens, login: RenewableLogin) {
  try {
    return { verified: await verifyRefreshedToken(settings, issuer, judged.tokens, login.claims), answer: judged }
  } catch (error) {
    if (error instanceof ProtocolError && error.code !== 'invalid_jwks') throw error
    const { idToken, ...tokens } = judged.tokens
    return { verified: undefined, answer: { tokens, notices: [...judged.notices, unverified] } }
  }
}

const unverified: Notice = {
  code: 'unverified_id_token',
  message: 'the keys for the id_token of the refresh could not be had; it was dropped',
  clause: 'OpenID Connect Core 12.2',
}
