import type { PushedAuthorizationResponse } from '../../generated/models.ts'
import { judgeParams, readSigned, readTarget } from './authorization-request.ts'
import { constraintInput, type EndpointOutcome, handleClientRequest } from './client-request.ts'
import type { TokenEndpointConfig } from './config.ts'
import { keepPushedRequest } from './pushed-requests.ts'
import { refuseRequest } from './refusal.ts'
import type { EndpointRequest } from './request.ts'
import { proofClaim, verifyProof } from './sender-constraint.ts'

/**
 * Keeps an authorization request behind a reference that is good once. Status 201.
 *
 * @see RFC 9126 2; RFC 9449 10.1
 */
export function handlePushedAuthorizationRequest(
  config: TokenEndpointConfig,
  request: EndpointRequest,
): Promise<EndpointOutcome<PushedAuthorizationResponse>> {
  return handleClientRequest(config, request, 'pushed_authorization_request', async (client, outer) => {
    // RFC 9126 2.1: a reference must not be pushed.
    if (outer.get('request_uri') !== undefined) throw refuseRequest('request_uri must not be pushed')
    const params = await readSigned(config, client.client, outer)
    if (params.get('request_uri') !== undefined) throw refuseRequest('request_uri must not be pushed')
    const data = await judgeParams(config, client.client, params, readTarget(client.client, params))
    const proof = await readProof(config, request)
    // RFC 9449 10.1: a proof stands for dpop_jkt; both must name the same key.
    if (proof && data.dpopJkt !== undefined && data.dpopJkt !== proof.jkt)
      throw refuseRequest('dpop_jkt is another key')
    const bound = proof ? { ...data, dpopJkt: proof.jkt } : data
    const claims = [...client.claims, ...(proof ? [await proofClaim(proof)] : [])]
    const uri = await keepPushedRequest(config, bound, claims)
    return { response: { request_uri: uri, expires_in: config.lifetimes.pushedRequest }, events: [] }
  })
}

async function readProof(config: TokenEndpointConfig, request: EndpointRequest) {
  const input = constraintInput(request)
  return config.dpop !== false && input.dpop?.length ? verifyProof(config, input) : undefined
}
