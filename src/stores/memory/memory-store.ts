import { StoreError } from '../../errors/session.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { assertDistinctKeys, isLive, recordKind } from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import { type Runtime, systemClock } from '../../lib/runtime.ts'
import { createExpiryQueue } from './expiry-queue.ts'
import { createFrozenCopies } from './frozen-copy.ts'
import { createRecordIndexes, type Slot } from './record-indexes.ts'

export interface MemoryStoreOptions {
  /**
   * The most records held at once. A commit that would pass it is refused with `store_full`, since dropping
   * a live record would lose somebody's login. @default 250_000
   */
  readonly maxRecords?: number
  readonly runtime?: Runtime
}

/** How many expired records one commit clears away on the side, so that no timer is needed. */
const sweptPerCommit = 8
const sweptPerSweep = 10_000

const noIndexes: Readonly<Record<string, string>> = Object.freeze({})

/**
 * Records in this process's memory: for tests and for short programs. What it holds is gone at exit.
 *
 * Values are cloned and frozen when they are put, so what `get` gives cannot change what is stored.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): RecordStore {
  assertKnownOptions('createMemoryStore', options, ['maxRecords', 'runtime'])
  return new MemoryStore(options)
}

/** Whether what a store holds is gone when this process ends. */
export function isMemoryStore(store: RecordStore): boolean {
  return store instanceof MemoryStore
}

/**
 * The same text in one piece, and one for all that are equal: a text that was put together keeps its parts, and each
 * table that it is a name in would keep a copy of its own. A property's name is such a text.
 */
function oneText(text: string): string {
  return Object.keys({ [text]: 0 })[0]!
}

function mapTexts(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, oneText(text)]))
}

class MemoryStore implements RecordStore {
  readonly #records = new Map<string, Slot>()
  readonly #indexes = createRecordIndexes()
  readonly #expiry = createExpiryQueue()
  readonly #copy = createFrozenCopies()
  readonly #maxRecords: number
  readonly #clock: Pick<Runtime, 'now'>
  #lastVersion = 0

  constructor(options: MemoryStoreOptions) {
    this.#maxRecords = options.maxRecords ?? 250_000
    this.#clock = options.runtime ?? systemClock
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    return this.#live(key)
  }

  async find(index: string, value: string): Promise<readonly StoredRecord[]> {
    const now = this.#clock.now()
    return this.#indexes
      .find(index, value)
      .map((slot) => slot.record)
      .filter((record) => isLive(record, now))
  }

  async commit(changes: readonly RecordChange[]): Promise<CommitResult> {
    assertDistinctKeys(changes)
    for (const change of changes) {
      if ((this.#live(change.key)?.version ?? null) !== change.expect) return { ok: false, conflict: change.key }
    }
    // Everything that can fail comes before the first write: all or nothing.
    const prepared = changes.map((change) => (change.kind === 'put' ? this.#prepare(change) : undefined))
    this.#sweep(sweptPerCommit)
    this.#assertRoom(changes)

    const versions: Record<string, string> = {}
    for (const [i, { key }] of changes.entries()) {
      const record = prepared[i]
      if (record) {
        this.#put(record)
        versions[key] = record.version
      } else this.#remove(key)
    }
    return { ok: true, versions }
  }

  async sweep(): Promise<number> {
    return this.#sweep(sweptPerSweep)
  }

  #live(key: string): StoredRecord | undefined {
    const record = this.#records.get(key)?.record
    return record && isLive(record, this.#clock.now()) ? record : undefined
  }

  #prepare(change: RecordChange & { kind: 'put' }): StoredRecord {
    const { expiresAt, indexes: given = noIndexes } = change
    const known = this.#records.get(change.key)?.record
    const key = known?.key ?? oneText(change.key)
    // What this store gave out cannot have been changed, so it needs no copy when it comes back.
    const value: unknown = known && change.value === known.value ? known.value : this.#copy(change.value)
    const version = String(++this.#lastVersion)
    const before = known?.indexes ?? noIndexes
    const indexes = hasSameIndexes(before, given) ? before : Object.freeze(mapTexts(given))
    return { key, value, version, indexes, ...(expiresAt !== undefined && { expiresAt }) }
  }

  #assertRoom(changes: readonly RecordChange[]): void {
    let growth = 0
    for (const change of changes) {
      const held = this.#records.has(change.key)
      if (change.kind === 'put' && !held) growth++
      if (change.kind === 'delete' && held) growth--
    }
    const isTooMuch = () => growth > 0 && this.#records.size + growth > this.#maxRecords
    if (isTooMuch()) this.#sweep(sweptPerSweep)
    if (isTooMuch()) {
      throw new StoreError(
        'store_full',
        `the memory store holds its maximum of ${this.#maxRecords} records, none of which has expired; raise maxRecords or use a store outside the process`,
        { record: recordKind(changes[0]!.key) },
      )
    }
  }

  #put(record: StoredRecord): void {
    const { key, expiresAt } = record
    const slot = this.#records.get(key)
    const known = slot?.record
    if (known?.expiresAt !== expiresAt) {
      if (known?.expiresAt !== undefined) this.#expiry.remove(key, known.expiresAt)
      if (expiresAt !== undefined) this.#expiry.add(key, expiresAt)
    }
    if (slot && known?.indexes === record.indexes) {
      slot.record = record
      return
    }
    if (slot) this.#indexes.remove(slot)
    const added = { record }
    this.#records.set(key, added)
    this.#indexes.add(added)
  }

  #remove(key: string): void {
    const slot = this.#records.get(key)
    if (!slot) return
    this.#records.delete(key)
    const { expiresAt } = slot.record
    if (expiresAt !== undefined) this.#expiry.remove(key, expiresAt)
    this.#indexes.remove(slot)
  }

  #sweep(limit: number): number {
    const due = this.#expiry.takeDue(this.#clock.now(), limit)
    for (const key of due) this.#remove(key)
    return due.length
  }
}

/** Most puts of a record leave it where it is found. */
function hasSameIndexes(known: StoredRecord['indexes'], given: StoredRecord['indexes']): boolean {
  if (known === given) return true
  const names = Object.keys(given)
  return names.length === Object.keys(known).length && names.every((name) => known[name] === given[name])
}
