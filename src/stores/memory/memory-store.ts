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
    const record = this.#records.get(key)?.record
    return record && isLive(record, this.#clock.now()) ? record : undefined
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
    // First, so that what is looked up next stays what is stored.
    this.#sweep(sweptPerCommit)
    const slots = changes.map((change) => this.#records.get(change.key))
    const conflict = this.#findConflict(changes, slots)
    if (conflict !== undefined) return { ok: false, conflict }
    // Everything that can fail comes before the first write: all or nothing.
    const records = changes.map((change, i) => (change.kind === 'put' ? this.#prepare(change, slots[i]) : undefined))
    this.#assertRoom(changes, slots)
    for (let i = 0; i < changes.length; i++) {
      const record = records[i]
      if (record) this.#put(record, slots[i])
      else this.#remove(changes[i]!.key)
    }
    return new Committed(records)
  }

  async sweep(): Promise<number> {
    return this.#sweep(sweptPerSweep)
  }

  #findConflict(changes: readonly RecordChange[], slots: readonly (Slot | undefined)[]): string | undefined {
    const now = this.#clock.now()
    for (let i = 0; i < changes.length; i++) {
      const { key, expect } = changes[i]!
      const record = slots[i]?.record
      if ((record && isLive(record, now) ? record.version : null) !== expect) return key
    }
    return undefined
  }

  #prepare(change: RecordChange & { kind: 'put' }, slot: Slot | undefined): StoredRecord {
    const { expiresAt, indexes: given = noIndexes } = change
    const known = slot?.record
    const key = known?.key ?? change.key
    // What this store gave out cannot have been changed, so it needs no copy when it comes back.
    const value: unknown = known && change.value === known.value ? known.value : this.#copy(change.value)
    const version = String(++this.#lastVersion)
    const before = known?.indexes ?? noIndexes
    const indexes = hasSameIndexes(before, given) ? before : Object.freeze(mapTexts(given))
    return expiresAt === undefined ? { key, value, version, indexes } : { key, value, version, indexes, expiresAt }
  }

  #assertRoom(changes: readonly RecordChange[], slots: (Slot | undefined)[]): void {
    let growth = 0
    for (let i = 0; i < changes.length; i++) {
      if (changes[i]!.kind === 'put' && !slots[i]) growth++
      if (changes[i]!.kind === 'delete' && slots[i]) growth--
    }
    if (growth <= 0 || this.#records.size + growth <= this.#maxRecords) return
    const swept = this.#sweep(sweptPerSweep)
    // What is put may have been among them, so it is looked up anew; where it was, it grows by one more.
    for (let i = 0; i < changes.length; i++) slots[i] = this.#records.get(changes[i]!.key)
    if (swept > 0) this.#assertRoom(changes, slots)
    else {
      throw new StoreError(
        'store_full',
        `the memory store holds its maximum of ${this.#maxRecords} records, none of which has expired; raise maxRecords or use a store outside the process`,
        { record: recordKind(changes[0]!.key) },
      )
    }
  }

  #put(record: StoredRecord, slot: Slot | undefined): void {
    const { key, expiresAt } = record
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

/**
 * The versions are named when somebody asks: a property for each key would cost more than all the rest of a commit,
 * since a property's name is looked up among all that the process knows.
 */
class Committed {
  readonly ok = true
  readonly #records: readonly (StoredRecord | undefined)[]

  constructor(records: readonly (StoredRecord | undefined)[]) {
    this.#records = records
  }

  get versions(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#records.flatMap((record) => (record ? [[record.key, record.version]] : [])))
  }
}

/** Most puts of a record leave it where it is found. */
function hasSameIndexes(known: StoredRecord['indexes'], given: StoredRecord['indexes']): boolean {
  if (known === given) return true
  const names = Object.keys(given)
  return names.length === Object.keys(known).length && names.every((name) => known[name] === given[name])
}
