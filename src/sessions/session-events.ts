/** What happens to sessions, without a token or claim in it. `session` is its `ref`, which opens nothing. */
export type SessionEvent =
  | { readonly kind: 'session_created'; readonly session: string; readonly issuer: string }
  | { readonly kind: 'session_refreshed'; readonly session: string; readonly issuer: string; readonly stored: boolean }
  /** A refresh failed; the session is kept. `error` is the cause's code. */
  | { readonly kind: 'session_degraded'; readonly session: string; readonly issuer: string; readonly error: string }
  | { readonly kind: 'session_expired'; readonly session: string; readonly issuer: string; readonly reason: string }
  | { readonly kind: 'session_ended'; readonly session: string; readonly issuer: string }
  /** A token could not be revoked at the server; locally it is gone. */
  | {
      readonly kind: 'revocation_failed'
      readonly session: string
      readonly issuer: string
      readonly token: 'access_token' | 'refresh_token'
      readonly error: string
    }
  /** Where the server's own session ends could not be found out. */
  | { readonly kind: 'end_session_failed'; readonly session: string; readonly issuer: string; readonly error: string }

export type SessionEventListener = (event: SessionEvent) => void

/** A listener watches and has no say: what it throws, now or later, changes nothing and ends no process. */
export function createEmitter(listener: SessionEventListener | undefined): SessionEventListener {
  if (!listener) return () => {}
  return (event) => {
    try {
      const result: unknown = listener(event)
      // An async listener's failure would otherwise end the process as an unhandled rejection.
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // Safe to drop: nobody's session depends on being watched.
    }
  }
}

/** The code of an error of ours, or the name of any other: never its message. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const { code, name, error: oauthError } = error as { code?: unknown; name?: unknown; error?: unknown }
  return ([oauthError, code, name].find((text) => typeof text === 'string') as string | undefined) ?? 'unknown'
}
