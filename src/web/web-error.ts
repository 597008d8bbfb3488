import { AuthentypeError } from '../errors/base.ts'

/** Why a request to the web handler failed, each with its status. */
const statuses = {
  // login
  missing_handle: 400,
  invalid_handle: 400,
  /** Not one of the issuers that logins may go to. */
  invalid_issuer: 400,
  /** The issuer's metadata cannot be had, or is not to be believed. */
  authorization_server_metadata_failed: 502,
  /** The login could not be begun, or the issuer did not understand it. */
  authorization_url_failed: 502,
  // callback
  /** Incomplete, used before, too late, or of a login that this browser did not begin. */
  invalid_callback_request: 400,
  /** Another issuer answered than the one that was asked. */
  issuer_mismatch: 400,
  /** The user, or the issuer, said no. */
  access_denied: 403,
  /** The tokens could not be had, or broke a rule. */
  token_validation_failed: 502,
  session_store_failed: 500,
  // logout and accounts
  /** A form that another site sent. */
  forbidden_origin: 403,
  invalid_logout_request: 400,
  unknown_account: 404,
  // any request
  invalid_request: 400,
  method_not_allowed: 405,
} as const

/** Why the web handler answers with an error page. */
export type WebErrorReason = keyof typeof statuses

/** A request that the web handler answers with an error page, or with JSON. Its cause has the detail. */
export class WebError extends AuthentypeError {
  override readonly name = 'WebError'
  readonly code: WebErrorReason
  readonly status: number
  /** Where the user can be sent to begin again, a path on this origin; absent where that makes no sense. */
  readonly retryPath: string | undefined
  constructor(
    code: WebErrorReason,
    message: string,
    options: { readonly cause?: unknown; readonly retryPath?: string | undefined } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = statuses[code]
    this.retryPath = options.retryPath
  }
}
