import { pushAuthorizationRequestResult } from '../../generated/endpoints.ts'
import type { PushedAuthorizationRequest } from '../../generated/models.ts'
import { pushAuthorizationRequestOperation } from '../../generated/operations.ts'
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
  const result = await pushAuthorizationRequestResult(api, { body: parameters }, init)
  if (!result.ok) throw toApiError(pushAuthorizationRequestOperation, result, issuer.runtime)
  return judgePushedAuthorizationResponse(result, issuer.runtime.now())
}
