import type { AuthorizationDetail, BackchannelAuthenticationResponse } from '../../generated/models.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { readJwt } from '../protocol/jwt.ts'
import { backchannelRequestProfile, idTokenProfile } from '../protocol/jwt-profiles.ts'
import { assertServed, readResources } from './audience.ts'
import { loadClient } from './authenticate-client.ts'
import type { AuthenticatedClient, RegisteredClient, ReplayClaim } from './client.ts'
import { clientGrants } from './client-grants.ts'
import { type EndpointOutcome, handleClientRequest } from './client-request.ts'
import { commitPlan, replayKey } from './commit.ts'
import type { LoginHint, TokenEndpointConfig } from './config.ts'
import { readSupportedDetails } from './details.ts'
import { cibaGrant } from './grant-types.ts'
import { storeOf } from './guard-store.ts'
import { mostCibaLifetime } from './lifetimes.ts'
import type { RequestParams } from './params.ts'
import { decidePolled, type GrantDecision, type PolledRecord, polledKey, putPolled } from './polled-grants.ts'
import { readRecord, type Versioned } from './records.ts'
import { callHost, hostObject, Refusal, refuseHost, refuseRequest } from './refusal.ts'
import { readClientScope } from './registered-scope.ts'
import type { EndpointRequest } from './request.ts'
import { readRequestObject } from './request-objects.ts'
import { createPartition, createSecret, locateSecret } from './secrets.ts'
import { readOwnJwt } from './sign-jwt.ts'

