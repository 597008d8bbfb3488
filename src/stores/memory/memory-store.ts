import { StoreError } from '../../errors/session.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { assertChanges, isLive, recordKind } from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import { type Runtime, systemClock } from '../../lib/runtime.ts'
import { createExpiryQueue } from './expiry-queue.ts'
import { createFrozenCopies } from './frozen-copy.ts'
import { createPacking } from './packed-value.ts'
import { createRecordIndexes, type Slot } from './record-indexes.ts'

/** What `createMemoryStore` takes. */
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
 * Values are cloned and frozen when they are put, so what `get` gives cannot change what is stored. A value with a
 * text of the length of a JWT is held as bytes, about 1 kB for a session with an id_token and a DPoP key, and made
 * anew for each reader in some microseconds; others are held as they are given. A record with two indexes adds half
 * a kilobyte to its value: 100,000 sessions weigh 125 MB with opaque tokens, 150 with all that a login may leave.
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

/** The same text in one piece, of those that come once: asking for a character makes it one. */
function flat(text: string): string {
  return text.charCodeAt(0) >= 0 ? text : ''
}

function mapTexts(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, oneText(text)]))
}

class MemoryStore implements RecordStore {
  readonly #records = new Map<string, Slot>()
  readonly #indexes = createRecordIndexes()
  readonly #expiry = createExpiryQueue()
  readonly #copy = createFrozenCopies()
  readonly #packing = createPacking()
  readonly #maxRecords: number
  readonly #clock: Pick<Runtime, 'now'>
  #lastVersion = 0

  constructor(options: MemoryStoreOptions) {
    this.#maxRecords = options.maxRecords ?? 250_000
    this.#clock = options.runtime ?? systemClock
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const slot = this.#records.get(key)
    return slot && isLive(slot, this.#clock.now()) ? this.#read(slot) : undefined
  }

  async find(index: string, value: string): Promise<readonly StoredRecord[]> {
    const now = this.#clock.now()
    const found: StoredRecord[] = []
    for (const slot of this.#indexes.find(index, value)) if (isLive(slot, now)) found.push(this.#read(slot))
    return found
  }

  async commit(changes: readonly RecordChange[]): Promise<CommitResult> {
    assertChanges(changes)
    // First, so that what is looked up next stays what is stored.
    this.#sweep(sweptPerCommit)
    const slots = changes.map((change) => this.#records.get(change.key))
    const conflict = this.#findConflict(changes, slots)
    if (conflict !== undefined) return { ok: false, conflict }
    const before = this.#lastVersion
    // Everything that can fail comes before the first write: all or nothing.
    const puts = changes.map((change, i) => (change.kind === 'put' ? this.#prepare(change, slots[i]) : undefined))
    this.#assertRoom(changes, slots)
    for (let i = 0; i < changes.length; i++) {
      const put = puts[i]
      if (put) this.#put(put, slots[i])
      else this.#remove(changes[i]!.key)
    }
    return new Committed(puts, before)
  }

  async sweep(): Promise<number> {
    return this.#sweep(sweptPerSweep)
  }

  #findConflict(changes: readonly RecordChange[], slots: readonly (Slot | undefined)[]): string | undefined {
    const now = this.#clock.now()
    for (let i = 0; i < changes.length; i++) {
      const { key, expect } = changes[i]!
      const slot = slots[i]
      if ((slot && isLive(slot, now) ? String(slot.version) : null) !== expect) return key
    }
    return undefined
  }

  #prepare(change: RecordChange & { kind: 'put' }, known: Slot | undefined): Slot {
    const { expiresAt, indexes: given = noIndexes } = change
    const key = known?.key ?? flat(change.key)
    const before = known?.indexes ?? noIndexes
    const indexes = hasSameIndexes(before, given) ? before : Object.freeze(mapTexts(given))
    const { value, isPacked } = this.#keep(change.value, known)
    return { key, value, isPacked, version: ++this.#lastVersion, indexes, expiresAt }
  }

  /** What no caller can change: a frozen copy, or its bytes. */
  #keep(given: unknown, known: Slot | undefined): Pick<Slot, 'value' | 'isPacked'> {
    // What this store gave out cannot have been changed, so it needs no copy when it comes back.
    if (known && given === known.value && !known.isPacked) return known
    const { value, hasLongText } = this.#copy(given)
    const packed = hasLongText ? this.#packing.pack(value) : undefined
    return packed === undefined ? { value, isPacked: false } : { value: packed, isPacked: true }
  }

  #read({ key, value: kept, isPacked, version: number, indexes, expiresAt }: Slot): StoredRecord {
    const value = isPacked ? this.#packing.unpack(kept as string) : kept
    const version = String(number)
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

  #put(put: Slot, slot: Slot | undefined): void {
    const { key, expiresAt } = put
    if (slot?.expiresAt !== expiresAt) {
      if (slot?.expiresAt !== undefined) this.#expiry.remove(key, slot.expiresAt)
      if (expiresAt !== undefined) this.#expiry.add(key, expiresAt)
    }
    if (slot && slot.indexes === put.indexes) {
      slot.value = put.value
      slot.isPacked = put.isPacked
      slot.version = put.version
      slot.expiresAt = expiresAt
      return
    }
    if (slot) this.#indexes.remove(slot)
    this.#records.set(key, put)
    this.#indexes.add(put)
  }

  #remove(key: string): void {
    const slot = this.#records.get(key)
    if (!slot) return
    this.#records.delete(key)
    if (slot.expiresAt !== undefined) this.#expiry.remove(key, slot.expiresAt)
    this.#indexes.remove(slot)
  }

  #sweep(limit: number): number {
    const due = this.#expiry.takeDue(this.#clock.now(), limit)
    for (const key of due) this.#remove(key)
    return due.length
  }
}

/**
 * The versions are named when somebody asks: as plain properties they would double what a commit costs, since a
 * property's name is looked up among all that the process knows, and an own getter is made anew for each result.
 */
class Committed {
  readonly ok = true
  readonly #puts: readonly (Slot | undefined)[]
  readonly #before: number

  /** @param before the last version before the commit; a slot may have another by the time that somebody asks */
  constructor(puts: readonly (Slot | undefined)[], before: number) {
    this.#puts = puts
    this.#before = before
  }

  get versions(): Readonly<Record<string, string>> {
    const keys = this.#puts.flatMap((put) => put?.key ?? [])
    return Object.fromEntries(keys.map((key, i) => [key, String(this.#before + 1 + i)]))
  }
}

/** Most puts of a record leave it where it is found. */
function hasSameIndexes(known: Slot['indexes'], given: Slot['indexes']): boolean {
  if (known === given) return true
  const names = Object.keys(given)
  return names.length === Object.keys(known).length && names.every((name) => known[name] === given[name])
}
