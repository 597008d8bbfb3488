import { SessionError, StoreError } from '../errors/session.ts'
import type { ActiveSessionState, SessionState } from './session-state.ts'

export function notFound(): SessionError {
  return new SessionError('session_not_found', 'there is no such session; it was logged out or has passed its lifetime')
}

/** @throws SessionError `session_not_found`, `session_expired` */
export function assertActive(state: SessionState | undefined, cause?: unknown): ActiveSessionState {
  if (!state) throw notFound()
  if (state.status === 'active') return state
  throw new SessionError('session_expired', `the session has ended (${state.reason}); the user must log in again`, {
    reason: state.reason,
    cause,
  })
}

export function notGranted(reason: string, scope: string, cause?: unknown): SessionError {
  const message = `the session was not granted "${reason}"; it has "${scope}". Log in again and ask for it`
  return new SessionError('not_granted', message, { reason, cause })
}

export function refreshFailed(cause: unknown): SessionError {
  const message = 'the access token needs a refresh, which failed; the session is kept and tries again'
  return new SessionError('refresh_failed', message, { cause })
}

export function noRefreshToken(): SessionError {
  const message = 'the session has no refresh token; the server gave none (is offline_access in the scope?)'
  return new SessionError('refresh_failed', message)
}

export function storeDown(): StoreError {
  const message = 'the renewed tokens could not be stored yet; they are kept in memory'
  return new StoreError('store_unavailable', message, { record: 'session' })
}
