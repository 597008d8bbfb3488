import { importSigningKey } from '#signatures'
import type { OAuthClient } from '../client/oauth-client.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { OAuthResponseError } from '../errors/response.ts'
import { SessionError, StoreError } from '../errors/session.ts'
import type { AccessToken, AccessTokenRequest } from '../http/token-source.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SigningKey, StoredSigningKey } from '../lib/signatures/types.ts'
import type { Refreshable, RefreshEngine, RefreshOutcome } from '../refresh/refresh-engine.ts'
import type { RefreshBackoff } from './refresh-backoff.ts'
import { errorCode, type SessionEventListener } from './session-events.ts'
import type { SessionRecords } from './session-records.ts'
import {
  type ActiveSessionState,
  endSession,
  notGranted,
  refreshDueAt,
  type SessionEndReason,
  type SessionState,
} from './session-state.ts'

/** What every session of one `createSessions` shares. */
export interface SessionContext {
  readonly client: OAuthClient
  readonly records: SessionRecords
  readonly engine: RefreshEngine
  readonly backoff: RefreshBackoff
  readonly runtime: Runtime
  readonly emit: SessionEventListener
  /** Milliseconds before expiry. */
  readonly refreshAhead: number
}

/**
 * A token that is good now: the stored one, or the one that a refresh gives when it is due or was refused.
 *
 * @throws SessionError `session_not_found`, `session_expired`, `not_granted`, or `refresh_failed` with its cause
 */
export async function getSessionToken(
  context: SessionContext,
  id: string,
  request: AccessTokenRequest = {},
): Promise<AccessToken> {
  const state = assertActive(await newestState(context, id))
  assertGranted(state, request)
  const rejected = request.rejected !== undefined && request.rejected === state.tokens.accessToken
  if (!rejected && context.runtime.now() < refreshDueAt(state.tokens, context.refreshAhead)) return tokenOf(state)

  const usable = !rejected && !hasExpired(state, context.runtime)
  const failure = context.backoff.waiting(id)
  if (failure !== undefined) {
    if (usable) return tokenOf(state)
    throw refreshFailed(failure)
  }
  if (state.tokens.refreshToken === undefined) {
    if (usable) return tokenOf(state)
    return await endWithoutRefreshToken(context, state, rejected ? 'access_token_rejected' : 'access_token_expired')
  }
  return await renew(context, state, usable, request.signal)
}

/** Tokens that the store could not take are newer than what it holds; each call may be their chance to be written. */
async function newestState(context: SessionContext, id: string): Promise<SessionState | undefined> {
  const pending = context.engine.pending<SessionState>(keyOf(id))
  if (pending?.status !== 'active') return await context.records.current(id)
  if (context.backoff.waiting(id) !== undefined) return pending
  await context.engine.flush(refreshable(context, pending))
  return context.engine.pending<SessionState>(keyOf(id)) ?? (await context.records.current(id))
}

const keyOf = (id: string) => `session:${id}`

/** Renews now, whatever the token's age. */
export async function forceRefresh(context: SessionContext, id: string, signal?: AbortSignal): Promise<AccessToken> {
  const state = assertActive((await context.records.read(id))?.state)
  if (state.tokens.refreshToken === undefined) {
    throw new SessionError(
      'refresh_failed',
      'the session has no refresh token; the server gave none (is offline_access in the scope?)',
    )
  }
  return await renew(context, state, false, signal)
}

async function renew(
  context: SessionContext,
  state: ActiveSessionState,
  usable: boolean,
  signal: AbortSignal | undefined,
): Promise<AccessToken> {
  let outcome: RefreshOutcome<SessionState>
  try {
    outcome = await context.engine.refresh(refreshable(context, state), signal)
  } catch (error) {
    if (signal?.aborted) throw error
    if (usable && !hasExpired(state, context.runtime)) return tokenOf(state)
    throw refreshFailed(error)
  }
  return await tokenOf(settle(outcome))
}

function settle(outcome: RefreshOutcome<SessionState>): ActiveSessionState {
  if (outcome.kind === 'gone') return assertActive(undefined)
  return assertActive(outcome.state, outcome.kind === 'ended' ? outcome.error : undefined)
}

/** The session as the refresh engine sees it: to be renewed while it still holds the token that was seen. */
function refreshable(context: SessionContext, seen: ActiveSessionState): Refreshable<SessionState> {
  const { client, records, backoff, emit } = context
  const about = { session: seen.id, issuer: seen.issuer }
  return {
    key: keyOf(seen.id),
    read: () => records.read(seen.id),
    needsRefresh: (state) => state.status === 'active' && state.tokens.accessToken === seen.tokens.accessToken,
    async request(state) {
      const active = assertActive(state)
      const { tokens, claims } = await client.refresh(await loginOf(active))
      return { ...active, tokens, ...(claims && { claims }), generation: active.generation + 1 }
    },
    write: (next, version) => records.replace(next, version),
    isSameGeneration: (current, from) => current.generation === from.generation,
    rebase: (next, current) => ({ ...next, ...(current.data !== undefined && { data: current.data }) }),
    async abandon(next) {
      if (next.status === 'active') await revokeTokens(context, next)
    },
    afterFailure(error, state) {
      const reason = endingReason(error)
      return reason === undefined || state.status === 'expired' ? undefined : endSession(state, reason)
    },
    settled(outcome) {
      const stored = outcome.kind !== 'refreshed' || outcome.stored
      if (stored) backoff.succeeded(seen.id)
      else backoff.failed(seen.id, storeDown())
      if (outcome.kind === 'refreshed') emit({ kind: 'session_refreshed', ...about, stored })
      if (outcome.kind === 'ended' && outcome.state.status === 'expired') {
        emit({ kind: 'session_expired', ...about, reason: outcome.state.reason })
      }
    },
    failed(error) {
      backoff.failed(seen.id, error)
      emit({ kind: 'session_degraded', ...about, error: errorCode(error) })
    },
  }
}

