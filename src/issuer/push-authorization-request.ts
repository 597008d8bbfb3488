import { pushAuthorizationRequestResult } from '../../generated/endpoints.ts'
import type { PushedAuthorizationRequest } from '../../generated/models.ts'
import { pushAuthorizationRequestOperation } from '../../generated/operations.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { ResponseError } from '../errors/response.ts'
import { toApiError } from '../http/answer-errors.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { judgePushedAuthorizationResponse, type PushedRequest } from '../protocol/pushed-authorization-response.ts'
import type { Issuer, IssuerRequest } from './issuer.ts'

/**
 * Pushes an authorization request, so that the browser carries nothing of it but a reference.
 *
 * @throws ProtocolError `invalid_par_response`, and whatever a request to an endpoint throws
 * @see RFC 9126 2
 */
export async function pushAuthorizationRequest(
  issuer: Issuer,
  parameters: PushedAuthorizationRequest,
  request: IssuerRequest = {},
): Promise<PushedRequest> {
  const api = await issuer.api(request)
  assertClientAuthSupported(await issuer.metadata.get(), 'pushed_authorization_request', issuer.clientAuth)
  const init = request.signal ? { signal: request.signal } : {}
  const result = await pushAuthorizationRequestResult(api, { body: parameters }, init).catch((error: unknown) => {
    throw nameShape(error)
  })
  if (!result.ok) throw toApiError(pushAuthorizationRequestOperation, result, issuer.runtime)
  return judgePushedAuthorizationResponse(result, issuer.runtime.now())
}

/** A member that is missing or of another type breaks the same rule as one whose value is wrong, and has the same name. */
function nameShape(error: unknown): unknown {
  if (!(error instanceof ResponseError) || error.code !== 'invalid_body') return error
  const { expected, actual } = error
  const message = `the answer to a pushed authorization request is of another shape: expected ${expected}, got ${actual}`
  return new ProtocolError('invalid_par_response', message, { clause: 'RFC 9126 2.2', expected, actual, cause: error })
}
