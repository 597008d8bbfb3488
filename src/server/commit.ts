import type { RecordChange, StoredRecord } from '../lib/record-store.ts'
import { recordKey } from '../lib/record-store.ts'
import type { ReplayClaim } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { storeOf } from './guard-store.ts'
import { Refusal, refuseGrant } from './refusal.ts'
import { sha256 } from './secrets.ts'

/**
 * The one step of a request that changes anything: it claims what the request uses up, consumes the grant at the
 * version that was read, and inserts what follows, all or nothing.
 *
 * **Partitions.** A grant's own records (code or refresh token, family, successor, access token) share the
 * partition of the family, which every secret carries in its text; so they are one commit on a clustered store
 * too. A `jti` must be known beyond the family, or a proof could be used again with another grant, so its record
 * has a partition of its own. Memory and PostgreSQL commit over partitions: there both are one commit. Redis cannot,
 * since a cluster could not; so with `clustered` the `jti`s are claimed first, one by one, and the grant's commit
 * comes last. What that costs: a crash in between, or a race lost, leaves a `jti` claimed and the grant untouched;
 * the client tries again with a fresh proof, as it must for any retry. What it never costs: a replayed proof
 * still consumes no grant, and nothing that can fail stands after the consumption.
 */
export interface CommitPlan {
  readonly claims: readonly ReplayClaim[]
  /** The grant's own changes, what is consumed first. */
  readonly changes: readonly RecordChange[]
  /** A record that others may change meanwhile without harm to this commit: read again and tried again. */
  readonly rebase?: {
    readonly key: string
    /** The change over a newer version. Throws a refusal where the newer state forbids it. */
    readonly change: (newer: StoredRecord | undefined) => RecordChange | Promise<RecordChange>
  }
}

const mostAttempts = 32

/** The name under which a `jti` is kept: by hash, so that its length and its characters do not matter. */
export async function replayKey(kind: ReplayClaim['kind'], owner: string, jti: string): Promise<string> {
  return recordKey('replay', await sha256(JSON.stringify([kind, owner, jti])))
}

/** @throws Refusal invalid_grant where the race was lost, invalid_dpop_proof and its like for a replay */
export async function commitPlan(config: TokenEndpointConfig, plan: CommitPlan): Promise<void> {
  const { claims } = plan
  let { changes } = plan
  if (claims.length === 0 && changes.length === 0) return
  const store = storeOf(config)
  const claimChanges = claims.length === 0 ? [] : claims.map(claimChange)
  if (config.clustered) {
    for (const change of claimChanges) {
      const claimed = await store.commit([change])
      if (!claimed.ok) throw refuseReplay(claims, claimed.conflict)
    }
    if (changes.length === 0) return
  }
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const result = await store.commit(config.clustered || claims.length === 0 ? changes : [...claimChanges, ...changes])
    if (result.ok) return
    const { conflict } = result
    if (conflict !== plan.rebase?.key) throw refuseConflict(claims, conflict)
    const rebased = await plan.rebase.change(await store.get(conflict))
    changes = changes.map((change) => (change.key === conflict ? rebased : change))
  }
  throw refuseGrant('lost the race')
}

/** Claims alone: for endpoints that change nothing else. */
export async function commitClaims(config: TokenEndpointConfig, claims: readonly ReplayClaim[]): Promise<void> {
  await commitPlan(config, { claims, changes: [] })
}

function claimChange({ key, kind, expiresAt }: ReplayClaim): RecordChange {
  return { kind: 'put', key, value: { kind }, expect: null, expiresAt: expiresAt * 1000 }
}

function refuseConflict(claims: readonly ReplayClaim[], conflict: string): Refusal {
  // The loser of the commit gets a plain refusal; who *finds* the grant used is judged by the reuse rules.
  return claims.some((claim) => claim.key === conflict) ? refuseReplay(claims, conflict) : refuseGrant('lost the race')
}

function refuseReplay(claims: readonly ReplayClaim[], conflict: string): Refusal {
  const kind = claims.find((claim) => claim.key === conflict)?.kind ?? 'dpop_proof'
  const reason = `replayed ${kind}`
  switch (kind) {
    case 'dpop_proof':
      return new Refusal('invalid_dpop_proof', 'the DPoP proof is not acceptable', { reason })
    case 'client_assertion':
      return new Refusal('invalid_client', 'client authentication failed', { reason })
    case 'grant_assertion':
      return refuseGrant(reason)
    case 'request_object':
      return new Refusal('invalid_request_object', 'the request object was used before', { reason })
  }
}
