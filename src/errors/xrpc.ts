import { AuthentypeError } from './base.ts'

/** The facts of an `XrpcError`. */
export interface XrpcErrorOptions {
  nsid: string
  error: string
  status: number
  headers: Headers
  body?: unknown
  retryAfter?: number
  cause?: unknown
}

/**
 * A server answered an XRPC call with an error. `message` ends with the server's own words.
 *
 * @see AT Protocol HTTP API (XRPC), "Error Responses"
 */
export class XrpcError extends AuthentypeError {
  override readonly name = 'XrpcError'
  readonly code = 'xrpc_error'
  /** The method that was called. */
  declare readonly nsid: string
  /**
   * The name that the server gives: one of the lexicon's errors, or `InvalidRequest`, `ExpiredToken`, ...; where it
   * gives none, the one that goes with the status.
   */
  declare readonly error: string
  declare readonly status: number
  /** Milliseconds to wait, from `Retry-After`. */
  declare readonly retryAfter: number | undefined
  /** Not enumerable: headers may carry cookies and nonces. */
  declare readonly headers: Headers
  /** The answer's body where it was JSON. Not enumerable: only the caller knows what may be logged of it. */
  declare readonly body: unknown
  constructor(message: string, options: XrpcErrorOptions) {
    super(message, options)
  }
}
