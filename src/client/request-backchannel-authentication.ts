import { backchannelAuthenticate } from '../../generated/endpoints.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { readTextUpTo } from '../http/read-text.ts'
import { missingEndpoint } from '../issuer/missing-endpoint.ts'
import { pollTokens } from '../issuer/poll-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import { createWaker } from '../lib/waker.ts'
import {
  type BackchannelRequestOptions,
  buildBackchannelRequest,
  buildBackchannelTokenRequest,
  judgeBackchannelResponse,
  judgePingNotification,
} from '../protocol/backchannel-authentication.ts'
import { type BackchannelSigningOptions, signBackchannelRequest } from '../protocol/backchannel-signed-request.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import { requestedAcr } from '../protocol/requested-acr.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { type ClientParts, partsOf } from './client-parts.ts'
import { grantKey } from './grant-key.ts'
import type { LoginResult } from './login-result.ts'
import type { OAuthClient } from './oauth-client.ts'
import { finishGrant, type GrantOptions, grantOptionNames, toTokenRequest } from './request-grant.ts'
import { createSharedPoll } from './shared-poll.ts'

/** Who is asked for and how, without a browser of theirs at hand (CIBA Core 7.1). */
export interface BackchannelAuthenticationOptions extends BackchannelRequestOptions, GrantOptions {
  /** As registered in `backchannel_token_delivery_mode`. @default 'poll' */
  readonly mode?: 'poll' | 'ping'
  /** Signs the request, as registered in `backchannel_authentication_request_signing_alg`. @default not signed */
  readonly signedRequest?: BackchannelSigningOptions
}

/** The state of a request under way, as plain data with secrets in it: for a ping that another process gets. */
export interface BackchannelAuthenticationState {
  readonly authReqId: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Milliseconds. */
  readonly interval: number
  /** In the ping mode. */
  readonly notificationToken?: string
  readonly scope: string
  readonly resource?: readonly string[]
  /** As asked for; another `acr` of the id_token is reported. */
  readonly acrValues?: readonly string[]
}

/** A user is asked on their own device; this is the client's end of it. */
export interface BackchannelAuthentication {
  /** The server's name for the request; a ping carries it, too. */
  readonly authReqId: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /**
   * Waits for the user by asking, which is possible in both modes; in the ping mode until the request expires, however
   * seldom the server wants to be asked. What came is what each further call gets.
   *
   * @throws OAuthResponseError `access_denied`, `transaction_failed`, `expired_token`
   * @throws ProtocolError `expired_grant`
   */
  poll(options?: { readonly signal?: AbortSignal }): Promise<LoginResult>
  /**
   * Takes the server's ping and fetches the tokens at once, for a `poll()` that is under way, too. Answer the server
   * with 204 whatever comes of it.
   *
   * @throws ProtocolError `invalid_notification` for a ping of somebody else; nothing is fetched then
   */
  handlePing(request: Request, options?: { readonly signal?: AbortSignal }): Promise<LoginResult>
  /** To be kept as a secret, for `resumeBackchannelAuthentication`. */
  state(): BackchannelAuthenticationState
}

const optionNames = [
  ...grantOptionNames,
  ...['loginHint', 'loginHintToken', 'idTokenHint', 'bindingMessage', 'userCode', 'acrValues', 'requestedExpiry'],
  ...['mode', 'signedRequest'],
]

/**
 * Asks the server to authenticate a user whom the client names, on the user's own device.
 *
 * @throws ConfigurationError `missing_metadata` where the server has no such endpoint
 * @throws ProtocolError `invalid_backchannel_response`, and whatever a request to an endpoint throws
 * @throws TypeError for a public client, and unless exactly one hint names the user
 * @see OpenID Connect CIBA Core 1.0 7
 * @example
 * const asked = await requestBackchannelAuthentication(client, { loginHint: 'alice@example.com', bindingMessage: 'W4SCT' })
 * const { claims } = await asked.poll()
 */
