import { epochSeconds } from '../lib/runtime.ts'
import { idTokenProfile } from '../protocol/jwt-profiles.ts'
import { loadClient } from './authenticate-client.ts'
import type { ResponseModeName } from './authorization-params.ts'
import {
  type AuthorizationRequestData,
  type ResponseTarget,
  readAuthorizationParams,
  responseModes,
} from './authorization-params.ts'
import { clientList, type RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { EndpointError } from './errors.ts'
import type { ServerEvent } from './events.ts'
import { denial } from './outcome.ts'
import { type RawParams, type RequestParams, readParams } from './params.ts'
import { isPushedRequestUri, takePushedRequest } from './pushed-requests.ts'
import { isRegisteredRedirectUri } from './redirect-uris.ts'
import { Refusal, refuseRequest } from './refusal.ts'
import { noRequest } from './request.ts'
import { readRequestObject } from './request-objects.ts'
import { readOwnJwt } from './sign-jwt.ts'

/** A judged authorization request, or its error and where that goes. */
export type AuthorizationRequestOutcome =
  | { readonly ok: true; readonly request: AuthorizationRequestData; readonly client: RegisteredClient }
  | {
      readonly ok: false
      readonly error: EndpointError
      /** Where the error goes; absent: to the user's own page, since client or redirect URI are not to be trusted. */
      readonly target?: ResponseTarget & { readonly clientId: string }
      readonly events: readonly ServerEvent[]
    }

/**
 * Judges an authorization request: plain, signed (RFC 9101) or pushed (RFC 9126, whose reference is used up).
 * No error is sent anywhere before client and redirect URI are valid.
 *
 * @see RFC 6749 4.1.1, 4.1.2.1; OIDC Core 3.1.2.1, 3.1.2.2
 */
export async function validateAuthorizationRequest(
  config: TokenEndpointConfig,
  input: { readonly params: RawParams; readonly clientIp?: string },
): Promise<AuthorizationRequestOutcome> {
  const given = input ?? noRequest
  let target: (ResponseTarget & { clientId: string }) | undefined
  let clientId: string | undefined
  try {
    const outer = readParams(given.params)
    const client = await findClient(config, outer)
    clientId = client.clientId
    const pushed = await readPushed(config, client, outer)
    if (pushed) return { ok: true, request: pushed, client }
    const params = await readSigned(config, client, outer)
    target = { ...readTarget(client, params), clientId }
    assertPolicies(config, client, outer)
    return { ok: true, request: await judgeParams(config, client, params, target), client }
  } catch (thrown) {
    const { error, events } = denial('authorization_failed', thrown, { request: given, clientId })
    return { ok: false, error, events, ...(target && { target }) }
  }
}

/** What a request asks for, once its client and its target are known; also for pushed ones. */
export async function judgeParams(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  params: RequestParams,
  { redirectUri, redirectUriSent, responseMode, state }: ResponseTarget,
): Promise<AuthorizationRequestData> {
  const target = { redirectUri, redirectUriSent, responseMode, ...(state !== undefined && { state }) }
  const data = await readAuthorizationParams(config, client, params, target, epochSeconds(config.runtime))
  const expectedSub = await readHint(config, client, params)
  return { ...data, ...(expectedSub !== undefined && { expectedSub }) }
}

/** RFC 6749 3.1.2.3: a registered one; one that was left out, where only one is registered. */
export function readTarget(client: RegisteredClient, params: RequestParams): ResponseTarget {
  const sent = params.get('redirect_uri')
  const state = params.get('state')
  const registered = clientList(client, 'redirect_uris') ?? []
  if (sent === undefined && registered.length !== 1) throw refuseRequest('missing redirect_uri')
  if (sent !== undefined && !isRegisteredRedirectUri(client, sent))
    throw refuseRequest('redirect_uri is not registered')
  return {
    redirectUri: sent ?? registered[0]!,
    redirectUriSent: sent !== undefined,
    responseMode: readResponseMode(params.get('response_mode')),
    ...(state !== undefined && { state }),
  }
}

/** RFC 9101 5, 6.3: the parameters of a request object take the place of all outside; only the client is named twice. */
export async function readSigned(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  outer: RequestParams,
): Promise<RequestParams> {
  const object = outer.get('request')
  if (object !== undefined) return readRequestObject(config, client, object)
  if (client.metadata.require_signed_request_object === true) throw refuseRequest('missing request object')
  return outer
}

async function findClient(config: TokenEndpointConfig, outer: RequestParams): Promise<RegisteredClient> {
  const clientId = outer.get('client_id')
  if (clientId === undefined) throw refuseRequest('missing client_id')
  const client = await loadClient(config, clientId)
  if (!client) throw refuseRequest('unknown client')
  return client
}

async function readPushed(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  outer: RequestParams,
): Promise<AuthorizationRequestData | undefined> {
  const uri = outer.get('request_uri')
  if (uri === undefined) return undefined
  if (outer.get('request') !== undefined) throw refuseRequest('request and request_uri together')
  if (!isPushedRequestUri(uri)) {
    throw new Refusal('request_uri_not_supported', 'only pushed requests are taken by reference', {
      reason: 'request_uri',
    })
  }
  return takePushedRequest(config, client, uri)
}

/** RFC 9126 5, 6: whether the request had to be pushed. */
function assertPolicies(config: TokenEndpointConfig, { metadata }: RegisteredClient, outer: RequestParams): void {
  const mustPush = config.parRequired || metadata.require_pushed_authorization_requests === true
  if (mustPush && outer.get('request_uri') === undefined) throw refuseRequest('the request must be pushed')
}

function readResponseMode(mode: string | undefined): ResponseModeName {
  if (mode === undefined) return 'query'
  // JARM 2.3.4: the default mode of the response type, in a JWT.
  if (mode === 'jwt') return 'query.jwt'
  const known = responseModes.find((one) => one === mode)
  if (!known) throw refuseRequest('unknown response_mode')
  return known
}

/** OIDC Core 3.1.2.1: an id_token of this server for this client; expired ones serve, too. */
async function readHint(
  config: TokenEndpointConfig,
  { clientId }: RegisteredClient,
  params: RequestParams,
): Promise<string | undefined> {
  const hint = params.get('id_token_hint')
  if (hint === undefined) return undefined
  const jwt = await readOwnJwt(config.keys, hint, idTokenProfile, config.issuer)
  const audience = jwt && (Array.isArray(jwt.claims.aud) ? jwt.claims.aud : [jwt.claims.aud])
  if (!jwt || !audience?.includes(clientId) || typeof jwt.claims.sub !== 'string') {
    throw refuseRequest('id_token_hint is not valid')
  }
  return jwt.claims.sub
}
