import { timingSafeEqual } from '../lib/constant-time.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import type { RegisteredClient } from './client.ts'
import { guardStore } from './guard-store.ts'
import { readRecord, type Versioned } from './records.ts'
import { sha256 } from './secrets.ts'

/** A registered client as it is kept: secrets by hash only. */
export interface ClientRecord extends RegisteredClient {
  readonly format: 'client-1'
  readonly secretHash?: string
  readonly registrationTokenHash: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
}

/** Registered clients over a record store: `loadClient` and `verifyClientSecret` for the configuration. */
export interface ClientStore {
  loadClient(clientId: string): Promise<RegisteredClient | undefined>
  verifyClientSecret(client: RegisteredClient, secret: string): Promise<boolean>
}

/** @see RFC 7591 */
export function createClientStore(store: RecordStore): ClientStore {
  const guarded = guardStore(store)
  return {
    loadClient: async (clientId) => (await readClientRecord(guarded, clientId))?.value,
    async verifyClientSecret(client, secret) {
      const { secretHash } = client as Partial<ClientRecord>
      const hash = await sha256(secret)
      // An unknown client, and one without a secret, cost the same comparison.
      const matches = timingSafeEqual(secretHash ?? hash.replaceAll(/./g, '-'), hash)
      return secretHash !== undefined && matches
    },
  }
}

export async function readClientRecord(
  store: RecordStore,
  clientId: string,
): Promise<Versioned<ClientRecord> | undefined> {
  return readRecord<ClientRecord>(await store.get(clientKey(clientId)), 'client-1')
}

export function clientKey(clientId: string): string {
  return recordKey('client', clientId)
}
