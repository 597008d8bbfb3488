import { AuthentypeError } from './base.ts'
import type { TokenCheck } from './protocol.ts'

/** Why an API refuses an access token. */
export type AccessErrorCode =
  /** No token came, or by a scheme that is not taken here. */
  | 'missing_credentials'
  /** The token came in a way that is not allowed, or in several (RFC 6750 3.1). */
  | 'invalid_request'
  /** The token is expired, revoked, malformed, of another issuer or audience, or not proven by whom it is bound to. */
  | 'invalid_token'
  /** The DPoP proof is missing, does not fit the request, or was used before (RFC 9449 7.1). */
  | 'invalid_dpop_proof'
  /** The proof needs the nonce that goes with the answer (RFC 9449 9). */
  | 'use_dpop_nonce'
  /** The token does not reach this far (RFC 6750 3.1). */
  | 'insufficient_scope'
  /** The user must log in again, more recently or by better means (RFC 9470 3). */
  | 'insufficient_user_authentication'
  /** Keys, introspection or the store cannot be had, so nothing can be judged; `cause` says why. */
  | 'unavailable'

/** A request that a protected resource refuses. `checks` ends with the one that failed. Nothing in it is secret. */
export class AccessError extends AuthentypeError {
  override readonly name = 'AccessError'
  readonly code: AccessErrorCode
  /** The status of the answer. */
  readonly status: number
  /** The name of the check that failed. */
  readonly check: string
  readonly checks: readonly TokenCheck[]
  readonly clause: string
  readonly expected: unknown
  readonly actual: unknown
  constructor(
    code: AccessErrorCode,
    message: string,
    options: {
      status: number
      check: string
      checks: readonly TokenCheck[]
      clause: string
      expected: unknown
      actual: unknown
      cause?: unknown
    },
  ) {
    super(`${message} (${options.clause})`, { cause: options.cause })
    this.code = code
    this.status = options.status
    this.check = options.check
    this.checks = options.checks
    this.clause = options.clause
    this.expected = options.expected
    this.actual = options.actual
  }
}
