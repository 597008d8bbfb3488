import { proveClient } from './authenticate-client.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { EndpointError, TokenErrorCode } from './errors.ts'
import { isSupportedGrant } from './grant-types.ts'
import { issueToken, type TokenOutcome } from './issue-token.ts'
import { denial } from './outcome.ts'
import { readParams } from './params.ts'
import type { EndpointRequest } from './request.ts'
import { fieldsOf, noRequest } from './request.ts'
import { attemptedConstraint, nonceHeaders } from './sender-constraint.ts'

/**
 * A whole token request: authenticates the client, then issues. Exactly one `token_denied` for any failure,
 * failed authentication included.
 *
 * @example
 * const outcome = await handleTokenRequest(config, { method: 'POST', url, params: new URLSearchParams(body), headers })
 * for (const event of outcome.events) audit(event)
 */
export async function handleTokenRequest(config: TokenEndpointConfig, request: EndpointRequest): Promise<TokenOutcome> {
  const given = request ?? noRequest
  const { method, url, params, certificate, clientIp } = given
  const dpop = fieldsOf(given, 'dpop')
  const parts = { method, url, ...(certificate && { certificate }), ...(clientIp !== undefined && { clientIp }) }
  try {
    const client = await proveClient(config, given, 'token')
    return await issueToken(config, { client, params, dpop, ...parts })
  } catch (thrown) {
    const input = { dpop, method, url, certificate }
    const senderConstraint = attemptedConstraint(config, input)
    const headers = await nonceHeaders(config, input)
    const { error, events } = denial('token_denied', thrown, {
      request: given,
      grantType: grantTypeOf(given),
      senderConstraint,
      headers,
    })
    return { ok: false, error: error as EndpointError<TokenErrorCode>, events }
  }
}

/** For the event of a request that did not get as far as its grant; only a type of ours, never other text. */
function grantTypeOf({ params }: EndpointRequest): string | undefined {
  try {
    const grantType = readParams(params).get('grant_type')
    return isSupportedGrant(grantType) ? grantType : undefined
  } catch {
    // The framing is what was refused; there is no grant type to speak of.
    return undefined
  }
}
