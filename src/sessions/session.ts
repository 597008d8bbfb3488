import type { AccessToken, AccessTokenRequest, TokenSource } from '../http/token-source.ts'
import { errorCode } from '../lib/emitter.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { type SessionContext, serialOf } from './session-context.ts'
import { notFound } from './session-faults.ts'
import { createSessionFetch, type SessionFetchOptions } from './session-fetch.ts'
import { type ActiveSessionState, refreshDueAt, type SessionState } from './session-state.ts'
import { endRefused, forceRefresh, freshToken, getSessionToken, writePending } from './session-tokens.ts'

/** A login that lasts. Every method works on the record of its id, so that two objects of one session agree. */
export interface Session extends TokenSource {
  /** 128 random bits; the key to everything here, so it belongs in a sealed cookie and in no log. Not enumerable. */
  readonly id: string
  /** Names the session in events and logs, and opens nothing. */
  readonly ref: string
  /** The issuer of the login. */
  readonly issuer: string
  /** The `sub` of the id_token, or what else the login was held to. Unique only with `issuer`. */
  readonly subject: string | undefined
  /** Where its tokens are to be used (RFC 8707), as it was when this object was made. */
  readonly resource: readonly string[]
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Claims of the verified id_token, as they were when this object was made. */
  readonly claims: IdTokenClaims | undefined
  /** As the application gave it at login. */
  readonly data: unknown
  /**
   * `fetch` with the session's token: Bearer or DPoP, renewed ahead of expiry, and once when it is refused.
   * A relative URL is resolved on the session's base URL; other origins than the session's are refused.
   *
   * @throws RequestError `origin_not_allowed`, `insecure_url`, `body_not_replayable`
   * @throws SessionError when there is no token to be had
   */
  readonly fetch: typeof fetch
  /** @throws SessionError */
  getAccessToken(request?: AccessTokenRequest): Promise<AccessToken>
  /** A new access token now, whatever the age of the old one. */
  refresh(options?: { readonly signal?: AbortSignal }): Promise<AccessToken>
  /** Reads the store. @throws SessionError `session_not_found` once it was logged out */
  status(): Promise<SessionStatus>
  /** Deletes the session, then revokes its tokens at the server, as far as that can be reached. */
  logout(options?: { readonly postLogoutRedirectUri?: string; readonly state?: string }): Promise<LogoutResult>
}

/**
 * `active`; `refreshing` while this process renews it; `degraded` when a refresh failed or its outcome is unknown, and
 * the access token is still good; `expired` when the user must log in again, until it is logged out.
 */
export type SessionStatus = 'active' | 'refreshing' | 'degraded' | 'expired'

/** What is left to do after a logout. */
export interface LogoutResult {
  /** Where to send the browser so that the server's own session ends, too; absent where the server has no such page. */
  readonly endSessionUrl?: URL
}

export function createSession(
  context: SessionContext,
  state: SessionState,
  transport: Fetch,
  fetchOptions: SessionFetchOptions,
): Session {
  const { id, ref, issuer, subject, claims, createdAt, data } = state
  const getAccessToken = (request?: AccessTokenRequest) => getSessionToken(context, id, request)
  const session: Omit<Session, 'id'> = {
    ref,
    issuer,
    subject,
    resource: state.status === 'active' ? (state.tokens.resource ?? []) : [],
    createdAt,
    claims,
    data,
    fetch: createSessionFetch(
      transport,
      {
        getAccessToken,
        freshToken: () => freshToken(context, id),
        refusedAgain: (token) => endRefused(context, id, token),
      },
      fetchOptions,
    ),
    getAccessToken,
    refresh: (options = {}) => forceRefresh(context, id, options.signal),
    async status() {
      const found = await context.records.read(id)
      if (!found) throw notFound()
      return statusOf(context, found.state)
    },
    logout: (options = {}) => logout(context, id, options),
  }
  return Object.defineProperty(session, 'id', { value: id }) as Session
}

function statusOf(context: SessionContext, state: SessionState): SessionStatus {
  const { engine, backoff } = context
  if (state.status === 'expired') return 'expired'
  if (engine.isRefreshing(`${serialOf(state.id)} `)) return 'refreshing'
  const isInDoubt = state.outcomeUnknown === true || state.attempt !== undefined
  // A token that is not due any more was renewed by another process.
  const isOverdue = backoff.isFailing(state.id) && isDue(context, state)
  return isInDoubt || isOverdue || backoff.waiting(state.id) !== undefined ? 'degraded' : 'active'
}

const isDue = ({ runtime, refreshAhead }: SessionContext, { tokens }: ActiveSessionState) =>
  runtime.now() >= refreshDueAt(tokens, refreshAhead)

/** Local first: whatever the server does, nobody is logged in here any more. */
async function logout(
  context: SessionContext,
  id: string,
  options: { readonly postLogoutRedirectUri?: string; readonly state?: string },
): Promise<LogoutResult> {
  // The newest tokens are those to revoke; and what the store did not take before the session went, none may use.
  await writePending(context, id)
  const state = await context.records.take(id)
  await writePending(context, id)
  if (!state) return {}
  context.emit({ kind: 'session_ended', session: state.ref, issuer: state.issuer })
  if (state.status !== 'active') return {}
  await revokeTokens(context, state)
  const { idToken } = state.tokens
  try {
    const client = await context.clientOf(state)
    const endSessionUrl = await client.createEndSessionUrl({
      ...options,
      ...(idToken !== undefined && { idTokenHint: idToken }),
    })
    return endSessionUrl ? { endSessionUrl } : {}
  } catch (error) {
    // The metadata cannot be had. Nobody is logged in here any more, which is what was asked for.
    context.emit({ kind: 'end_session_failed', session: state.ref, issuer: state.issuer, error: errorCode(error) })
    return {}
  }
}
