import { timingSafeEqual } from '../lib/constant-time.ts'
import { recordKey } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import { isAuthorizationDetails } from '../protocol/authorization-details.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { isScope } from '../protocol/scope.ts'
import type { Authorization } from './authorization.ts'
import type { TokenEndpointConfig } from './config.ts'
import { createEvent, type ServerEvent } from './events.ts'
import { storeOf } from './guard-store.ts'
import { shortened } from './lifetimes.ts'
import { put } from './records.ts'
import { createPartition, createSecret, type LocatedSecret, sha256 } from './secrets.ts'

/** A pre-authorized code (OpenID4VCI 1.0 4.1.1): authorized before any client asked. */
export interface PreAuthorizedRecord {
  readonly format: 'pre-authorized-1'
  /** Without the client, which is not known yet. */
  readonly authorization: Omit<Authorization, 'clientId'>
  /** The only client that may redeem it; absent: any that may use the grant. */
  readonly clientId?: string
  /** The transaction code, hashed under the code, so that the record alone tells nothing of it. */
  readonly txCodeHash?: string
  readonly failures: number
  /** Seconds since the epoch. */
  readonly expiresAt: number
  readonly usedAt?: number
}

/** For whom a pre-authorized code is made, and for what (OpenID4VCI 1.0 4.1). */
export interface PreAuthorizedCodeInput {
  readonly subject: string
  readonly scope: readonly string[]
  readonly resources?: readonly string[]
  readonly authorizationDetails?: NonNullable<Authorization['authorizationDetails']>
  readonly clientId?: string
  /** What the user is told by another way and must enter. */
  readonly txCode?: string
  /** Seconds; may only shorten. @default 300 */
  readonly lifetime?: number
}

/** Guesses of a transaction code until the code is gone. */
export const mostTxCodeFailures = 5

/**
 * @throws TypeError that names the field
 * @see OpenID4VCI 1.0 4.1.1, 6.1
 */
export async function issuePreAuthorizedCode(
  config: TokenEndpointConfig,
  input: PreAuthorizedCodeInput,
): Promise<{ readonly code: string; readonly expiresIn: number; readonly events: readonly ServerEvent[] }> {
  const { subject, scope, resources = [], authorizationDetails, clientId, txCode } = input
  assertInput(input)
  const lifetime = shortened(config.lifetimes.preAuthorizedCode, input.lifetime)
  const secret = await createSecret('pc', createPartition(config.runtime), config.runtime)
  const record: PreAuthorizedRecord = {
    format: 'pre-authorized-1',
    authorization: { subject, scope, resources, ...(authorizationDetails && { authorizationDetails }) },
    failures: 0,
    expiresAt: epochSeconds(config.runtime) + lifetime,
    ...(clientId !== undefined && { clientId }),
    ...(txCode !== undefined && { txCodeHash: await hashTxCode(secret, txCode) }),
  }
  const change = put(preAuthorizedKey(secret), record, null, record.expiresAt + lifetime)
  await storeOf(config).commit([change])
  const event = createEvent('code_issued', { subject, clientId, scope: scope.join(' ') })
  return { code: secret.text, expiresIn: lifetime, events: [event] }
}

function assertInput(input: PreAuthorizedCodeInput): void {
  const { subject, scope, resources, authorizationDetails, txCode, lifetime } = input
  if (typeof subject !== 'string' || subject === '') throw new TypeError('subject: expected a non-empty string')
  const areTokens = Array.isArray(scope) && scope.every((one) => one !== '' && !one.includes(' ') && isScope(one))
  if (!areTokens) throw new TypeError('scope: expected a list of scope tokens (RFC 6749 A.4)')
  if (authorizationDetails !== undefined && !isAuthorizationDetails(authorizationDetails)) {
    throw new TypeError('authorizationDetails: expected a list of objects, each with a "type" (RFC 9396 2)')
  }
  if (txCode !== undefined && (typeof txCode !== 'string' || txCode === '')) {
    throw new TypeError('txCode: expected a non-empty string')
  }
  if (lifetime !== undefined && !(Number.isSafeInteger(lifetime) && lifetime > 0)) {
    throw new TypeError('lifetime: expected a positive number of whole seconds')
  }
  try {
    normaliseResources(resources)
  } catch (cause) {
    throw new TypeError('resources: expected absolute URIs without fragment (RFC 8707 2)', { cause })
  }
}

export function preAuthorizedKey({ partition, hash }: LocatedSecret): string {
  return recordKey('pre_authorized', partition, hash)
}

export async function isTxCode(secret: LocatedSecret, hash: string, txCode: string): Promise<boolean> {
  return timingSafeEqual(hash, await hashTxCode(secret, txCode))
}

async function hashTxCode({ text }: LocatedSecret, txCode: string): Promise<string> {
  return await sha256(JSON.stringify([text, txCode]))
}
