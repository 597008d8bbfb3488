import { OAuthResponseError } from '../errors/response.ts'
import type { AccessToken, AccessTokenRequest } from '../http/token-source.ts'
import type { Runtime } from '../lib/runtime.ts'
import { importOnce } from '../lib/stored-key.ts'
import type { RefreshOutcome } from '../refresh/refreshable.ts'
import { type SessionContext, serialOf } from './session-context.ts'
import { assertActive, noRefreshToken, notGranted, refreshFailed } from './session-faults.ts'
import { type RenewalTarget, refreshable } from './session-refresh.ts'
import {
  type ActiveSessionState,
  additionalKey,
  endSession,
  missingScopes,
  refreshDueAt,
  type SessionEndReason,
  type SessionState,
  servesResource,
} from './session-state.ts'

/** One of a session's access tokens, as the record has it; the login's own or an additional one. */
interface HeldToken {
  readonly value: string
  readonly scope: string
  readonly resource?: readonly string[]
  readonly expiresAt?: number
  readonly receivedAt: number
  /** The session's generation that it came with. */
  readonly renewal: number
}

/** Which token a caller wants, and how a state is asked for it. */
interface Wanted extends Pick<RenewalTarget, 'key' | 'renew'> {
  readonly find: (state: ActiveSessionState) => HeldToken | undefined
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
  const [missing] = missingScopes(state.tokens, request.scope)
  if (missing !== undefined) throw notGranted(missing, state.tokens.scope)
  const { resource, scope } = request
  const wanted = servesResource(state.tokens, resource) ? ownToken(context) : tokenFor(context, resource!, scope)
  return await obtain(context, state, wanted, request)
}

/** The login's own token where there is nothing to wait for: the record was read lately, and the token is not due. */
export function freshToken(context: SessionContext, id: string): AccessToken | undefined {
  const { records, engine, runtime, refreshAhead } = context
  const state = records.cached(id)
  const token = state && handedOut.get(state)
  if (!token || engine.pending(serialOf(id)) !== undefined) return undefined
  return runtime.now() < refreshDueAt(state.tokens, refreshAhead) ? token : undefined
}

/** The own token of a state, made once: most calls ask for nothing else. */
const handedOut = new WeakMap<ActiveSessionState, AccessToken>()

/** Renews the login's own token now, whatever its age. */
export async function forceRefresh(context: SessionContext, id: string, signal?: AbortSignal): Promise<AccessToken> {
  const state = assertActive((await context.records.read(id))?.state)
  if (state.tokens.refreshToken === undefined) throw noRefreshToken()
  return await renew(context, state, ownToken(context), { seen: state.renewal, usable: false, signal })
}

/**
 * Ends a session whose renewed token was refused as well: no other will be taken either. Only while it still holds
 * that token, and that is fresh: the answer may come late, after somebody else has renewed or its time has come.
 */
export async function endRefused(context: SessionContext, id: string, refused: string): Promise<void> {
  const found = await context.records.read(id)
  if (found?.state.status !== 'active' || found.state.tokens.accessToken !== refused) return
  if (context.runtime.now() >= refreshDueAt(found.state.tokens, context.refreshAhead)) return
  const reason = 'access_token_rejected'
  if (!(await context.records.replace(endSession(found.state, reason), found.version))) return
  context.emit({ kind: 'session_expired', session: found.state.ref, issuer: found.state.issuer, reason })
}

async function obtain(
  context: SessionContext,
  state: ActiveSessionState,
  wanted: Wanted,
  request: AccessTokenRequest,
): Promise<AccessToken> {
  const { runtime, backoff, refreshAhead } = context
  const held = wanted.find(state)
  const rejected = held !== undefined && request.rejected === held.value
  if (held && !rejected && runtime.now() < refreshDueAt(held, refreshAhead)) {
    const token = await give(state, held)
    if (wanted.key === ownKey) handedOut.set(state, token)
    return token
  }

  const usable = held !== undefined && !rejected && !hasExpired(held, runtime)
  const failure = backoff.waiting(state.id)
  if (usable && (failure !== undefined || state.tokens.refreshToken === undefined)) return await give(state, held)
  if (failure !== undefined) throw refreshFailed(failure)
  if (state.tokens.refreshToken === undefined) {
    if (held === undefined) throw noRefreshToken()
    return await endWithoutRefreshToken(context, state, wanted, rejected)
  }
  return await renew(context, state, wanted, { seen: held?.renewal, usable, signal: request.signal })
}

interface Renewal {
  /** The renewal of the token that cannot be used any more, or not for long. */
  readonly seen: number | undefined
  /** Whether it can be used all the same. */
  readonly usable: boolean
  readonly signal: AbortSignal | undefined
}

