import { AuthentypeError } from './base.ts'

/** Why the token manager gives no token or claim. */
export type TokenErrorCode =
  /** An endpoint answered with an error or with something unreadable; `endpoint`, `status` and `cause` say more. */
  | 'http_status'
  /** An endpoint could not be reached, or not in time; `endpoint` and `cause` say more. */
  | 'http_request'
  /** The server's metadata has no such member; `field` names it. */
  | 'missing_server_metadata'
  /** The client's configuration has no such member; `field` names it. */
  | 'missing_client_metadata'
  /** No stored access token suits, and there is no way to another; `reason` says why. */
  | 'no_suitable_access_token'
  /** No stored refresh token suits; `reason` says why, `cause` holds a refusal. */
  | 'no_suitable_refresh_token'
  /** Less was granted than was asked for. What was granted is stored under its real scope. */
  | 'scope_not_granted'
  /** The token endpoint's answer breaks a rule; `cause` says which. */
  | 'illegal_token_response'
  /** The introspection endpoint's answer breaks a rule; `cause` says which. */
  | 'illegal_introspection_response'
  /** The userinfo endpoint answered with another content type than JSON or a JWT. */
  | 'userinfo_content_type'
  /** No key of the client opens the userinfo answer, or it is encrypted in another way than registered. */
  | 'userinfo_decryption'
  /** The userinfo answer is not to be believed: its signature, its form, or about another subject. */
  | 'userinfo_verification'
  /** An id_token that is not to be believed was not stored; `cause` says why. */
  | 'id_token_registration'
  /** Some tokens could not be deleted; `failures` has every reason. */
  | 'deletion_failed'

/** The endpoint that a failure is about. */
export type TokenErrorEndpoint = 'token' | 'revocation' | 'introspection' | 'userinfo'

/** Why there is no suitable token. */
export type TokenErrorReason =
  /** Nothing is stored for this issuer, client and subject. */
  | 'none_stored'
  /** Something is stored, but none with these scopes, or none that is still good. */
  | 'none_with_scope'
  /** The server refused the refresh token; `cause` says how, where it was just now. */
  | 'refresh_refused'

/** The facts of a `TokenError`. */
export interface TokenErrorOptions {
  endpoint?: TokenErrorEndpoint
  field?: string
  status?: number
  reason?: TokenErrorReason
  expected?: unknown
  actual?: unknown
  failures?: readonly unknown[]
  cause?: unknown
}

/** The token manager cannot give or do what it was asked for. What is stored is kept, unless the code says otherwise. */
export class TokenError extends AuthentypeError {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  declare readonly endpoint: TokenErrorEndpoint | undefined
  /** The member of the metadata that is missing. */
  declare readonly field: string | undefined
  /** Of the answer. */
  declare readonly status: number | undefined
  declare readonly reason: TokenErrorReason | undefined
  declare readonly expected: unknown
  declare readonly actual: unknown
  /** Of `deletion_failed`: every failure, in no promised order. */
  declare readonly failures: readonly unknown[] | undefined
  constructor(code: TokenErrorCode, message: string, options: TokenErrorOptions = {}) {
    super(message, options)
    this.code = code
  }
}
