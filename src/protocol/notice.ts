export type NoticeCode =
  /** PAR was answered 200 instead of 201 (RFC 9126 2.2). */
  | 'par_status'
  /** Scopes were granted that were not asked for (RFC 6749 5.1). */
  | 'scope_widened'
  /** Scopes were asked for and not granted (RFC 6749 5.1). */
  | 'scope_narrowed'
  /** `expires_in` was a numeric string (RFC 6749 5.1). */
  | 'expires_in_string'
  /** A DPoP request was answered with a Bearer token, which the configuration allows (RFC 9449 5). */
  | 'bearer_downgrade'
  /** A refresh token came where none should (RFC 6749 4.4.3); it was dropped. */
  | 'unexpected_refresh_token'
  /** The id_token of a refresh could not be judged, for its keys could not be had; it was dropped, and the one before stays. */
  | 'unverified_id_token'
  /** An id_token came where no user has logged in; it was dropped. */
  | 'unexpected_id_token'
  /** Authorization details were asked for, and the answer does not say what was granted (RFC 9396 7). */
  | 'authorization_details_absent'
  /** Authorization details were granted of a type that was not asked for (RFC 9396 7). */
  | 'authorization_details_widened'
  /** The server registered a member of the client's metadata other than asked for (RFC 7591 3.2.1). */
  | 'registration_changed'

/** Something that was let pass although it is not as it should be. Nothing is loosened silently. */
export interface Notice {
  /** Which rule was not kept. */
  readonly code: NoticeCode
  /** The same as a sentence. */
  readonly message: string
  /** Where the rule stands, for example `RFC 6749 5.1`. */
  readonly clause: string
  /** Never a secret. */
  readonly expected?: unknown
  /** Never a secret. */
  readonly actual?: unknown
}
