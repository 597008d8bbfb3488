import { SessionError } from '../../errors/session.ts'
import { XrpcError } from '../../errors/xrpc.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { createRefreshBackoff } from '../../refresh/refresh-backoff.ts'
import { createRefreshEngine } from '../../refresh/refresh-engine.ts'
import type { Refreshable, RefreshOutcome } from '../../refresh/refreshable.ts'
import type { PasswordRecord, PasswordState } from './password-state.ts'

/** The requests that a login by password is renewed and ended with. */
export interface PasswordCalls {
  /** The state that follows `state`. @throws XrpcError */
  refresh(state: PasswordState): Promise<PasswordState>
  /** Ends a login at the server. @throws XrpcError */
  remove(state: PasswordState): Promise<void>
}

/** Renews logins by password, by the same rules as sessions: the engine's. */
export interface PasswordRefresher {
  /**
   * The state that follows `seen`.
   *
   * @throws SessionError `session_not_found`, `session_expired`, `refresh_failed`
   */
  renew(record: PasswordRecord, seen: PasswordState, signal?: AbortSignal): Promise<PasswordState>
}

export function createPasswordRefresher(calls: PasswordCalls, runtime: Runtime): PasswordRefresher {
  const engine = createRefreshEngine({ runtime })
  const backoff = createRefreshBackoff(runtime)

  function refreshable(record: PasswordRecord, seen: PasswordState): Refreshable<PasswordState> {
    const serial = `password_session:${JSON.stringify([seen.service, seen.did])}`
    return {
      key: serial,
      serial,
      read: () => record.read(),
      // Not by the token: two that a server gives within one second may have the same text.
      needsRefresh: (state) => !state.ended && state.generation === seen.generation,
      // The access token was refused: there is nothing to go on with.
      canWait: () => false,
      refreshToken: ({ refreshJwt }) => refreshJwt,
      attempt: ({ attempt }) => attempt,
      withAttempt({ attempt: _, ...state }, attempt) {
        return attempt ? { ...state, attempt } : state
      },
      grace: 0,
      request: (state) => calls.refresh(state),
      write: (next, version) => record.replace(next, version),
      isSameGeneration: (current, from) => current.generation === from.generation,
      rebase: (next) => next,
      abandon: (next) => calls.remove(next).catch(() => {}),
      afterFailure: (error, state) => (isRefusal(error) ? { ...state, ended: true } : undefined),
      settled: () => backoff.succeeded(serial),
      failed: (error) => backoff.failed(serial, error),
    }
  }

  return {
    async renew(record, seen, signal) {
      const target = refreshable(record, seen)
      const failure = backoff.waiting(target.serial)
      if (failure !== undefined) throw refreshFailed(failure)
      let outcome: RefreshOutcome<PasswordState>
      try {
        outcome = await engine.refresh(target, signal)
      } catch (error) {
        throw signal?.aborted ? error : refreshFailed(error)
      }
      if (outcome.kind === 'gone') throw new SessionError('session_not_found', 'the account was logged out')
      if (outcome.state.ended) throw sessionEnded(outcome.kind === 'ended' ? outcome.error : undefined)
      return outcome.state
    },
  }
}

/** What ends a login; anything else is no word about the refresh token. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof XrpcError)) return false
  return error.status === 401 || (error.status === 400 && ['ExpiredToken', 'InvalidToken'].includes(error.error))
}

export function sessionEnded(cause?: unknown): SessionError {
  const message = 'the server takes the refresh token no more; the account must log in again'
  return new SessionError('session_expired', message, { reason: 'refresh_refused', cause })
}

function refreshFailed(cause: unknown): SessionError {
  const message = 'the access token needs a refresh, which failed; the login is kept and tries again'
  return new SessionError('refresh_failed', message, { cause })
}
