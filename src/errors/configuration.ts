import { AuthentypeError } from './base.ts'

/** What the configuration cannot do with this server or on this runtime. */
export type ConfigurationErrorCode =
  /** The server's metadata has no such endpoint or field; `field` names it. */
  | 'missing_metadata'
  /** Client and server have no common way; `expected` is the client's side, `actual` the server's. */
  | 'unsupported_by_server'
  /** An answer is signed or encrypted, and the client has registered no algorithm for it; `field` names the member. */
  | 'unregistered_response'
  /** The key cannot be used for this: wrong type, too weak, not for this algorithm. */
  | 'unusable_key'
  /** The application's own `clientAuth` failed to authenticate the client; `cause` has its error. */
  | 'client_auth_failed'

/** The facts of a `ConfigurationError`. */
export interface ConfigurationErrorOptions {
  /** The member that does not fit. */
  field: string
  /** Where the rule stands, for example `RFC 8414 2`. */
  clause: string
  expected: unknown
  actual: unknown
  cause?: unknown
}

/** Client, key and server do not fit together. Nothing was sent. */
export class ConfigurationError extends AuthentypeError {
  override readonly name = 'ConfigurationError'
  readonly code: ConfigurationErrorCode
  readonly field: string
  readonly clause: string
  readonly expected: unknown
  readonly actual: unknown
  constructor(code: ConfigurationErrorCode, message: string, options: ConfigurationErrorOptions) {
    super(`${message} (${options.clause})`, { cause: options.cause })
    this.code = code
    this.field = options.field
    this.clause = options.clause
    this.expected = options.expected
    this.actual = options.actual
  }
}
