import { recordKey } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { AuthorizationRequestData } from './authorization-params.ts'
import type { RegisteredClient, ReplayClaim } from './client.ts'
import { commitPlan } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { storeOf } from './guard-store.ts'
import { put, readRecord } from './records.ts'
import { Refusal } from './refusal.ts'
import { createPartition, createSecret, type LocatedSecret, locateSecret } from './secrets.ts'

interface PushedRecord {
  readonly format: 'pushed-1'
  readonly request: AuthorizationRequestData
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

/** RFC 9126 2.2 */
const prefix = 'urn:ietf:params:oauth:request_uri:'

export function isPushedRequestUri(uri: string): boolean {
  return uri.startsWith(prefix)
}

/** Keeps a judged request, and claims what the client's authentication and proof use up. */
export async function keepPushedRequest(
  config: TokenEndpointConfig,
  request: AuthorizationRequestData,
  claims: readonly ReplayClaim[],
): Promise<string> {
  const secret = await createSecret('pr', createPartition(config.runtime), config.runtime)
  const expiresAt = epochSeconds(config.runtime) + config.lifetimes.pushedRequest
  const record: PushedRecord = { format: 'pushed-1', request, expiresAt }
  await commitPlan(config, { claims, changes: [put(keyOf(secret), record, null, expiresAt)] })
  return prefix + secret.text
}

/** RFC 9126 2.2, 7.3: takes it out, once, for the client that pushed it. */
export async function takePushedRequest(
  config: TokenEndpointConfig,
  { clientId }: RegisteredClient,
  uri: string,
): Promise<AuthorizationRequestData> {
  const secret = await locateSecret('pr', uri.slice(prefix.length))
  const stored = secret && (await storeOf(config).get(keyOf(secret)))
  const found = readRecord<PushedRecord>(stored, 'pushed-1')
  if (!found || found.value.expiresAt <= epochSeconds(config.runtime)) throw refuseUri('unknown or expired request_uri')
  if (found.value.request.clientId !== clientId) throw refuseUri('request_uri of another client')
  const taken = await storeOf(config).commit([{ kind: 'delete', key: found.key, expect: found.version }])
  if (!taken.ok) throw refuseUri('request_uri used before')
  // The user comes only now: a login between the push and this moment is none for this request.
  return { ...found.value.request, requestedAt: epochSeconds(config.runtime) }
}

function keyOf({ partition, hash }: LocatedSecret): string {
  return recordKey('pushed', partition, hash)
}

function refuseUri(reason: string): Refusal {
  return new Refusal('invalid_request_uri', 'the request_uri is unknown, expired, or used', { reason })
}