export async function requestBackchannelAuthentication(
  client: OAuthClient,
  options: BackchannelAuthenticationOptions,
): Promise<BackchannelAuthentication> {
  const parts = partsOf(client, 'requestBackchannelAuthentication')
  assertKnownOptions('requestBackchannelAuthentication', options, optionNames)
  const { settings, issuer } = parts
  if (issuer.clientAuth.method === 'none') {
    throw new TypeError('requestBackchannelAuthentication: the client must authenticate itself (CIBA Core 7.1)')
  }
  const { mode = 'poll' } = options
  if (mode !== 'poll' && mode !== 'ping') {
    throw new TypeError('requestBackchannelAuthentication: "mode" must be poll or ping')
  }
  const scope = options.scope ?? settings.scope
  const { acrValues } = requestedAcr(options.acrValues === undefined ? {} : { acrValues: options.acrValues })
  const resource = normaliseResources(options.resource ?? settings.resource)
  const notificationToken = mode === 'ping' ? createRandomToken(issuer.runtime) : undefined
  const body = buildBackchannelRequest({ ...options, scope, ...(resource && { resource }) }, notificationToken)
  const init = options.signal ? { signal: options.signal } : {}
  const metadata = await issuer.metadata.get(init)
  const field = 'backchannel_authentication_endpoint'
  if (metadata[field] === undefined) throw missingEndpoint(issuer.issuer, field, 'CIBA Core 4')
  // CIBA Core 7.1: by the method registered for the token endpoint.
  assertClientAuthSupported(metadata, 'token', issuer.clientAuth)
  // Before the user is asked for anything: what the server does not take, or what is no key, would fail after it.
  const dpopKey = await grantKey(parts, options)
  const { signedRequest } = options
  const signing = {
    clientId: issuer.clientId,
    issuer: issuer.issuer,
    runtime: issuer.clocks.runtimeFor(metadata[field]),
  }
  const sent = signedRequest ? await signBackchannelRequest(body, signedRequest, { ...signing, metadata }) : body
  const answer = await backchannelAuthenticate(await issuer.api(init), { body: sent }, init)
  const { authReqId, expiresAt, pace } = judgeBackchannelResponse(answer, issuer.runtime.now())
  const state = { authReqId, expiresAt, interval: pace.interval, scope, ...(acrValues && { acrValues }) }
  return underWay(
    parts,
    { ...state, ...(resource && { resource }), ...(notificationToken !== undefined && { notificationToken }) },
    dpopKey ? { dpopKey } : {},
  )
}

/**
 * Goes on with a request that another process began.
 *
 * @param options the DPoP key, where the tokens are to be bound to one of the application's choice
 * @throws TypeError
 */
export function resumeBackchannelAuthentication(
  client: OAuthClient,
  state: BackchannelAuthenticationState,
  options: Pick<GrantOptions, 'dpopKey'> = {},
): BackchannelAuthentication {
  assertKnownOptions('resumeBackchannelAuthentication', options, ['dpopKey'])
  return underWay(partsOf(client, 'resumeBackchannelAuthentication'), state, options)
}

function underWay(
  parts: ClientParts,
  state: BackchannelAuthenticationState,
  key: Pick<GrantOptions, 'dpopKey'>,
): BackchannelAuthentication {
  const { authReqId, expiresAt, scope, resource, acrValues, notificationToken } = state
  let { interval } = state
  // Without a ping nobody would wake it.
  const waker = notificationToken === undefined ? undefined : createWaker(parts.issuer.runtime)
  async function askOnce(wait: number, signal: AbortSignal): Promise<LoginResult> {
    const options = { ...key, scope, ...(resource && { resource }), signal }
    const dpopKey = await grantKey(parts, options)
    const parameters = buildBackchannelTokenRequest(authReqId, resource)
    const request = toTokenRequest(parts, parameters, options, dpopKey)
    const onInterval = (slower: number) => {
      interval = slower
    }
    const plan = { pace: { interval, wait }, onInterval, expiresAt, clause: 'CIBA Core 7.3', ...(waker && { waker }) }
    const judged = await pollTokens(parts.issuer, request, plan)
    const login = await finishGrant(parts, judged, dpopKey, { userClause: 'CIBA Core 10.1.1', acrValues, signal })
    assertSameRequest(login, authReqId)
    return login
  }
  const ask = createSharedPoll<LoginResult, number>((wait, signal) =>
    parts.issuer.observer.watch('token_request', () => askOnce(wait, signal)),
  )
  return {
    authReqId,
    expiresAt,
    poll: async ({ signal } = {}) => await ask(interval, signal),
    async handlePing(request, { signal } = {}) {
      if (notificationToken === undefined) throw new TypeError('handlePing: the request was not begun in mode "ping"')
      const notification = { authorization: request.headers.get('authorization'), body: await jsonOf(request) }
      judgePingNotification(notification, { authReqId, notificationToken })
      // CIBA Core 10.2: the tokens are there, so nothing is to be waited for, nor by a poll between two of its requests:
      // the interval of 7.3 is for those who do not know.
      waker?.wake()
      return await ask(0, signal)
    },
    state: () => ({ ...state, interval }),
  }
}

const requestClaim = 'urn:openid:params:jwt:claim:auth_req_id'

/** CIBA Core 10.3.1: demanded of pushed id_tokens alone; but one that names a request names ours. */
function assertSameRequest({ claims }: LoginResult, authReqId: string): void {
  const named = claims?.[requestClaim]
  if (named === undefined || named === authReqId) return
  throw new ProtocolError('invalid_id_token', `id_token claim "${requestClaim}" names another request`, {
    clause: 'CIBA Core 10.3.1',
    expected: 'that of the request',
    actual: 'another',
  })
}

const mostBytes = 16_384

/** Nothing for what is no JSON, which then fails the check. */
async function jsonOf(request: Request): Promise<unknown> {
  const text = await readTextUpTo(request, mostBytes)
  if (text === undefined) return undefined
  const json = parseStrictJson(text)
  return json.ok ? json.value : undefined
}