/** Only a well-formed `invalid_grant`, or an answer for somebody else, ends a session. */
function endingReason(error: unknown): SessionEndReason | undefined {
  const wellFormed = error instanceof OAuthResponseError && (error.status === 400 || error.status === 401)
  if (wellFormed && error.error === 'invalid_grant') return 'refresh_refused'
  if (error instanceof ProtocolError && error.code === 'refresh_mismatch') return 'refresh_mismatch'
  return undefined
}

/** Ends a session whose renewed token was refused as well: no other will be taken either. */
export async function endRefused(context: SessionContext, id: string): Promise<void> {
  const found = await context.records.read(id)
  if (found?.state.status !== 'active') return
  const reason = 'access_token_rejected'
  if (!(await context.records.replace(endSession(found.state, reason), found.version))) return
  context.emit({ kind: 'session_expired', session: id, issuer: found.state.issuer, reason })
}

async function endWithoutRefreshToken(
  context: SessionContext,
  seen: ActiveSessionState,
  reason: SessionEndReason,
): Promise<AccessToken> {
  const found = await context.records.read(seen.id)
  if (!found) return await tokenOf(assertActive(undefined))
  // Somebody else's newer token is as good as our own.
  if (found.state.generation !== seen.generation) return await tokenOf(assertActive(found.state))
  const ended = endSession(found.state, reason)
  await context.records.replace(ended, found.version)
  context.emit({ kind: 'session_expired', session: seen.id, issuer: seen.issuer, reason })
  return await tokenOf(assertActive(ended))
}

/** Both tokens, each failure an event: a server that is down must not keep anybody logged in here. */
export async function revokeTokens(context: SessionContext, state: ActiveSessionState): Promise<void> {
  const { tokens } = state
  const kinds = [
    ['refresh_token', tokens.refreshToken],
    ['access_token', tokens.accessToken],
  ] as const
  const dpopKey = state.dpopKey && (await importOnce(state.dpopKey))
  for (const [token, value] of kinds) {
    if (value === undefined) continue
    try {
      await context.client.revoke(value, { tokenTypeHint: token, ...(dpopKey && { dpopKey }) })
    } catch (error) {
      // Revocation is best effort (RFC 7009 2.2 has no answer to act on); the event tells who wants to know.
      const { id: session, issuer } = state
      context.emit({ kind: 'revocation_failed', session, issuer, token, error: errorCode(error) })
    }
  }
}

async function loginOf(state: ActiveSessionState) {
  const { tokens, claims, dpopKey } = state
  return { tokens, ...(claims && { claims }), ...(dpopKey && { dpopKey: await importOnce(dpopKey) }) }
}

async function tokenOf(state: ActiveSessionState): Promise<AccessToken> {
  const { accessToken: value, scope, resource, expiresAt, tokenType } = state.tokens
  const common = { value, scope, ...(resource && { resource }), ...(expiresAt !== undefined && { expiresAt }) }
  if (tokenType === 'DPoP' && state.dpopKey) return { ...common, kind: 'dpop', key: await importOnce(state.dpopKey) }
  return { ...common, kind: 'bearer' }
}

const importedKeys = new WeakMap<StoredSigningKey, Promise<SigningKey>>()

/** A state object lives as long as it is cached, and so does its imported key. */
function importOnce(stored: StoredSigningKey): Promise<SigningKey> {
  let key = importedKeys.get(stored)
  if (!key) {
    key = Promise.resolve(importSigningKey(stored))
    importedKeys.set(stored, key)
  }
  return key
}

function hasExpired({ tokens }: ActiveSessionState, runtime: Runtime): boolean {
  return tokens.expiresAt !== undefined && tokens.expiresAt <= runtime.now()
}

function assertGranted(state: ActiveSessionState, request: AccessTokenRequest): void {
  const missing = notGranted(state.tokens, request)
  if (missing.length === 0) return
  const reason = missing.join(' ')
  throw new SessionError(
    'not_granted',
    `the session was not granted "${reason}"; it has "${state.tokens.scope}". Log in again and ask for it`,
    { reason },
  )
}

function assertActive(state: SessionState | undefined, cause?: unknown): ActiveSessionState {
  if (!state)
    throw new SessionError(
      'session_not_found',
      'there is no such session; it was logged out or has passed its lifetime',
    )
  if (state.status === 'active') return state
  throw new SessionError('session_expired', `the session has ended (${state.reason}); the user must log in again`, {
    reason: state.reason,
    cause,
  })
}

function storeDown(): StoreError {
  return new StoreError('store_unavailable', 'the renewed tokens could not be stored yet; they are kept in memory', {
    record: 'session',
  })
}

function refreshFailed(cause: unknown): SessionError {
  return new SessionError(
    'refresh_failed',
    'the access token needs a refresh, which failed; the session is kept and tries again',
    { cause },
  )
}
