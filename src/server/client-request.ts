import { type ClientEndpoint, proveClient } from './authenticate-client.ts'
import type { AuthenticatedClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { type EndpointError, noStore } from './errors.ts'
import type { ServerEvent } from './events.ts'
import { denial } from './outcome.ts'
import { type RequestParams, readParams } from './params.ts'
import { type EndpointRequest, fieldsOf, noRequest } from './request.ts'
import { type ConstraintInput, nonceHeaders } from './sender-constraint.ts'

/** What an endpoint beside the token endpoint answers: data in, data out. */
export type EndpointOutcome<Response> =
  | {
      readonly ok: true
      readonly response: Response
      readonly headers: Readonly<Record<string, string>>
      readonly events: readonly ServerEvent[]
    }
  | { readonly ok: false; readonly error: EndpointError; readonly events: readonly ServerEvent[] }

/** What an endpoint makes of an authenticated client's request. */
export type ClientStep<Response> = (
  client: AuthenticatedClient,
  params: RequestParams,
) => Promise<{ readonly response: Response; readonly events: readonly ServerEvent[] }>

/** The frame of every endpoint at which a client authenticates itself: framing, client, step, one event for a failure. */
export async function handleClientRequest<Response>(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  endpoint: ClientEndpoint,
  step: ClientStep<Response>,
): Promise<EndpointOutcome<Response>> {
  const given = request ?? noRequest
  let client: AuthenticatedClient | undefined
  let headers: Readonly<Record<string, string>> = {}
  try {
    headers = await nonceHeaders(config, constraintInput(given))
    client = await proveClient(config, given, endpoint)
    const { response, events } = await step(client, readParams(given.params))
    return { ok: true, response, headers: { ...noStore, ...headers }, events }
  } catch (thrown) {
    const name = client ? (deniedBy[endpoint] ?? 'token_denied') : 'auth_denied'
    const { error, events } = denial(name, thrown, { request: given, client, headers, endpoint })
    return { ok: false, error, events }
  }
}

/** What a request shows of the sender's keys. */
export function constraintInput(request: EndpointRequest): ConstraintInput {
  const { method, url, certificate } = request
  return { dpop: fieldsOf(request, 'dpop'), method, url, certificate }
}

const deniedBy: Readonly<Partial<Record<ClientEndpoint, 'authorization_denied'>>> = {
  pushed_authorization_request: 'authorization_denied',
  device_authorization: 'authorization_denied',
  backchannel_authentication: 'authorization_denied',
}