async function renew(
  context: SessionContext,
  state: ActiveSessionState,
  wanted: Wanted,
  { seen, usable, signal }: Renewal,
): Promise<AccessToken> {
  const target = refreshable(context, state, {
    key: wanted.key,
    renew: wanted.renew,
    isStale: (now) => wanted.find(now)?.renewal === seen,
    canWait: (now) => usable && !hasExpired(wanted.find(now), context.runtime),
  })
  let outcome: RefreshOutcome<SessionState>
  try {
    outcome = await context.engine.refresh(target, signal)
  } catch (error) {
    if (signal?.aborted) throw error
    const held = wanted.find(state)
    if (usable && held && !hasExpired(held, context.runtime)) return await give(state, held)
    throw asRefused(error, state)
  }
  const settled = assertActive(
    outcome.kind === 'gone' ? undefined : outcome.state,
    outcome.kind === 'ended' ? outcome.error : undefined,
  )
  const held = wanted.find(settled)
  if (!held) throw noRefreshToken()
  return await give(settled, held)
}

/** RFC 8707 2: the server does not know the resource, or not for this grant. */
function asRefused(error: unknown, { tokens }: ActiveSessionState): Error {
  const isRefused = error instanceof OAuthResponseError && ['invalid_target', 'invalid_scope'].includes(error.error)
  return isRefused ? notGranted(error.error, tokens.scope, error) : refreshFailed(error)
}

const ownKey = ''

function ownToken({ clientOf }: SessionContext): Wanted {
  return {
    key: ownKey,
    find: ({ tokens: { accessToken: value, ...rest }, renewal }) => ({ value, renewal, ...rest }),
    async renew(state, login) {
      const client = await clientOf(state)
      const { tokens, claims } = await client.refresh(login)
      return { ...state, tokens, renewal: state.generation + 1, ...(claims && { claims }) }
    },
  }
}

/** RFC 8707 2.2: a token for one resource, by the refresh token of the login; what comes besides goes to the login. */
function tokenFor({ clientOf }: SessionContext, resource: string, scope: string | undefined): Wanted {
  const key = additionalKey(resource, scope)
  return {
    key,
    find: (state) => state.additional?.[key],
    async renew(state, login) {
      const client = await clientOf(state)
      const { tokens } = await client.refresh(login, { resource, ...(scope !== undefined && { scope }) })
      const { accessToken: value, expiresAt, receivedAt, refreshToken } = tokens
      const held = { value, scope: tokens.scope, resource: [resource], receivedAt, renewal: state.generation + 1 }
      const additional = { ...state.additional, [key]: { ...held, ...(expiresAt !== undefined && { expiresAt }) } }
      return { ...state, additional, tokens: { ...state.tokens, ...(refreshToken !== undefined && { refreshToken }) } }
    },
  }
}

/** Tokens that the store could not take are newer than what it holds; each call may be their chance to be written. */
async function newestState(context: SessionContext, id: string): Promise<SessionState | undefined> {
  const { engine, backoff, records } = context
  const pending = engine.pending<SessionState>(serialOf(id))
  if (pending?.status !== 'active') return await records.current(id)
  if (backoff.waiting(id) !== undefined) {
    void dropIfGone(context, id)
    return pending
  }
  await writePending(context, id)
  return engine.pending<SessionState>(serialOf(id)) ?? (await records.current(id))
}

/**
 * Tokens that the store could not take: written now, if it takes them, and revoked where the session is gone. Without
 * it they would outlive a logout, in this process and at the server.
 */
export async function writePending(context: SessionContext, id: string): Promise<void> {
  const pending = context.engine.pending<SessionState>(serialOf(id))
  if (pending?.status !== 'active') return
  const target = { ...ownToken(context), isStale: () => false, canWait: () => true }
  await context.engine.flush(refreshable(context, pending, target))
}

/** Another process may have ended the session since. Nobody waits for a store that is down, as it was a moment ago. */
async function dropIfGone(context: SessionContext, id: string): Promise<void> {
  try {
    if (!(await context.records.current(id))) await writePending(context, id)
  } catch {
    // Safe to leave: it is still down, and the next call looks again.
  }
}

async function endWithoutRefreshToken(
  context: SessionContext,
  seen: ActiveSessionState,
  wanted: Wanted,
  rejected: boolean,
): Promise<AccessToken> {
  const found = await context.records.read(seen.id)
  const state = assertActive(found?.state)
  const held = wanted.find(state)
  // Somebody else's newer token is as good as our own.
  if (state.generation !== seen.generation && held) return await give(state, held)
  const reason = rejected ? 'access_token_rejected' : state.outcomeUnknown ? 'refresh_outcome_unknown' : expired
  const ended = endSession(state, reason)
  if (await context.records.replace(ended, found!.version)) {
    context.emit({ kind: 'session_expired', session: seen.ref, issuer: seen.issuer, reason })
  }
  return await give(assertActive(ended), held!)
}

const expired: SessionEndReason = 'access_token_expired'

/** What is needed to use a token goes with it. */
async function give(state: ActiveSessionState, held: HeldToken): Promise<AccessToken> {
  const { value, scope, resource, expiresAt } = held
  const common = { value, scope, ...(resource && { resource }), ...(expiresAt !== undefined && { expiresAt }) }
  if (state.tokens.tokenType === 'DPoP' && state.dpopKey) {
    return { ...common, kind: 'dpop', key: await importOnce(state.dpopKey, 'session') }
  }
  return { ...common, kind: 'bearer' }
}

function hasExpired(held: HeldToken | undefined, runtime: Runtime): boolean {
  return held === undefined || (held.expiresAt !== undefined && held.expiresAt <= runtime.now())
}
