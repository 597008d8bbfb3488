/** What happens to sessions, without a token or claim in it. `session` is its `ref`, which opens nothing. */
export type SessionEvent =
  | { readonly kind: 'session_created'; readonly session: string; readonly issuer: string }
  /** The refresh token leaves for the server. What becomes of it is told by another event. */
  | { readonly kind: 'session_refreshing'; readonly session: string; readonly issuer: string }
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
  /** A search left out a session that is damaged; `get` throws for it. */
  | { readonly kind: 'invalid_record'; readonly record: 'session' }
  /** Where the server's own session ends could not be found out. */
  | { readonly kind: 'end_session_failed'; readonly session: string; readonly issuer: string; readonly error: string }

/** Is told what becomes of sessions; what it throws changes nothing. */
export type SessionEventListener = (event: SessionEvent) => void