/** A request that waits for its user, for the host to bring before them. */
export interface PendingBackchannelRequest {
  readonly authReqId: string
  readonly clientId: string
  readonly subject: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** What is asked for in detail, for the user to see (RFC 9396 2). */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  readonly bindingMessage?: string
  readonly acrValues: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** What the client's own endpoint is told in ping mode (CIBA 10.2): a POST of `{"auth_req_id": ...}` with the bearer token. */
export interface BackchannelNotification {
  readonly endpoint: string
  readonly token: string
  readonly authReqId: string
}

const mostBindingMessage = 128
const mostNotificationToken = 1_024
const signingAlgorithms: readonly unknown[] = ['PS256', 'ES256']
const hintKinds = ['login_hint', 'login_hint_token', 'id_token_hint'] as const

/**
 * Starts an authentication of a known user on another device.
 *
 * @param options `notify` is told of the request once it is kept
 * @see CIBA Core 7
 */
export function handleBackchannelAuthenticationRequest(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  options: { readonly notify?: (pending: PendingBackchannelRequest) => void } = {},
): Promise<EndpointOutcome<BackchannelAuthenticationResponse>> {
  return handleClientRequest(config, request, 'backchannel_authentication', async (client, outer) => {
    assertGrant(config, client)
    const { params, claims } = await readSignedRequest(config, client.client, outer)
    const record = await readRequest(config, client.client, params)
    const secret = await createSecret('cb', createPartition(config.runtime), config.runtime)
    const change = putPolled(polledKey(secret), record, null)
    await commitPlan(config, { claims: [...client.claims, ...claims], changes: [change] })
    options.notify?.(pendingOf(secret.text, record))
    const expiresIn = record.expiresAt - epochSeconds(config.runtime)
    return { response: { auth_req_id: secret.text, expires_in: expiresIn, interval: record.interval }, events: [] }
  })
}

/** The pending request of an id; `undefined` where there is none any more. */
export async function findBackchannelRequest(
  config: TokenEndpointConfig,
  authReqId: string,
): Promise<PendingBackchannelRequest | undefined> {
  const found = await find(config, authReqId)
  return found && pendingOf(authReqId, found.value)
}

/** Enters the user's decision. In ping mode the notification for the client comes back, for the host to send. */
export async function decideBackchannelRequest(
  config: TokenEndpointConfig,
  authReqId: string,
  decision: GrantDecision,
): Promise<{ readonly decided: boolean; readonly notification?: BackchannelNotification }> {
  const found = await find(config, authReqId)
  // Only the user whom the hint named can speak for themselves.
  if (!found || (decision.approved && decision.subject !== found.value.subject)) return { decided: false }
  if (!(await decidePolled(config, found, decision))) return { decided: false }
  const { clientId, notificationToken: token } = found.value
  const client = await loadClient(config, clientId)
  const endpoint = client?.metadata.backchannel_client_notification_endpoint
  if (token === undefined || endpoint === undefined) return { decided: true }
  return { decided: true, notification: { endpoint, token, authReqId } }
}

async function find(config: TokenEndpointConfig, authReqId: string): Promise<Versioned<PolledRecord> | undefined> {
  const secret = await locateSecret('cb', authReqId)
  if (!secret) return undefined
  const found = readRecord<PolledRecord>(await storeOf(config).get(polledKey(secret)), 'polled-1')
  const isPending = found?.value.status === 'pending' && found.value.expiresAt > epochSeconds(config.runtime)
  return isPending ? found : undefined
}

function pendingOf(authReqId: string, record: PolledRecord): PendingBackchannelRequest {
  const { clientId, subject = '', scope, resources, authorizationDetails, bindingMessage, expiresAt } = record
  const optional = {
    ...(authorizationDetails && { authorizationDetails }),
    ...(bindingMessage !== undefined && { bindingMessage }),
  }
  return { authReqId, clientId, subject, scope, resources, acrValues: record.acrValues ?? [], expiresAt, ...optional }
}

function assertGrant(config: TokenEndpointConfig, { client }: AuthenticatedClient): void {
  const mode = client.metadata.backchannel_token_delivery_mode ?? 'poll'
  const isRegistered = config.grants.includes(cibaGrant) && clientGrants(config, client).includes(cibaGrant)
  // Push mode delivers tokens without a token request; this server has none.
  if (isRegistered && (mode === 'poll' || mode === 'ping')) return
  throw new Refusal('unauthorized_client', 'the client may not use this flow', {
    reason: 'grant or mode not registered',
  })
}

/** CIBA 7.1.1: everything in the object, which is good once. */
async function readSignedRequest(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  outer: RequestParams,
): Promise<{ readonly params: RequestParams; readonly claims: readonly ReplayClaim[] }> {
  const text = outer.get('request')
  const alg = client.metadata.backchannel_authentication_request_signing_alg
  if (text === undefined) {
    if (alg !== undefined) throw refuseRequest('missing request')
    return { params: outer, claims: [] }
  }
  const { jwt } = readJwt(text)
  if (!jwt || !signingAlgorithms.includes(jwt.header.alg))
    throw refuseRequest('request must be signed by PS256 or ES256')
  const { iss, aud, exp, iat, nbf, jti } = jwt.claims
  const isComplete = iss === client.clientId && aud !== undefined && iat !== undefined && nbf !== undefined
  if (!isComplete || typeof jti !== 'string' || jti === '' || exp === undefined)
    throw refuseRequest('incomplete request')
  if (exp - nbf > 3_600) throw refuseRequest('request lives too long')
  const params = await readRequestObject(config, client, text, { alg, profile: backchannelRequestProfile })
  const key = await replayKey('request_object', client.clientId, jti)
  return { params, claims: [{ kind: 'request_object', key, expiresAt: Math.ceil(exp) + 61 }] }
}

async function readRequest(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  params: RequestParams,
): Promise<PolledRecord> {
  const scope = readClientScope(config, client, params.get('scope'))
  // CIBA 7.1: an OpenID request.
  if (!scope.includes('openid'))
    throw new Refusal('invalid_scope', 'the scope must have openid', { reason: 'no openid' })
  const resources = readResources(params.all('resource'))
  await assertServed(config, client, resources)
  const details = readSupportedDetails(config, client, params.get('authorization_details'))
  const bindingMessage = readBindingMessage(params)
  const notificationToken = readNotificationToken(client, params)
  const lifetime = readExpiry(config, params)
  // The user last: looking one up may cost.
  const subject = await resolveUser(config, client, params)
  return {
    format: 'polled-1',
    kind: 'cb',
    clientId: client.clientId,
    subject,
    scope,
    resources,
    acrValues: (params.get('acr_values') ?? '').split(' ').filter((one) => one !== ''),
    status: 'pending',
    expiresAt: epochSeconds(config.runtime) + lifetime,
    interval: config.lifetimes.pollInterval,
    ...(details && { authorizationDetails: details }),
    ...(bindingMessage !== undefined && { bindingMessage }),
    ...(notificationToken !== undefined && { notificationToken }),
  }
}

function readBindingMessage(params: RequestParams): string | undefined {
  const message = params.get('binding_message')
  if (message === undefined) return undefined
  // Shown on two devices to be compared: nothing that could look different on them.
  if (message.length > mostBindingMessage || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(message)) {
    throw new Refusal('invalid_binding_message', 'the binding_message is too long or cannot be shown', {
      reason: 'binding_message',
    })
  }
  return message
}

/** CIBA 7.1: required in ping mode, a bearer token of up to 1024 characters. */
function readNotificationToken({ metadata }: RegisteredClient, params: RequestParams): string | undefined {
  if (metadata.backchannel_token_delivery_mode !== 'ping') return undefined
  const token = params.get('client_notification_token')
  if (token === undefined) throw refuseRequest('missing client_notification_token')
  if (token.length > mostNotificationToken || !/^[\w.~+/-]+=*$/.test(token)) {
    throw refuseRequest('malformed client_notification_token')
  }
  return token
}

function readExpiry({ lifetimes }: TokenEndpointConfig, params: RequestParams): number {
  const text = params.get('requested_expiry')
  if (text === undefined) return lifetimes.cibaRequest
  if (!/^[1-9]\d{0,8}$/.test(text)) throw refuseRequest('malformed requested_expiry')
  return Math.min(Number(text), mostCibaLifetime)
}

/** CIBA 7.1: exactly one hint names the user. */
async function resolveUser(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  params: RequestParams,
): Promise<string> {
  const given = hintKinds.filter((kind) => params.get(kind) !== undefined)
  const [kind] = given
  if (kind === undefined || given.length > 1) throw refuseRequest('exactly one hint must name the user')
  const text = params.get(kind)!
  const value = kind === 'id_token_hint' ? await subjectOf(config, client, text) : text
  const userCode = params.get('user_code')
  const hint: LoginHint = { kind, value, ...(userCode !== undefined && { userCode }) }
  const answer = await callHost('resolveLoginHint', () => config.resolveLoginHint!(hint, client))
  const result = hostObject('resolveLoginHint', answer)
  if (result.error === undefined) {
    if (typeof result.subject === 'string' && result.subject !== '') return result.subject
    throw refuseHost('resolveLoginHint gave no subject')
  }
  const description = 'the hint does not name a user who can be asked, or the user_code does not fit'
  throw new Refusal(result.error, description, { reason: `login hint: ${result.error}` })
}

async function subjectOf(config: TokenEndpointConfig, { clientId }: RegisteredClient, hint: string): Promise<string> {
  const jwt = await readOwnJwt(config.keys, hint, idTokenProfile, config.issuer)
  const audience = jwt && (Array.isArray(jwt.claims.aud) ? jwt.claims.aud : [jwt.claims.aud])
  if (!jwt || !audience?.includes(clientId)) throw refuseRequest('id_token_hint is not valid')
  return jwt.claims.sub as string
}
