import type { Confirmation } from '../../generated/models.ts'
import type { RecordChange, StoredRecord } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { Authorization } from './authorization.ts'
import type { AuthenticatedClient } from './client.ts'
import type { CommitPlan } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { storeOf } from './guard-store.ts'
import { type FamilyRecord, indexes, keys, type LogoutAddresses, put, readRecord, type Versioned } from './records.ts'
import { refuseGrant } from './refusal.ts'

/** Seconds that a family's record outlives the last token that could belong to it. */
const margin = 60

/** Reads a family. */
export function readFamily(config: TokenEndpointConfig, family: string): Promise<Versioned<FamilyRecord> | undefined> {
  const found = storeOf(config).get(keys.family(family))
  return found.then((record) => readRecord<FamilyRecord>(record, 'family-1'))
}

/** The record of a new family: expected not to be there. */
export function createFamily(
  config: TokenEndpointConfig,
  family: string,
  value: Omit<FamilyRecord, 'format' | 'status' | 'endsAt'>,
  hasRefreshToken: boolean,
): { readonly record: FamilyRecord; readonly change: RecordChange } {
  const { lifetimes } = config
  const now = epochSeconds(config.runtime)
  // Without a refresh token it lives for its access tokens alone, so that a code used twice still revokes them.
  const endsAt = now + (hasRefreshToken ? lifetimes.refreshFamily : lifetimes.accessToken)
  const record: FamilyRecord = { format: 'family-1', status: 'active', endsAt, ...value }
  return { record, change: putFamily(config, keys.family(family), record, null) }
}

/** Puts an active family anew, so that a revocation meanwhile is noticed; `rebase` for what else may have changed it. */
export function touchFamily(
  config: TokenEndpointConfig,
  known: Versioned<FamilyRecord>,
  logout: LogoutAddresses | undefined,
): { readonly change: RecordChange; readonly rebase: NonNullable<CommitPlan['rebase']> } {
  const touch = (current: Versioned<FamilyRecord>) => {
    const value = logout ? { ...current.value, logout } : current.value
    return putFamily(config, current.key, value, current.version)
  }
  return {
    change: touch(known),
    rebase: {
      key: known.key,
      change: (newer: StoredRecord | undefined) => {
        const current = readRecord<FamilyRecord>(newer, 'family-1')
        if (!current || current.value.status === 'revoked') throw refuseGrant('family revoked')
        return touch(current)
      },
    },
  }
}

/**
 * Revokes a family, for good: its refresh tokens, and every access token that was recorded against it. Tries
 * until it is done, since a rotation may come in between; a rotation after it fails.
 *
 * @returns whether there was one to revoke
 */
export async function revokeFamily(config: TokenEndpointConfig, family: string): Promise<boolean> {
  for (;;) {
    const known = await readFamily(config, family)
    if (!known || known.value.status === 'revoked') return false
    const change = putFamily(config, known.key, { ...known.value, status: 'revoked' }, known.version)
    const result = await storeOf(config).commit([change])
    if (result.ok) return true
  }
}

/** What a client's refresh tokens are bound to: a public client's to its key, a confidential one's to the client. */
export function bindingOf(client: AuthenticatedClient, cnf: Confirmation | undefined): Confirmation | undefined {
  return client.isPublic ? cnf : undefined
}

/** Until when the family's record and everything that marks a use in it are kept, in seconds since the epoch. */
export function familyRecordEnd(config: TokenEndpointConfig, { endsAt }: FamilyRecord): number {
  return endsAt + config.lifetimes.accessToken + margin
}

/** Where a client wants to hear of the logout of a login, as of the last id_token. */
export function logoutAddresses(
  config: TokenEndpointConfig,
  { client }: AuthenticatedClient,
  { sid }: Authorization,
): LogoutAddresses {
  const { metadata } = client
  return {
    ...(sid !== undefined && { sid }),
    until: epochSeconds(config.runtime) + config.lifetimes.logoutSession,
    ...(typeof metadata.frontchannel_logout_uri === 'string' && { frontchannelUri: metadata.frontchannel_logout_uri }),
    ...(metadata.frontchannel_logout_session_required === true && { frontchannelSessionRequired: true }),
    ...(typeof metadata.backchannel_logout_uri === 'string' && { backchannelUri: metadata.backchannel_logout_uri }),
    ...(metadata.backchannel_logout_session_required === true && { backchannelSessionRequired: true }),
  }
}

function putFamily(
  config: TokenEndpointConfig,
  key: string,
  record: FamilyRecord,
  expect: string | null,
): RecordChange {
  const { subject, sid } = record.authorization
  const until = Math.max(familyRecordEnd(config, record), record.logout?.until ?? 0)
  const index = { [indexes.subject]: subject, ...(sid !== undefined && { [indexes.sid]: sid }) }
  return put(key, record, expect, until, index)
}
