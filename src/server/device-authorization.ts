import type { AuthorizationDetail, DeviceAuthorizationResponse } from '../../generated/models.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import { assertServed, readResources } from './audience.ts'
import type { AuthenticatedClient } from './client.ts'
import { clientGrants } from './client-grants.ts'
import { type EndpointOutcome, handleClientRequest } from './client-request.ts'
import { commitPlan } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { readSupportedDetails } from './details.ts'
import { deviceCodeGrant } from './grant-types.ts'
import { storeOf } from './guard-store.ts'
import type { RequestParams } from './params.ts'
import {
  decidePolled,
  type GrantDecision,
  type PolledRecord,
  polledKey,
  putPolled,
  userCodeIndex,
} from './polled-grants.ts'
import { findRecords, type Versioned } from './records.ts'
import { Refusal } from './refusal.ts'
import { readClientScope } from './registered-scope.ts'
import type { EndpointRequest } from './request.ts'
import { createPartition, createSecret, sha256 } from './secrets.ts'

/** How device codes are made (RFC 8628 3.2). */
export interface DeviceAuthorizationOptions {
  /** The page on which the user enters the code. */
  readonly verificationUri: string
}

/** What the verification page shows. */
export interface PendingDeviceGrant {
  readonly clientId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** What is asked for in detail, for the user to see (RFC 9396 2). */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** RFC 8628 6.1: no vowels, so no words; no digits that look like letters. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const userCodeLength = 8
const mostAttempts = 5

/** @see RFC 8628 3.1, 3.2 */
export function handleDeviceAuthorizationRequest(
  config: TokenEndpointConfig,
  request: EndpointRequest,
  options: DeviceAuthorizationOptions,
): Promise<EndpointOutcome<DeviceAuthorizationResponse>> {
  return handleClientRequest(config, request, 'device_authorization', async (client, params) => {
    assertGrant(config, client)
    const record = await readRequest(config, client, params)
    const { code, userCode } = await store(config, client, record)
    const complete = new URL(options.verificationUri)
    complete.searchParams.set('user_code', userCode)
    const response: DeviceAuthorizationResponse = {
      device_code: code,
      user_code: userCode,
      verification_uri: options.verificationUri,
      verification_uri_complete: complete.href,
      expires_in: config.lifetimes.deviceCode,
      interval: config.lifetimes.pollInterval,
    }
    return { response, events: [] }
  })
}

/** The pending request behind a user code, however it was typed; `undefined` where there is none. */
export async function findDeviceGrant(
  config: TokenEndpointConfig,
  userCode: string,
): Promise<PendingDeviceGrant | undefined> {
  const found = await findByUserCode(config, userCode)
  if (!found) return undefined
  const { clientId, scope, resources, authorizationDetails, expiresAt } = found.value
  return { clientId, scope, resources, expiresAt, ...(authorizationDetails && { authorizationDetails }) }
}

/** @returns whether there was a pending request to decide */
export async function decideDeviceGrant(
  config: TokenEndpointConfig,
  userCode: string,
  decision: GrantDecision,
): Promise<boolean> {
  const found = await findByUserCode(config, userCode)
  return found ? decidePolled(config, found, decision) : false
}

function assertGrant(config: TokenEndpointConfig, { client }: AuthenticatedClient): void {
  if (config.grants.includes(deviceCodeGrant) && clientGrants(config, client).includes(deviceCodeGrant)) return
  throw new Refusal('unauthorized_client', 'the client may not use this grant type', { reason: 'grant not registered' })
}

async function readRequest(
  config: TokenEndpointConfig,
  { client }: AuthenticatedClient,
  params: RequestParams,
): Promise<PolledRecord> {
  const scope = readClientScope(config, client, params.get('scope'))
  const resources = readResources(params.all('resource'))
  await assertServed(config, client, resources)
  const details = readSupportedDetails(config, client, params.get('authorization_details'))
  return {
    format: 'polled-1',
    kind: 'dc',
    clientId: client.clientId,
    scope,
    resources,
    status: 'pending',
    expiresAt: epochSeconds(config.runtime) + config.lifetimes.deviceCode,
    interval: config.lifetimes.pollInterval,
    ...(details && { authorizationDetails: details }),
  }
}

async function store(config: TokenEndpointConfig, { claims }: AuthenticatedClient, record: PolledRecord) {
  const secret = await createSecret('dc', createPartition(config.runtime), config.runtime)
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const text = createUserCode(config.runtime)
    const userCodeHash = await sha256(text)
    if ((await storeOf(config).find(userCodeIndex, userCodeHash)).length > 0) continue
    const change = putPolled(polledKey(secret), { ...record, userCodeHash }, null)
    await commitPlan(config, { claims, changes: [change] })
    return { code: secret.text, userCode: `${text.slice(0, 4)}-${text.slice(4)}` }
  }
  throw new Refusal('temporarily_unavailable', 'too many codes are in use; try again later', { reason: 'user codes' })
}

/** RFC 8628 6.1: case, dashes and spaces are the user's to choose. */
async function findByUserCode(
  config: TokenEndpointConfig,
  typed: string,
): Promise<Versioned<PolledRecord> | undefined> {
  const text = typed
    .slice(0, 64)
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
  if (text.length !== userCodeLength) return undefined
  const by = [userCodeIndex, await sha256(text)] as const
  const records = await findRecords<PolledRecord>(storeOf(config), 'polled', by, 'polled-1')
  const now = epochSeconds(config.runtime)
  return records.find(({ value }) => value.status === 'pending' && value.expiresAt > now)
}

function createUserCode(runtime: Runtime): string {
  let text = ''
  while (text.length < userCodeLength) {
    for (const byte of runtime.randomBytes(16)) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte < 240 && text.length < userCodeLength) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}
