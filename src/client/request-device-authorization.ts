import { authorizeDevice } from '../../generated/endpoints.ts'
import { missingEndpoint } from '../issuer/missing-endpoint.ts'
import { pollTokens } from '../issuer/poll-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { assertClientAuthSupported } from '../protocol/client-auth-support.ts'
import {
  buildDeviceAuthorizationRequest,
  buildDeviceCodeRequest,
  type DeviceCodes,
  judgeDeviceAuthorizationResponse,
} from '../protocol/device-authorization.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { type ClientParts, partsOf } from './client-parts.ts'
import { grantKey } from './grant-key.ts'
import type { LoginResult } from './login-result.ts'
import type { OAuthClient } from './oauth-client.ts'
import { finishGrant, type GrantOptions, grantOptionNames, toTokenRequest } from './request-grant.ts'
import { createSharedPoll } from './shared-poll.ts'

/** A login on another device, under way. */
export interface DeviceAuthorization {
  /** For the user to enter, as it stands. */
  readonly userCode: string
  /** Where to enter it. */
  readonly verificationUri: string
  /** The same with the code in it, for a QR code; the user still compares the code. */
  readonly verificationUriComplete?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /**
   * Waits for the user: asks as often as the server allows, slower when it says so, until they have answered. A second
   * call while the first is under way waits with it, and a later one gets what came of it: the code is good once.
   *
   * @throws OAuthResponseError `access_denied` when the user said no, `expired_token`
   * @throws ProtocolError `expired_grant` when nobody answered in time
   * @throws the signal's reason
   */
  poll(options?: { readonly signal?: AbortSignal }): Promise<LoginResult>
}

/**
 * Begins a login on another device, for one without a browser or a keyboard. The scope is the client's unless given.
 *
 * @throws ConfigurationError `missing_metadata` where the server has no such endpoint
 * @throws ProtocolError `invalid_device_response`, and whatever a request to an endpoint throws
 * @see RFC 8628
 * @example
 * const device = await requestDeviceAuthorization(client)
 * console.log(`Open ${device.verificationUri} and enter ${device.userCode}`)
 * const { claims, tokens } = await device.poll()
 */
export async function requestDeviceAuthorization(
  client: OAuthClient,
  options: GrantOptions = {},
): Promise<DeviceAuthorization> {
  const parts = partsOf(client, 'requestDeviceAuthorization')
  assertKnownOptions('requestDeviceAuthorization', options, grantOptionNames)
  const { settings, issuer } = parts
  const wishes = { ...options, scope: options.scope ?? settings.scope, resource: options.resource ?? settings.resource }
  const body = buildDeviceAuthorizationRequest(wishes)
  const init = options.signal ? { signal: options.signal } : {}
  const metadata = await issuer.metadata.get(init)
  const field = 'device_authorization_endpoint'
  if (metadata[field] === undefined) throw missingEndpoint(issuer.issuer, field, 'RFC 8628 4')
  // RFC 8628 3.1: the client authenticates itself as at the token endpoint.
  assertClientAuthSupported(metadata, 'token', issuer.clientAuth)
  // Before the user is asked for anything: what the server does not take, or what is no key, would fail after it.
  const dpopKey = await grantKey(parts, options)
  const answer = await authorizeDevice(await issuer.api(init), { body }, init)
  const codes = judgeDeviceAuthorizationResponse(answer, {
    receivedAt: issuer.runtime.now(),
    allowLoopbackHttp: issuer.allowLoopbackHttp,
  })
  return underWay(parts, codes, { ...wishes, ...(dpopKey && { dpopKey }) })
}

function underWay(parts: ClientParts, codes: DeviceCodes, wishes: GrantOptions): DeviceAuthorization {
  const { deviceCode, pace: firstPace, ...shown } = codes
  let pace = firstPace
  const { signal: _, ...lasting } = wishes
  async function pollUnwatched(signal: AbortSignal): Promise<LoginResult> {
    const options = { ...lasting, signal }
    const dpopKey = await grantKey(parts, options)
    const parameters = buildDeviceCodeRequest(deviceCode, normaliseResources(wishes.resource))
    const request = toTokenRequest(parts, parameters, options, dpopKey)
    const onInterval = (interval: number) => {
      pace = { interval, wait: interval }
    }
    const plan = { pace, onInterval, expiresAt: codes.expiresAt, clause: 'RFC 8628 3.2' }
    const judged = await pollTokens(parts.issuer, request, plan)
    return await finishGrant(parts, judged, dpopKey, { userClause: 'OpenID Connect Core 3.1.3.3', signal })
  }
  const poll = createSharedPoll<LoginResult, undefined>((_options, signal) =>
    parts.issuer.observer.watch('token_request', () => pollUnwatched(signal)),
  )
  return { ...shown, poll: ({ signal } = {}) => poll(undefined, signal) }
}
