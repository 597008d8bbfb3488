import type { AuthorizationDetail } from '../../generated/models.ts'
import { type RecordChange, recordKey } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { Authorization } from './authorization.ts'
import type { TokenEndpointConfig } from './config.ts'
import { familyRecordEnd } from './families.ts'
import { prepareFirstTokens } from './first-tokens.ts'
import type { GrantContext, PreparedGrant } from './grant.ts'
import { storeOf } from './guard-store.ts'
import { requireParam } from './params.ts'
import { put, readRecord, type Versioned } from './records.ts'
import { Refusal, refuseGrant } from './refusal.ts'
import { type LocatedSecret, locateSecret } from './secrets.ts'

/** A grant that the client polls for while the user decides elsewhere: device flow and CIBA. */
export interface PolledRecord {
  readonly format: 'polled-1'
  readonly kind: 'dc' | 'cb'
  readonly clientId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  readonly acrValues?: readonly string[]
  readonly bindingMessage?: string
  /** Device flow: the hash of the user code, by which a pending request is found. */
  readonly userCodeHash?: string
  /** CIBA: the user that the hint named. */
  readonly subject?: string
  /** CIBA ping mode: the bearer token for the client's own endpoint. */
  readonly notificationToken?: string
  readonly status: 'pending' | 'approved' | 'denied' | 'redeemed'
  readonly authorization?: Authorization
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Seconds between two polls; grows with each that came too soon. */
  readonly interval: number
  /** Seconds since the epoch. */
  readonly polledAt?: number
}

/** What a user decided. */
export type GrantDecision =
  | {
      readonly approved: true
      readonly subject: string
      /** Within what was asked for. @default all of it */
      readonly scope?: readonly string[]
      readonly authTime?: number
      readonly acr?: string
      readonly amr?: readonly string[]
      readonly sid?: string
    }
  | { readonly approved: false }

/** Seconds that a grant is remembered after its end, so that `expired_token` can be told from an unknown code. */
const afterlife = 300
export const userCodeIndex = 'user_code'
/** RFC 8628 3.5 */
const slowDownBy = 5

export function polledKey({ partition, hash }: LocatedSecret): string {
  return recordKey('polled', partition, hash)
}

export function putPolled(key: string, record: PolledRecord, expect: string | null): RecordChange {
  const { status, userCodeHash, expiresAt } = record
  // A decision uses the user code up.
  const isFindable = status === 'pending' && userCodeHash !== undefined
  return put(key, record, expect, expiresAt + afterlife, isFindable ? { [userCodeIndex]: userCodeHash } : undefined)
}

/**
 * Enters the user's decision, once. The scope can only be narrowed.
 *
 * @returns whether there was a pending grant to decide
 * @throws TypeError that names the field
 */
export async function decidePolled(
  config: TokenEndpointConfig,
  found: Versioned<PolledRecord>,
  decision: GrantDecision,
): Promise<boolean> {
  const { value } = found
  assertDecision(decision)
  if (value.status !== 'pending' || value.expiresAt <= epochSeconds(config.runtime)) return false
  const decided: PolledRecord = decision.approved
    ? { ...value, status: 'approved', authorization: authorizationOf(value, decision) }
    : { ...value, status: 'denied' }
  const result = await storeOf(config).commit([putPolled(found.key, decided, found.version)])
  if (result.ok) return true
  const newer = readRecord<PolledRecord>(await storeOf(config).get(found.key), 'polled-1')
  // A poll in between is no decision.
  return newer ? decidePolled(config, newer, decision) : false
}

function assertDecision(decision: GrantDecision): void {
  if (!decision.approved) return
  const { subject, scope } = decision
  if (typeof subject !== 'string' || subject === '') throw new TypeError('subject: expected a non-empty string')
  if (scope !== undefined && !Array.isArray(scope)) {
    throw new TypeError('scope: expected a list of scope tokens (RFC 6749 A.4)')
  }
}

/** RFC 8628 3.4, 3.5; CIBA 10.1, 11: a poll, which gives the tokens once the user has approved. */
export async function preparePolled(
  context: GrantContext,
  kind: PolledRecord['kind'],
  parameter: string,
): Promise<PreparedGrant> {
  const { config, client, params, now, known } = context
  const secret = await locateSecret(kind, requireParam(params, parameter))
  if (!secret) throw refuseGrant('unknown code')
  const found = readRecord<PolledRecord>(await storeOf(config).get(polledKey(secret)), 'polled-1')
  if (!found || found.value.kind !== kind) throw refuseGrant('unknown code')
  const { value } = found
  if (value.clientId !== client.clientId) throw refuseGrant('code of another client')
  known.scope = value.scope.join(' ')
  if (value.status === 'redeemed') throw refuseGrant('code used before')
  if (value.status === 'denied') throw new Refusal('access_denied', 'the user denied the request', { reason: 'denied' })
  if (value.expiresAt <= now) throw new Refusal('expired_token', 'the code expired', { reason: 'code expired' })
  if (!value.authorization) throw await countPoll(config, found, now)
  known.subject = value.authorization.subject
  return redeem(context, found, value.authorization, secret)
}

/** Counting polls is what this answer is about, so it is the one thing that a refused request writes. */
async function countPoll(
  config: TokenEndpointConfig,
  { key, value, version }: Versioned<PolledRecord>,
  now: number,
): Promise<Refusal> {
  const isTooSoon = value.polledAt !== undefined && now < value.polledAt + value.interval
  const interval = isTooSoon ? value.interval + slowDownBy : value.interval
  const change = putPolled(key, { ...value, interval, polledAt: now }, version)
  const isCounted = (await storeOf(config).commit([change])).ok
  if (isTooSoon || (!isCounted && (await isStillPending(config, key)))) {
    return new Refusal('slow_down', 'polling too fast; wait 5 seconds longer between requests', { reason: 'slow down' })
  }
  return new Refusal('authorization_pending', 'the user has not decided yet', { reason: 'pending' })
}

/** Whether a lost race was one against another poll, which came just now; else the decision won, which the next poll finds. */
async function isStillPending(config: TokenEndpointConfig, key: string): Promise<boolean> {
  return readRecord<PolledRecord>(await storeOf(config).get(key), 'polled-1')?.value.status === 'pending'
}

function redeem(
  context: GrantContext,
  { key, value, version }: Versioned<PolledRecord>,
  authorization: Authorization,
  { partition }: LocatedSecret,
): Promise<PreparedGrant> {
  const input = { authorization, family: partition, scope: authorization.scope }
  return prepareFirstTokens(context, input, (family) => {
    const { notificationToken: _, ...rest } = value
    const redeemed: PolledRecord = { ...rest, status: 'redeemed' }
    return [put(key, redeemed, version, familyRecordEnd(context.config, family))]
  })
}

function authorizationOf(
  record: PolledRecord,
  { subject, scope = record.scope, authTime, acr, amr, sid }: Extract<GrantDecision, { approved: true }>,
): Authorization {
  return {
    clientId: record.clientId,
    subject,
    scope: record.scope.filter((one) => scope.includes(one)),
    resources: record.resources,
    ...(record.authorizationDetails && { authorizationDetails: record.authorizationDetails }),
    ...(authTime !== undefined && { authTime }),
    ...(acr !== undefined && { acr }),
    ...(amr && { amr }),
    ...(sid !== undefined && { sid }),
  }
}
