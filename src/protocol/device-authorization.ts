import type { DeviceAuthorizationRequest, DeviceCodeTokenRequest } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType } from '../lib/printable.ts'
import { buildCommonParameters, buildExtraParameters, grantTypes, type TokenRequestOptions } from './grant-request.ts'
import { type PollingPace, startPolling } from './polling.ts'
import { assertEndpointUrl } from './url-rules.ts'

/** What the server gave for the user and for the client. */
export interface DeviceCodes {
  readonly deviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly pace: PollingPace
}

export interface DeviceAnswerRules {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** @default false */
  readonly allowLoopbackHttp?: boolean
}

/** Ten years: beyond it is a mistake of unit. */
const longestLifetime = 10 * 366 * 86_400
const clause = 'RFC 8628 3.2'

/** @see RFC 8628 3.1 */
export function buildDeviceAuthorizationRequest(options: TokenRequestOptions): DeviceAuthorizationRequest {
  return { ...buildExtraParameters(options.extraParameters), ...buildCommonParameters(options) }
}

/** @see RFC 8628 3.4 */
export function buildDeviceCodeRequest(deviceCode: string, resource: readonly string[] = []): DeviceCodeTokenRequest {
  return {
    grant_type: grantTypes.deviceCode,
    device_code: deviceCode,
    ...(resource.length > 0 && { resource: [...resource] }),
  }
}

/**
 * Judges a device authorization response.
 *
 * @throws ProtocolError `invalid_device_response`; `invalid_metadata`, `insecure_endpoint` for where the user is sent
 * @see RFC 8628 3.2
 */
export function judgeDeviceAuthorizationResponse(body: unknown, rules: DeviceAnswerRules): DeviceCodes {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the device authorization response', 'a JSON object', jsonType(body))
  }
  const answer = body as Readonly<Record<string, unknown>>
  const complete = answer.verification_uri_complete
  return {
    deviceCode: readText(answer.device_code, 'device_code'),
    // It is shown to people, in terminals, too: no control and no format character.
    userCode: readText(answer.user_code, 'user_code'),
    verificationUri: readPage(answer.verification_uri, 'verification_uri', rules),
    ...(complete !== undefined && {
      verificationUriComplete: readPage(complete, 'verification_uri_complete', rules),
    }),
    expiresAt: rules.receivedAt + readSeconds(answer.expires_in, 'expires_in', 1) * 1000,
    pace: startPolling(answer.interval === undefined ? undefined : readSeconds(answer.interval, 'interval', 0)),
  }
}

/** The user opens it: a `javascript:` URL would be run, and a plain http one changed on its way. */
function readPage(value: unknown, field: string, { allowLoopbackHttp = false }: DeviceAnswerRules): string {
  assertEndpointUrl(value, { field, allowLoopbackHttp })
  return value as string
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)) return value
  throw refuse(`"${name}"`, 'non-empty text', typeof value === 'string' ? 'other text' : jsonType(value))
}

function readSeconds(value: unknown, name: string, least: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= longestLifetime) return value
  throw refuse(`"${name}"`, `seconds, at least ${least}`, typeof value === 'number' ? String(value) : jsonType(value))
}

function refuse(what: string, expected: string, actual: string): ProtocolError {
  return new ProtocolError('invalid_device_response', `${what} must be ${expected}; it is ${actual}`, {
    clause,
    expected,
    actual,
  })
}
