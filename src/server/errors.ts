/**
 * Every error that the core can put on the wire, with its status: one table, so that an error of another name
 * or an undocumented status cannot be emitted.
 *
 * @see RFC 6749 5.2; RFC 8628 3.5; RFC 8707 2; RFC 9396 5; RFC 9449 5, 8; OAuth Extensions Error registry
 */
export const endpointErrorStatus = {
  invalid_request: 400,
  // A challenge goes with it only where the client used the Authorization header (RFC 6749 5.2).
  invalid_client: 401,
  invalid_grant: 400,
  invalid_scope: 400,
  invalid_target: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  access_denied: 400,
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  invalid_authorization_details: 400,
  // RFC 6749 5.2 has no code for a server's fault. A 400 would make the client give up its grant.
  server_error: 500,
  temporarily_unavailable: 503,
  // Beside the token endpoint.
  invalid_token: 401,
  insufficient_scope: 403,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_software_statement: 400,
  unapproved_software_statement: 400,
  expired_login_hint_token: 400,
  unknown_user_id: 400,
  missing_user_code: 400,
  invalid_user_code: 400,
  invalid_binding_message: 400,
  invalid_request_object: 400,
  invalid_request_uri: 400,
  request_uri_not_supported: 400,
  request_not_supported: 400,
  registration_not_supported: 400,
  unsupported_response_type: 400,
  login_required: 400,
  consent_required: 400,
  interaction_required: 400,
  account_selection_required: 400,
  unmet_authentication_requirements: 400,
} as const

/** Where the specification of an endpoint gives an error another status than the table: CIBA Core 13. */
const statusAtEndpoint: Readonly<Record<string, Readonly<Partial<Record<string, number>>>>> = {
  backchannel_authentication: { access_denied: 403 },
}

/** The name of an error of any endpoint of the core. */
export type EndpointErrorCode = keyof typeof endpointErrorStatus

/** The errors of the token endpoint. */
export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'access_denied'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'invalid_authorization_details'
  | 'server_error'
  | 'temporarily_unavailable'

/** An error answer as data: what goes into the body, the status and the header fields. */
export interface EndpointError<Code extends EndpointErrorCode = EndpointErrorCode> {
  readonly error: Code
  /** A fixed text of ours; never the client's. */
  readonly errorDescription: string
  readonly status: number
  /** By lower-case name; `cache-control` always, `www-authenticate` and `dpop-nonce` where they apply. */
  readonly headers: Readonly<Record<string, string>>
}

/** RFC 6749 5.1, 5.2: no answer of these endpoints is kept by a cache, errors included. */
export const noStore: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  pragma: 'no-cache',
})

/** @throws TypeError for an error that is not in the table */
export function createEndpointError<Code extends EndpointErrorCode>(
  error: Code,
  errorDescription: string,
  headers: Readonly<Record<string, string>> = {},
  endpoint = 'token',
): EndpointError<Code> {
  if (!Object.hasOwn(endpointErrorStatus, error)) throw new TypeError(`error: "${error}" is not in the table`)
  return Object.freeze({
    error,
    errorDescription,
    status: statusAtEndpoint[endpoint]?.[error] ?? endpointErrorStatus[error],
    headers: Object.freeze({ ...noStore, ...headers }),
  })
}

/** The body of an error answer (RFC 6749 5.2). */
export function errorBody(error: EndpointError): { error: string; error_description: string } {
  return { error: error.error, error_description: error.errorDescription }
}
