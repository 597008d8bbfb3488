import { AuthentypeError, hide } from './base.ts'

/** Why a session gives no token. */
export type SessionErrorCode =
  /** There is no such session: it was logged out, or never was. */
  | 'session_not_found'
  /** The session has ended; the user must log in again. `reason` says why. */
  | 'session_expired'
  /** The access token has expired and could not be refreshed just now; the session is kept. `cause` says why. */
  | 'refresh_failed'
  /** The session was not granted a scope or resource that is asked for; `reason` names it. */
  | 'not_granted'

/** A session cannot give a token. */
export class SessionError extends AuthentypeError {
  override readonly name = 'SessionError'
  readonly code: SessionErrorCode
  readonly reason: string | undefined
  /** The answer that ended the session, where one did. Not enumerable, so that no logger prints it. */
  declare readonly response: Response | undefined
  constructor(
    code: SessionErrorCode,
    message: string,
    options: { reason?: string; response?: Response; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.reason = options.reason
    hide<SessionError, 'response'>(this, 'response', options.response)
  }
}

/** What a store failed at. */
export type StoreErrorCode =
  /** Another writer was there first, more often than is worth trying again. */
  | 'version_conflict'
  /** The store did not answer, or could not write. */
  | 'store_unavailable'
  /** A record is not what was written: cut short, tampered with, of an unknown format. */
  | 'invalid_record'
  /** The store is at its bound and holds nothing that may go. */
  | 'store_full'

/** The record store failed. The record that it was about is untouched. */
export class StoreError extends AuthentypeError {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  /** The kind of record, never its key, which may be a secret. */
  readonly record: string
  constructor(code: StoreErrorCode, message: string, options: { record: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.record = options.record
  }
}
