import type { BackchannelAuthenticationRequest, CibaTokenRequest } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { jsonType } from '../lib/printable.ts'
import {
  assertText,
  buildCommonParameters,
  buildExtraParameters,
  grantTypes,
  type TokenRequestOptions,
} from './grant-request.ts'
import { type PollingPace, startPolling } from './polling.ts'
import { assertScope, hasScope } from './scope.ts'

/** Whom to ask and what for. Exactly one of the three hints names the user. */
export interface BackchannelRequestOptions extends TokenRequestOptions {
  readonly loginHint?: string
  readonly loginHintToken?: string
  readonly idTokenHint?: string
  /** Shown on both devices, so that the user sees that they belong together. */
  readonly bindingMessage?: string
  /** A secret of the user's, against unwanted requests. */
  readonly userCode?: string
  readonly acrValues?: string | readonly string[]
  /** Seconds that the request shall live. @default left to the server */
  readonly requestedExpiry?: number
}

/** What the server gave for a request under way. */
export interface BackchannelRequestUnderWay {
  readonly authReqId: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly pace: PollingPace
}

const hints = ['loginHint', 'loginHintToken', 'idTokenHint'] as const
const ownParameters = [
  ...['login_hint', 'login_hint_token', 'id_token_hint', 'binding_message', 'user_code', 'acr_values'],
  ...['requested_expiry', 'client_notification_token', 'request'],
]

/**
 * @param notificationToken for the ping mode: what the server shows when it calls
 * @throws TypeError
 * @see CIBA Core 7.1
 */
export function buildBackchannelRequest(
  options: BackchannelRequestOptions,
  notificationToken?: string,
): BackchannelAuthenticationRequest {
  const given = hints.filter((name) => options[name] !== undefined)
  // CIBA Core 7.1: "exactly one of the hints"
  if (given.length !== 1) {
    throw new TypeError(`exactly one of ${hints.join(', ')} must name the user (CIBA Core 7.1); given: ${given.length}`)
  }
  assertText(options[given[0]!], given[0]!)
  if (options.scope !== undefined) assertScope(options.scope)
  // CIBA Core 7.1: "CIBA authentication requests MUST [...] contain the openid scope value."
  if (!hasScope(options.scope, 'openid')) throw new TypeError('"scope" must have openid (CIBA Core 7.1)')
  const { requestedExpiry, acrValues, bindingMessage, userCode } = options
  if (requestedExpiry !== undefined && (!Number.isSafeInteger(requestedExpiry) || requestedExpiry < 1)) {
    throw new TypeError('"requestedExpiry" must be a positive number of whole seconds (CIBA Core 7.1)')
  }
  return {
    ...buildExtraParameters(options.extraParameters, ownParameters),
    ...buildCommonParameters(options),
    ...(options.loginHint !== undefined && { login_hint: options.loginHint }),
    ...(options.loginHintToken !== undefined && { login_hint_token: options.loginHintToken }),
    ...(options.idTokenHint !== undefined && { id_token_hint: options.idTokenHint }),
    ...(bindingMessage !== undefined && { binding_message: bindingMessage }),
    ...(userCode !== undefined && { user_code: userCode }),
    ...(acrValues !== undefined && { acr_values: [acrValues].flat().join(' ') }),
    ...(requestedExpiry !== undefined && { requested_expiry: requestedExpiry }),
    ...(notificationToken !== undefined && { client_notification_token: notificationToken }),
  }
}

/** @see CIBA Core 10.1 */
export function buildBackchannelTokenRequest(authReqId: string, resource: readonly string[] = []): CibaTokenRequest {
  return {
    grant_type: grantTypes.backchannel,
    auth_req_id: authReqId,
    ...(resource.length > 0 && { resource: [...resource] }),
  }
}

/**
 * Judges the acknowledgement of a request.
 *
 * @param receivedAt milliseconds since the epoch
 * @throws ProtocolError `invalid_backchannel_response`
 * @see CIBA Core 7.3
 */
export function judgeBackchannelResponse(body: unknown, receivedAt: number): BackchannelRequestUnderWay {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the answer', 'a JSON object', jsonType(body))
  }
  const { auth_req_id: id, expires_in: expiresIn, interval } = body as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || !/^[\x21-\x7e]+$/.test(id)) {
    throw refuse('"auth_req_id"', 'text of visible ASCII', typeof id === 'string' ? 'other text' : jsonType(id))
  }
  const lifetime = readSeconds(expiresIn, 'expires_in', 1)
  const seconds = interval === undefined ? undefined : readSeconds(interval, 'interval', 0)
  return { authReqId: id, expiresAt: receivedAt + lifetime * 1000, pace: startPolling(seconds) }
}

/** A ping, as it came to the client's notification endpoint. */
export interface PingNotification {
  /** The `Authorization` field. */
  readonly authorization: string | null
  /** The parsed JSON body. */
  readonly body: unknown
}

/**
 * Whether a ping is the server's word about this request, and not a stranger's.
 *
 * @throws ProtocolError `invalid_notification`
 * @see CIBA Core 10.2
 */
export function judgePingNotification(
  { authorization, body }: PingNotification,
  expected: { readonly authReqId: string; readonly notificationToken: string },
): void {
  const [, token = ''] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? []
  // CIBA Core 10.2: "the Client MUST verify the client_notification_token used to authenticate the request".
  if (!timingSafeEqual(expected.notificationToken, token)) throw strange('the bearer token is not that of the request')
  const id = typeof body === 'object' && body !== null ? (body as { auth_req_id?: unknown }).auth_req_id : undefined
  if (typeof id !== 'string' || !timingSafeEqual(expected.authReqId, id)) {
    throw strange('"auth_req_id" is not that of the request')
  }
}

function readSeconds(value: unknown, name: string, least: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= 366 * 86_400) return value
  throw refuse(`"${name}"`, `seconds, at least ${least}`, typeof value === 'number' ? String(value) : jsonType(value))
}

function refuse(what: string, expected: string, actual: string): ProtocolError {
  const message = `${what} of the backchannel authentication endpoint must be ${expected}; it is ${actual}`
  return new ProtocolError('invalid_backchannel_response', message, { clause: 'CIBA Core 7.3', expected, actual })
}

function strange(what: string): ProtocolError {
  return new ProtocolError('invalid_notification', `${what}; nothing was fetched`, {
    clause: 'CIBA Core 10.2',
    expected: 'that of the request',
    actual: 'another',
  })
}
