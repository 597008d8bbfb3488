import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { RecordChange } from '../lib/record-store.ts'
import { clientGrants } from './client-grants.ts'
import type { PolicyContext } from './config.ts'
import { familyRecordEnd } from './families.ts'
import type { GrantContext } from './grant.ts'
import { type FamilyRecord, keys, put, type RefreshRecord } from './records.ts'
import { callHost } from './refusal.ts'
import { createSecret, type LocatedSecret } from './secrets.ts'

/** A refresh token that is made and not yet stored. */
export interface NewRefreshToken {
  readonly secret: LocatedSecret
  readonly change: RecordChange
}

/** Whether a first refresh token is issued: there are any, the client may use them, and policy or offline_access says so. */
export async function mayIssueRefreshToken(context: GrantContext, policy: PolicyContext): Promise<boolean> {
  const { config, client } = context
  if (!config.refreshTokens.enabled || !config.store) return false
  if (!clientGrants(config, client.client).includes('refresh_token')) return false
  if (!config.issueRefreshToken) return policy.scope.includes('offline_access')
  return (await callHost('issueRefreshToken', () => config.issueRefreshToken!(policy))) === true
}

export function createRefreshToken(
  { config, client, now }: GrantContext,
  partition: string,
  family: FamilyRecord,
): MaybePromise<NewRefreshToken> {
  const expiresAt = Math.min(now + config.lifetimes.refreshToken, family.endsAt)
  const record: RefreshRecord = { format: 'refresh-1', clientId: client.clientId, expiresAt }
  // The record stays as long as the family's, so that it turns into the marker of a use in place.
  const until = familyRecordEnd(config, family)
  return andThen(createSecret('rt', partition, config.runtime), (secret) => {
    return { secret, change: put(keys.refresh(partition, secret.hash), record, null, until) }
  })
}
