import { StoreError } from '../../errors/session.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { announcesChanges } from '../../lib/record-changes.ts'
import { assertChanges, recordKind } from '../../lib/record-commit.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import { stringifyRecordValue } from '../../lib/record-value.ts'
import { createKeyRing, type KeyRing } from '../../protocol/key-ring.ts'

/** What `createSealedStore` takes. */
export interface SealedStoreOptions {
  /** 32 bytes each as 43 base64url characters: the first seals, all open. A put seals anew with the first. */
  readonly keys: readonly string[]
  /**
   * Told of each record that `find` leaves out because it cannot be opened, so that one damaged session does
   * not hide the others of its user. `get` throws for such a record. @default nobody
   */
  readonly onInvalidRecord?: (error: StoreError) => void
}

/** What a sealed value contains: everything about the record that whoever can write to the store could change. */
interface Envelope {
  readonly value: unknown
  readonly indexes: Readonly<Record<string, string>>
  readonly expiresAt?: number
}

/**
 * A store whose values cannot be read, changed or moved to another record by those who have the store.
 *
 * Values are sealed (JWE `dir`, A256GCM) with the record's key as additional data; index values are hashed
 * with a key; keys, versions, index names and times of expiry lie open. An older value of the same record can
 * be put back by who can write to the store: nothing kept in a store can prevent that.
 *
 * @throws TypeError for keys of the wrong form
 */
export function createSealedStore(store: RecordStore, options: SealedStoreOptions): RecordStore {
  assertKnownOptions('createSealedStore', options, ['keys', 'onInvalidRecord'])
  const ring = createKeyRing(options.keys)
  const { onInvalidRecord } = options

  async function openOrReport(record: StoredRecord): Promise<StoredRecord | undefined> {
    try {
      return await openRecord(ring, record)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onInvalidRecord?.(error)
      return undefined
    }
  }

  return {
    ...(store.partitioned && { partitioned: true }),
    async get(key) {
      const record = await store.get(key)
      return record && (await openRecord(ring, record, key))
    },
    async find(index, value) {
      // One after the other, the newest key's last: a record that is resealed meanwhile moves towards it, and so
      // turns up at least once. Twice is seen by its key.
      const distinct = new Map<string, StoredRecord>()
      for (const term of (await ring.blind(indexTerm(index, value))).toReversed()) {
        for (const record of await store.find(index, term)) distinct.set(record.key, record)
      }
      const opened = await Promise.all(Array.from(distinct.values(), openOrReport))
      return opened.filter((record) => record !== undefined && record.indexes[index] === value) as StoredRecord[]
    },
    async commit(changes) {
      assertChanges(changes)
      return await store.commit(await Promise.all(changes.map((change) => sealChange(ring, change))))
    },
    sweep: () => store.sweep(),
    // Keys lie open, so what the store below announces is understood above.
    ...(announcesChanges(store) && { subscribe: (listener: (key: string) => void) => store.subscribe(listener) }),
  }
}

async function sealChange(ring: KeyRing, change: RecordChange): Promise<RecordChange> {
  if (change.kind === 'delete') return change
  const { key, value, indexes = {}, expiresAt } = change
  const envelope: Envelope = { value, indexes, ...(expiresAt !== undefined && { expiresAt }) }
  const [sealed, blinded] = await Promise.all([
    ring.seal(stringifyRecordValue(envelope), sealContext(key)),
    Promise.all(
      Object.entries(indexes).map(
        async ([name, text]) => [name, (await ring.blind(indexTerm(name, text)))[0]] as const,
      ),
    ),
  ])
  return { ...change, value: sealed, indexes: Object.fromEntries(blinded) }
}

async function openRecord(ring: KeyRing, record: StoredRecord, key: string = record.key): Promise<StoredRecord> {
  const text = typeof record.value === 'string' ? await ring.open(record.value, sealContext(key)) : undefined
  if (text === undefined) {
    throw invalid(key, 'cannot be opened: it was changed, comes from another record, or its key is not in the ring')
  }
  const { value, indexes, expiresAt } = JSON.parse(text) as Envelope
  if (expiresAt !== record.expiresAt) throw invalid(key, 'has another time of expiry than it was sealed with')
  return { key, value, version: record.version, indexes, ...(expiresAt !== undefined && { expiresAt }) }
}

function invalid(key: string, what: string): StoreError {
  const kind = recordKind(key)
  return new StoreError('invalid_record', `a sealed ${kind} record ${what}`, { record: kind })
}

function sealContext(key: string): string {
  return `record ${key}`
}

function indexTerm(index: string, value: string): string {
  return JSON.stringify([index, value])
}
