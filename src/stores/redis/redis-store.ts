import { StoreError } from '../../errors/session.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import {
  assertChanges,
  assertPortableText,
  commitKind,
  isLive,
  recordKind,
  storeFailure,
} from '../../lib/record-commit.ts'
import type { CommitResult, RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { argumentsOf, encodeChange, indexTtl, invalidRecord, parseIndexes, parseRecord } from './record-format.ts'
import { createRecordIndex, type RecordIndex } from './record-index.ts'
import type { RunScript } from './redis-client.ts'
import { assertOnePartition, type RedisKeys } from './redis-keys.ts'
import { commitScript, readScript } from './scripts.ts'

/** A commit whose index entries got too old before it reached Redis begins anew, this often. */
const maxAttempts = 5

export interface PlainRedisStoreParts {
  readonly run: RunScript
  readonly keys: RedisKeys
  readonly runtime: Runtime
  readonly onInvalidRecord: ((error: StoreError) => void) | undefined
}

/** Records in Redis, with their values as they are given. */
export function createPlainRedisStore(parts: PlainRedisStoreParts): RecordStore {
  const { run, keys, runtime, onInvalidRecord } = parts
  const index = createRecordIndex(run, keys)

  async function read(key: string): Promise<StoredRecord | undefined> {
    assertPortableText([key])
    const record = parseRecord(key, await run(readScript, [keys.record(key)], []))
    return record && isLive(record, runtime.now()) ? record : undefined
  }

  async function readOrReport(key: string): Promise<StoredRecord | undefined> {
    try {
      return await reach('read', recordKind(key), () => read(key))
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'invalid_record')) throw error
      onInvalidRecord?.(error)
      return undefined
    }
  }

  return {
    partitioned: true,
    get: (key) => reach('read', recordKind(key), () => read(key)),
    find: (name, value) =>
      reach('search', 'record', async () => {
        const hits = await index.search(name, value)
        const records = await Promise.all(hits.keys.map(readOrReport))
        const found = records.filter((record) => record?.indexes[name] === value) as StoredRecord[]
        await hits.clean(found)
        return found
      }),
    async commit(changes) {
      assertChanges(changes)
      const own = changes.map((change) => change.key)
      assertPortableText(own)
      assertOnePartition(own)
      if (changes.length === 0) return { ok: true, versions: {} }
      return await reach('write', commitKind(changes), () => commitIndexed(parts, index, changes))
    },
    // Redis forgets by itself what has expired.
    sweep: async () => 0,
  }
}

async function commitIndexed(
  { run, keys, runtime }: PlainRedisStoreParts,
  index: RecordIndex,
  changes: readonly RecordChange[],
): Promise<CommitResult> {
  const names = changes.map((change) => keys.record(change.key))
  const encoded = changes.map((change) => encodeChange(change, runtime.now()))
  const indexed = changes.flatMap((change, i) => (encoded[i]!.indexes === '{}' ? [] : [{ change, at: encoded[i]! }]))
  // A new record is not indexed yet; an update, as a rule, already is.
  let isIndexing = indexed.some(({ change }) => change.expect === null)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const id = encodeBase64url(runtime.randomBytes(16))
    const enter = ({ change, at }: (typeof indexed)[number]) =>
      index.enter(change.key, parseIndexes(change.key, at.indexes), id, indexTtl(at))
    const enteredAt = isIndexing ? String(Math.min(...(await Promise.all(indexed.map(enter))))) : ''
    const args = [String(runtime.now()), id, enteredAt, ...encoded.flatMap(argumentsOf)]
    const [outcome, ...leftOver] = (await run(commitScript, names, args)) as [number, ...string[]]
    if (outcome > 0) return { ok: false, conflict: changes[outcome - 1]!.key }
    if (outcome === 0) {
      await leaveAll(index, changes, leftOver)
      const puts = changes.filter((change) => change.kind === 'put')
      return { ok: true, versions: Object.fromEntries(puts.map((change) => [change.key, id])) }
    }
    isIndexing = true
  }
  throw new StoreError('store_unavailable', 'Redis was too slow to write index entries and their record in time', {
    record: commitKind(changes),
  })
}

/** Number, indexes and stamp of each record whose old index entries are left over. */
async function leaveAll(index: RecordIndex, changes: readonly RecordChange[], leftOver: readonly string[]) {
  const tasks: Promise<void>[] = []
  for (let i = 0; i < leftOver.length; i += 3) {
    const { key } = changes[Number(leftOver[i]) - 1]!
    tasks.push(index.leave(key, parseIndexes(key, leftOver[i + 1]!), leftOver[i + 2]!))
  }
  // The commit is done. An entry that stays is held against the record by every search, and cleaned by one.
  await Promise.all(tasks).catch(() => {})
}

/** @throws StoreError for all that comes from below */
async function reach<T>(operation: string, record: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof StoreError || error instanceof TypeError) throw error
    const message = error instanceof Error ? error.message : ''
    if (message.startsWith('WRONGTYPE')) throw invalidRecord(record)
    throw storeFailure(operation, record, error, message.startsWith('OOM') ? 'store_full' : 'store_unavailable')
  }
}
