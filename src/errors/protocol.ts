import { AuthentypeError } from './base.ts'

export type ProtocolErrorCode =
  // metadata and keys
  | 'invalid_metadata'
  | 'issuer_mismatch'
  | 'insecure_endpoint'
  | 'invalid_jwks'
  | 'no_matching_key'
  // authorization request and response
  | 'invalid_par_response'
  | 'invalid_authorization_response'
  | 'state_mismatch'
  | 'unknown_transaction'
  | 'expired_transaction'
  // token endpoint
  | 'invalid_token_response'
  | 'token_type_mismatch'
  | 'refresh_mismatch'
  // other answers
  | 'invalid_introspection_response'
  | 'invalid_userinfo_response'
  | 'userinfo_subject_mismatch'
  // proofs
  | 'invalid_dpop_nonce'
  // tokens
  | 'invalid_jwt'
  /** An encrypted token of another form or algorithm than registered. */
  | 'invalid_jwe'
  /** No key of the client opens the token. */
  | 'decryption_failed'
  | 'invalid_id_token'

export interface ProtocolErrorOptions {
  /** Where the rule stands, for example `RFC 9207 2.4`. */
  clause: string
  expected?: unknown
  actual?: unknown
  cause?: unknown
}

/** The other side broke a rule. `clause` says which; `expected` and `actual` never hold a secret. */
export class ProtocolError extends AuthentypeError {
  override readonly name: string = 'ProtocolError'
  readonly code: ProtocolErrorCode
  readonly clause: string
  readonly expected: unknown
  readonly actual: unknown
  constructor(code: ProtocolErrorCode, message: string, options: ProtocolErrorOptions) {
    super(`${message} (${options.clause})`, { cause: options.cause })
    this.code = code
    this.clause = options.clause
    this.expected = options.expected
    this.actual = options.actual
  }
}

/** One rule that a token was held against. */
export interface TokenCheck {
  /** `aud`, `signature`, `at_hash`, ... */
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not_applicable'
  readonly clause: string
  readonly expected?: unknown
  readonly actual?: unknown
  /** Why it was not applicable. */
  readonly reason?: string
}

/** An id_token that is not to be believed. `checks` ends with the one that failed. */
export class IdTokenError extends ProtocolError {
  override readonly name = 'IdTokenError'
  declare readonly code: 'invalid_id_token'
  /** The name of the check that failed. */
  readonly check: string
  readonly checks: readonly TokenCheck[]
  constructor(message: string, options: ProtocolErrorOptions & { check: string; checks: readonly TokenCheck[] }) {
    super('invalid_id_token', message, options)
    this.check = options.check
    this.checks = options.checks
  }
}

/** The authorization server answered the login with an error (RFC 6749 4.1.2.1): `access_denied`, `login_required`, ... */
export class AuthorizationResponseError extends AuthentypeError {
  override readonly name = 'AuthorizationResponseError'
  readonly code = 'authorization_error'
  readonly error: string
  readonly errorDescription: string | undefined
  readonly errorUri: string | undefined
  readonly issuer: string
  constructor(
    message: string,
    options: { error: string; errorDescription?: string; errorUri?: string; issuer: string },
  ) {
    super(message)
    this.error = options.error
    this.errorDescription = options.errorDescription
    this.errorUri = options.errorUri
    this.issuer = options.issuer
  }
}
