import { StoreError } from '../../errors/session.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import { assertChanges, commitKind, isLive, recordKind, storeFailure } from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { type Database, expiryIndex, type Transaction, termsIndex } from './database.ts'

export interface DatabaseStoreParts {
  readonly database: Database
  readonly runtime: Runtime
  readonly onInvalidRecord: ((error: StoreError) => void) | undefined
  /** Told of the keys of each commit. */
  readonly onCommit: (keys: readonly string[]) => void
}

const sweptPerCommit = 8
const sweptPerSweep = 1_000

/** Records as rows of IndexedDB, with an index over all their index values. */
export function createDatabaseStore(parts: DatabaseStoreParts): RecordStore {
  const { database, runtime, onInvalidRecord, onCommit } = parts

  function parseOrReport(row: unknown): readonly StoredRecord[] {
    try {
      const record = parseRow(row)
      return isLive(record, runtime.now()) ? [record] : []
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onInvalidRecord?.(error)
      return []
    }
  }

  return {
    get: (key) =>
      reach('read', recordKind(key), async () => {
        const row = await database.run<unknown>('readonly', ({ records, ask, done }) => ask(records.get(key), done))
        const record = row === undefined ? undefined : parseRow(row)
        return record && isLive(record, runtime.now()) ? record : undefined
      }),
    find: (index, value) =>
      reach('search', 'record', async () => {
        const rows = await database.run<readonly unknown[]>('readonly', ({ records, ask, done }) =>
          ask(records.index(termsIndex).getAll(termOf(index, value)), done),
        )
        return rows.flatMap(parseOrReport)
      }),
    async commit(changes) {
      assertChanges(changes)
      const result = await reach('write', commitKind(changes), () =>
        database.run<CommitResult>('readwrite', (transaction) => commitIn(transaction, changes, runtime)),
      )
      if (result.ok && changes.length > 0) onCommit(changes.map((change) => change.key))
      return result
    },
    sweep: () =>
      reach('sweep', 'record', () =>
        database.run<number>('readwrite', (transaction) =>
          sweepIn(transaction, runtime.now(), sweptPerSweep, transaction.done),
        ),
      ),
  }
}

function commitIn(transaction: Transaction<CommitResult>, changes: readonly RecordChange[], runtime: Runtime): void {
  const { records, ask, done } = transaction
  const now = runtime.now()
  const version = encodeBase64url(runtime.randomBytes(16))
  const rows: unknown[] = []
  sweepIn(transaction, now, sweptPerCommit, () => {
    if (changes.length === 0) done({ ok: true, versions: {} })
    for (const { key } of changes) {
      ask(records.get(key), (row: unknown) => {
        // The answers of one transaction come in the order of its questions.
        if (rows.push(row) === changes.length) done(write(records, changes, rows, version, now))
      })
    }
  })
}

function write(
  records: IDBObjectStore,
  changes: readonly RecordChange[],
  rows: readonly unknown[],
  version: string,
  now: number,
): CommitResult {
  const conflict = changes.find((change, i) => liveVersion(rows[i], now) !== change.expect)
  if (conflict) return { ok: false, conflict: conflict.key }
  const versions: Record<string, string> = {}
  for (const change of changes) {
    if (change.kind === 'delete') {
      records.delete(change.key)
      continue
    }
    const { key, value, indexes = {}, expiresAt } = change
    const terms = Object.entries(indexes).map(([index, text]) => termOf(index, text))
    records.put({ key, value, version, indexes, terms, ...(expiresAt !== undefined && { expiresAt }) })
    versions[key] = version
  }
  return { ok: true, versions }
}

function sweepIn<T>(
  { records, ask }: Transaction<T>,
  now: number,
  limit: number,
  swept: (count: number) => void,
): void {
  ask(records.index(expiryIndex).getAllKeys(IDBKeyRange.upperBound(now), limit), (keys) => {
    for (const key of keys) records.delete(key)
    swept(keys.length)
  })
}

/** @throws StoreError invalid_record */
function liveVersion(row: unknown, now: number): string | null {
  if (row === undefined) return null
  const record = parseRow(row)
  return isLive(record, now) ? record.version : null
}

/** @throws StoreError invalid_record */
function parseRow(row: unknown): StoredRecord {
  const { key, value, version, indexes, expiresAt } = row as Partial<StoredRecord>
  const isWhole =
    typeof version === 'string' &&
    typeof indexes === 'object' &&
    indexes !== null &&
    (expiresAt === undefined || typeof expiresAt === 'number')
  if (!isWhole) {
    const kind = recordKind(String(key))
    throw new StoreError('invalid_record', `a ${kind} record in IndexedDB is not as this library writes it`, {
      record: kind,
    })
  }
  return { key: key!, value, version, indexes, ...(expiresAt !== undefined && { expiresAt }) }
}

/** Index name and value as one text, for one database index over all of them. */
function termOf(index: string, value: string): string {
  return JSON.stringify([index, value])
}

/** @throws StoreError for all that comes from below, TypeError for a value that cannot be cloned */
async function reach<T>(operation: string, record: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof StoreError || error instanceof TypeError) throw error
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'DataCloneError') throw new TypeError('commit: a value holds what cannot be cloned')
    throw storeFailure(operation, record, error, name === 'QuotaExceededError' ? 'store_full' : 'store_unavailable')
  }
}
