import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import { continueTokenSet } from '../protocol/refresh-continuity.ts'
import { buildRefreshRequest, type TokenRequestOptions } from '../protocol/token-request.ts'
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
  const verified = await verifyRefreshedToken(settings, issuer, judged.tokens, login.claims)
  const { tokens, notices } = continueTokenSet(previous, judged)
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
