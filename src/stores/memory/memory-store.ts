import { StoreError } from '../../errors/session.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { assertDistinctKeys, isLive, recordKind } from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { createExpiryQueue } from './expiry-queue.ts'

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

class MemoryStore implements RecordStore {
  readonly #records = new Map<string, StoredRecord>()
  /** Index name and value to the keys that carry them. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>()
  readonly #expiry = createExpiryQueue()
  readonly #maxRecords: number
  readonly #runtime: Runtime
  #lastVersion = 0

  constructor(options: MemoryStoreOptions) {
    this.#maxRecords = options.maxRecords ?? 250_000
    this.#runtime = options.runtime ?? systemRuntime
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    return this.#live(key)
  }

  async find(index: string, value: string): Promise<readonly StoredRecord[]> {
    const keys = this.#indexes.get(index)?.get(value)
    if (!keys) return []
    return Array.from(keys, (key) => this.#live(key)).filter((record) => record !== undefined)
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
    changes.forEach((change, i) => {
      this.#remove(change.key)
      const record = prepared[i]
      if (!record) return
      this.#insert(record)
      versions[change.key] = record.version
    })
    return { ok: true, versions }
  }

  async sweep(): Promise<number> {
    return this.#sweep(sweptPerSweep)
  }

  #live(key: string): StoredRecord | undefined {
    const record = this.#records.get(key)
    return record && isLive(record, this.#runtime.now()) ? record : undefined
  }

  #prepare(change: RecordChange & { kind: 'put' }): StoredRecord {
    return {
      key: change.key,
      value: deepFreeze(structuredClone(change.value)),
      version: String(++this.#lastVersion),
      indexes: Object.freeze({ ...change.indexes }),
      ...(change.expiresAt !== undefined && { expiresAt: change.expiresAt }),
    }
  }

  #assertRoom(changes: readonly RecordChange[]): void {
    let growth = 0
    for (const change of changes) {
      const held = this.#records.has(change.key)
      if (change.kind === 'put' && !held) growth++
      if (change.kind === 'delete' && held) growth--
    }
    if (growth > 0 && this.#records.size + growth > this.#maxRecords) this.#sweep(sweptPerSweep)
    if (growth > 0 && this.#records.size + growth > this.#maxRecords) {
      throw new StoreError(
        'store_full',
        `the memory store holds its maximum of ${this.#maxRecords} records, none of which has expired; raise maxRecords or use a store outside the process`,
        { record: recordKind(changes[0]!.key) },
      )
    }
  }

  #insert(record: StoredRecord): void {
    this.#records.set(record.key, record)
    if (record.expiresAt !== undefined) this.#expiry.add(record.key, record.expiresAt)
    for (const [index, value] of Object.entries(record.indexes)) {
      let values = this.#indexes.get(index)
      if (!values) {
        values = new Map()
        this.#indexes.set(index, values)
      }
      const keys = values.get(value)
      if (keys) keys.add(record.key)
      else values.set(value, new Set([record.key]))
    }
  }

  #remove(key: string): void {
    const record = this.#records.get(key)
    if (!record) return
    this.#records.delete(key)
    if (record.expiresAt !== undefined) this.#expiry.remove(key, record.expiresAt)
    for (const [index, value] of Object.entries(record.indexes)) {
      const values = this.#indexes.get(index)
      const keys = values?.get(value)
      keys?.delete(key)
      if (keys?.size === 0) values?.delete(value)
    }
  }

  #sweep(limit: number): number {
    const due = this.#expiry.takeDue(this.#runtime.now(), limit)
    for (const key of due) this.#remove(key)
    return due.length
  }
}

/** Freezes plain data all the way down; CryptoKeys and other platform objects are immutable by themselves. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
