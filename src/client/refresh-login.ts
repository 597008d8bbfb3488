import { importSigningKey } from '#signatures'
import { NetworkError, TimeoutError } from '../errors/network.ts'
import { IdTokenError, ProtocolError } from '../errors/protocol.ts'
import { ResponseError } from '../errors/response.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { type TokenRequestOptions, tokenRequestOptionNames } from '../protocol/grant-request.ts'
import { parseJwt } from '../protocol/jwt.ts'
import { continueTokenSet } from '../protocol/refresh-continuity.ts'
import { buildRefreshRequest } from '../protocol/token-request.ts'
import type { JudgedTokens } from '../protocol/token-response.ts'
import type { TokenSet } from '../protocol/token-set.ts'
import type { ClientSettings } from './client-options.ts'
import type { LoginResult, RenewableLogin } from './login-result.ts'
import { withSignedIdToken } from './signed-id-token.ts'
import { verifyRefreshedToken } from './verify-login-token.ts'

/** How tokens are renewed by `refresh`. */
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
  assertKnownOptions('refresh', options, [...tokenRequestOptionNames, 'signal'])
  if (!login?.tokens) throw new TypeError('refresh: "login" must be a LoginResult, or its tokens, claims and key')
  const { tokens: previous } = login
  if (previous.refreshToken === undefined) throw new TypeError('refresh: the login has no refresh token')
  if (previous.issuer !== issuer.issuer) {
    throw new TypeError(
      `refresh: the tokens come from "${previous.issuer}", and go nowhere else; this client is of "${issuer.issuer}"`,
    )
  }
  const dpopKey = login.dpopKey && (await importSigningKey(login.dpopKey))
  const { signal, ...wishes } = options
  const parameters = buildRefreshRequest(previous.refreshToken, wishes)
  const judged = await requestTokens(issuer, {
    parameters,
    requestedScope: options.scope ?? previous.scope,
    allowBearerDowngrade: settings.allowBearerDowngrade,
    requireScope: settings.requireScope,
    ...(parameters.resource && { resource: parameters.resource }),
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
 * Because the old refresh token is used up, no caller's signal ends this any more, and an answer whose id_token cannot
 * be judged just now is kept without it: its keys cannot be had, or the clock is wrong. One that was judged and is wrong
 * is refused.
 */
async function verifyOrDrop(settings: ClientSettings, issuer: Issuer, judged: JudgedTokens, login: RenewableLogin) {
  try {
    const verified = await verifyRefreshedToken(settings, issuer, judged.tokens, login.claims)
    return { verified, answer: { ...judged, tokens: await withSignedIdToken(settings, judged.tokens) } }
  } catch (error) {
    const reason = await reasonToDrop(error, settings, judged.tokens)
    if (reason === undefined) throw error
    const { idToken, ...tokens } = judged.tokens
    const message = `the id_token of the refresh was dropped: ${reason}`
    const notice = { code: 'unverified_id_token', message, clause: 'OpenID Connect Core 12.2' } as const
    return { verified: undefined, answer: { tokens, notices: [...judged.notices, notice] } }
  }
}

const clockChecks: readonly string[] = ['exp', 'nbf', 'iat', 'auth_time', 'max_age']
/** Seconds by which a token issued just now may seem to be of another time, before one of the clocks is wrong. */
const clockDoubt = 60

async function reasonToDrop(error: unknown, settings: ClientSettings, tokens: TokenSet): Promise<string | undefined> {
  if (error instanceof IdTokenError) {
    if (!clockChecks.includes(error.check)) return undefined
    // The signature was right, or no time would have been looked at; the token is of this second by both clocks or by one.
    const { idToken, receivedAt } = await withSignedIdToken(settings, tokens)
    const age = receivedAt / 1000 - Number(parseJwt(idToken).claims.iat)
    return Math.abs(age) > clockDoubt ? 'the clocks do not agree' : undefined
  }
  const isKeyless =
    error instanceof NetworkError ||
    error instanceof TimeoutError ||
    error instanceof ResponseError ||
    (error instanceof ProtocolError && error.code === 'invalid_jwks')
  return isKeyless ? 'its keys could not be had' : undefined
}
