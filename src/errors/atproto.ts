import { AuthentypeError } from './base.ts'

/** What is wrong with an account, its server, its names or its permissions. */
export type AtprotoErrorCode =
  // names and documents
  | 'invalid_handle'
  | 'handle_not_found'
  /** The DID document does not name the handle that led to it. */
  | 'handle_mismatch'
  /** DNS and HTTPS, or several DNS records, name different DIDs. */
  | 'ambiguous_handle'
  | 'invalid_did'
  /** A DID of another method than plc and web, or a did:web with a path. */
  | 'invalid_did_type'
  | 'did_not_found'
  | 'invalid_did_document'
  /** The document is about another DID than the one asked for. */
  | 'id_mismatch'
  | 'no_signing_key'
  /** The document names no PDS, or something that cannot be one. */
  | 'invalid_pds'
  /** Whose account it is cannot be found out just now; `cause` says why. */
  | 'identity_unavailable'
  // discovery
  | 'invalid_metadata'
  /** The PDS names no authorization server, several, or none that could be one. */
  | 'invalid_issuer'
  // the client
  | 'invalid_client_metadata'
  /** A client key without `kid`. */
  | 'missing_kid'
  /** The key that a session began with is not among the client's any more. */
  | 'unknown_client_key'
  // permissions
  | 'invalid_permission'
  | 'missing_positional_or_parameters'
  // the flow
  /** The account's PDS names another authorization server than the one that answered. */
  | 'issuer_mismatch'
  /** Another account logged in than the login was begun for. */
  | 'account_mismatch'
  /** A server answered a DPoP request without a nonce. */
  | 'missing_dpop_nonce'
  // sessions
  | 'not_found'
  /** A call by password before there was a login. */
  | 'no_token'
  // service auth
  /** The audience's DID document names no server to send to. */
  | 'no_pds_endpoint'
  | 'invalid_jwt'
  | 'aud_mismatch'
  | 'lxm_mismatch'
  /** The token is bound to a method, and the verifier was not told which one is called. */
  | 'lxm_not_configured'
  | 'future_iat'
  | 'expired'
  | 'replayed_token'

/** A rule of the AT Protocol is broken: by a name, a document, a server, or what the application asks for. */
export class AtprotoError extends AuthentypeError {
  override readonly name = 'AtprotoError'
  readonly code: AtprotoErrorCode
  /** Where the rule stands, for example `AT Protocol DID 2`. */
  readonly clause: string | undefined
  readonly expected: unknown
  readonly actual: unknown
  constructor(
    code: AtprotoErrorCode,
    message: string,
    options: { clause?: string; expected?: unknown; actual?: unknown; cause?: unknown } = {},
  ) {
    super(options.clause === undefined ? message : `${message} (${options.clause})`, { cause: options.cause })
    this.code = code
    this.clause = options.clause
    this.expected = options.expected
    this.actual = options.actual
  }
}
