import { AuthentypeError } from './base.ts'

/** Which rule of a specification an answer or a request breaks. */
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
  /** Another browser brings the callback than the one that began the login. */
  | 'browser_mismatch'
  // token endpoint
  | 'invalid_token_response'
  | 'token_type_mismatch'
  | 'refresh_mismatch'
  // device flow, CIBA
  | 'invalid_device_response'
  | 'invalid_backchannel_response'
  /** A CIBA ping that is not the server's word about this request. */
  | 'invalid_notification'
  /** The device code or the CIBA request has lived its time before the user said yes. */
  | 'expired_grant'
  // registration
  | 'invalid_registration_response'
  // logout
  | 'invalid_logout_token'
  /** Taken once already. */
  | 'replayed_logout_token'
  | 'invalid_logout_request'
  // discovery by a resource or a user's identifier
  | 'invalid_resource_metadata'
  | 'invalid_webfinger_response'
  // other answers
  | 'invalid_claim_source'
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

/** The facts of a `ProtocolError`. */
export interface ProtocolErrorOptions {
  /** Where the rule stands, for example `RFC 9207 2.4`. */
  clause: string
  expected: unknown
  actual: unknown
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
  /** `not_applicable`: there was nothing to check, and `reason` says why. */
  readonly outcome: 'passed' | 'failed' | 'not_applicable'
  /** Where the rule stands, for example `OIDC Core 3.1.3.7 item 3`. */
  readonly clause: string
  /** Never a secret. */
  readonly expected?: unknown
  /** Never a secret. */
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
    super(message, {})
    this.error = options.error
    this.errorDescription = options.errorDescription
    this.errorUri = options.errorUri
    this.issuer = options.issuer
  }
}
