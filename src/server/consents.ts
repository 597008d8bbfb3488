import { recordKey } from '../lib/record-store.ts'
import { epochSeconds } from '../lib/runtime.ts'
import type { AuthorizationRequestData } from './authorization-params.ts'
import { claimsBeyondScope } from './claims-by-scope.ts'
import type { TokenEndpointConfig } from './config.ts'
import { storeOf } from './guard-store.ts'
import { indexes, readRecord } from './records.ts'
import { sha256 } from './secrets.ts'

/** What a user has granted to a client. */
export interface Consent {
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** Claims that were asked for one by one, beyond those that the scope stands for. @default none */
  readonly claims?: readonly string[]
  /** Seconds since the epoch. */
  readonly grantedAt: number
}

interface ConsentRecord extends Consent {
  readonly format: 'consent-1'
  readonly subject: string
  readonly clientId: string
}

/** What this user has granted to this client; undefined for nothing. */
export async function readConsent(
  config: TokenEndpointConfig,
  subject: string,
  clientId: string,
): Promise<Consent | undefined> {
  const stored = await storeOf(config).get(await keyOf(subject, clientId))
  const found = readRecord<ConsentRecord>(stored, 'consent-1')?.value
  if (!found) return undefined
  const { scope, resources, claims = [], grantedAt } = found
  return { scope, resources, claims, grantedAt }
}

/** Adds the part of a request that was granted to what was granted before; of several at once none is lost. */
export async function saveConsent(
  config: TokenEndpointConfig,
  subject: string,
  clientId: string,
  granted: Pick<AuthorizationRequestData, 'scope' | 'resources' | 'claims'>,
): Promise<Consent> {
  const key = await keyOf(subject, clientId)
  for (;;) {
    const known = readRecord<ConsentRecord>(await storeOf(config).get(key), 'consent-1')
    const consent: Consent = {
      scope: [...new Set([...(known?.value.scope ?? []), ...granted.scope])],
      resources: [...new Set([...(known?.value.resources ?? []), ...granted.resources])],
      claims: [...new Set([...(known?.value.claims ?? []), ...claimsBeyondScope(granted)])],
      grantedAt: epochSeconds(config.runtime),
    }
    const value: ConsentRecord = { format: 'consent-1', subject, clientId, ...consent }
    const index = { [indexes.subject]: subject }
    const change = { kind: 'put', key, value, expect: known?.version ?? null, indexes: index } as const
    if ((await storeOf(config).commit([change])).ok) return consent
  }
}

/** Forgets a consent. The families that came of it are revoked by their own means. */
export async function withdrawConsent(config: TokenEndpointConfig, subject: string, clientId: string): Promise<void> {
  const key = await keyOf(subject, clientId)
  for (;;) {
    const known = await storeOf(config).get(key)
    if (!known) return
    if ((await storeOf(config).commit([{ kind: 'delete', key, expect: known.version }])).ok) return
  }
}

async function keyOf(subject: string, clientId: string): Promise<string> {
  return recordKey('consent', await sha256(JSON.stringify([subject, clientId])))
}
