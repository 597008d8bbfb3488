import type { RenewableLogin } from '../client/login-result.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { errorCode } from '../lib/emitter.ts'
import { importOnce } from '../lib/stored-key.ts'
import type { Refreshable } from '../refresh/refreshable.ts'
import { isGrantRefused } from '../refresh/refused-grant.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { type SessionContext, serialOf } from './session-context.ts'
import { assertActive, storeDown } from './session-faults.ts'
import {
  type ActiveSessionState,
  endSession,
  type SessionEndReason,
  type SessionState,
  withoutRefreshToken,
} from './session-state.ts'

/** Which of a session's tokens is to be renewed, and what it is asked for with. */
export interface RenewalTarget {
  /** Told apart from the session's other renewals. */
  readonly key: string
  /** Whether a state still holds the token that the caller cannot use. */
  readonly isStale: (state: ActiveSessionState) => boolean
  /** Whether there is a token to go on with. */
  readonly canWait: (state: ActiveSessionState) => boolean
  /** Sends the refresh token. */
  readonly renew: (state: ActiveSessionState, login: RenewableLogin) => Promise<ActiveSessionState>
}

/** A session as the refresh engine sees it. */
export function refreshable(
  context: SessionContext,
  seen: ActiveSessionState,
  target: RenewalTarget,
): Refreshable<SessionState> {
  const { records } = context
  const { sending, ...told } = outcomes(context, seen, target)
  return {
    key: `${serialOf(seen.id)} ${target.key}`,
    serial: serialOf(seen.id),
    read: () => records.read(seen.id),
    needsRefresh: (state) => state.status === 'active' && hasRefreshToken(state) && target.isStale(state),
    canWait: (state) => state.status === 'active' && target.canWait(state),
    refreshToken: (state) => assertActive(state).tokens.refreshToken ?? '',
    attempt: (state) => (state.status === 'active' ? state.attempt : undefined),
    withAttempt(state, attempt) {
      if (state.status !== 'active') return state
      const { attempt: before, ...rest } = state
      return attempt ? { ...rest, attempt } : rest
    },
    grace: context.rotationGrace,
    async request(state) {
      const active = assertActive(state)
      sending()
      const next = await target.renew(active, await loginOf(active))
      return { ...next, generation: active.generation + 1 }
    },
    write: (next, version) => records.replace(next, version),
    isSameGeneration: (current, from) => current.generation === from.generation,
    rebase: (next, current) => ({ ...next, ...(current.data !== undefined && { data: current.data }) }),
    async abandon(next) {
      if (next.status === 'active') await revokeTokens(context, next)
    },
    ...told,
  }
}

/** What becomes of the session, and who is told. */
function outcomes(
  { backoff, emit }: SessionContext,
  seen: ActiveSessionState,
  target: RenewalTarget,
): Pick<Refreshable<SessionState>, 'afterFailure' | 'settled' | 'failed'> & { readonly sending: () => void } {
  const about = { session: seen.ref, issuer: seen.issuer }
  let isSent = false
  return {
    /** Told once a flight, however often its request is repeated. */
    sending() {
      if (!isSent) emit({ kind: 'session_refreshing', ...about })
      isSent = true
    },
    afterFailure(error, state, outcomeUnknown) {
      const reason = endingReason(error)
      if (reason === undefined || state.status !== 'active') return undefined
      if (reason !== 'refresh_refused' || !outcomeUnknown) return endSession(state, reason)
      // Perhaps refused for our own lost request: nothing says that the access token is not good to its end.
      return target.canWait(state) ? withoutRefreshToken(state) : endSession(state, 'refresh_outcome_unknown')
    },
    settled(outcome) {
      isSent = false
      const stored = outcome.kind !== 'refreshed' || outcome.stored
      if (stored) backoff.succeeded(seen.id)
      else backoff.failed(seen.id, storeDown())
      if (outcome.kind === 'refreshed') emit({ kind: 'session_refreshed', ...about, stored })
      if (outcome.kind !== 'ended') return
      if (outcome.state.status === 'expired') {
        emit({ kind: 'session_expired', ...about, reason: outcome.state.reason })
      } else emit({ kind: 'session_degraded', ...about, error: 'refresh_outcome_unknown' })
    },
    failed(error) {
      isSent = false
      backoff.failed(seen.id, error)
      emit({ kind: 'session_degraded', ...about, error: errorCode(error) })
    },
  }
}

/** Only a refused grant, or an answer for somebody else, ends a session. */
function endingReason(error: unknown): SessionEndReason | undefined {
  if (isGrantRefused(error)) return 'refresh_refused'
  if (error instanceof ProtocolError && error.code === 'refresh_mismatch') return 'refresh_mismatch'
  return undefined
}

const hasRefreshToken = (state: ActiveSessionState) => state.tokens.refreshToken !== undefined

async function loginOf({ tokens, claims, dpopKey }: ActiveSessionState): Promise<RenewableLogin> {
  return { tokens, ...(claims && { claims }), ...(dpopKey && { dpopKey: await importOnce(dpopKey, 'session') }) }
}
