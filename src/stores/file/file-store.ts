import { StoreError } from '../../errors/session.ts'
import {
  assertChanges,
  assertPortableText,
  commitKind,
  isLive,
  recordKind,
  storeFailure,
} from '../../lib/record-commit.ts'
import type { RecordStore, StoredRecord } from '../../lib/record-store.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { hasCode } from './durable-files.ts'
import { commitChanges, nextRecord } from './file-commit.ts'
import type { Layout } from './layout.ts'
import { createMarkers } from './markers.ts'
import { prepareDirectory } from './prepare-directory.ts'
import { fileName } from './record-file.ts'
import { createRecordReader } from './record-reader.ts'
import { createStoreLock } from './store-lock.ts'
import { sweepFiles } from './sweep-files.ts'

export interface PlainFileStoreParts {
  readonly layout: Layout
  readonly runtime: Runtime
  /** Milliseconds to wait for other processes. */
  readonly maxWait: number
  readonly onInvalidRecord: ((error: StoreError) => void) | undefined
}

const sweptAtOnce = 1_000
/** What the first commit of a process clears away, since a command-line tool never calls `sweep`. */
const sweptAtFirst = 20

/** Records in files, with their values as they are given. Reads take no lock. */
export function createPlainFileStore(parts: PlainFileStoreParts): RecordStore {
  const { layout, runtime, onInvalidRecord } = parts
  const lock = createStoreLock(layout, parts)
  const markers = createMarkers(layout)
  const { read, readOrTell, readOrReport } = createRecordReader(layout, onInvalidRecord)
  let hasSwept = false

  /** Runs with the directory as a commit finds it: there, without an open intent, its indexes whole. */
  async function locked<T>(task: (assertHeld: () => Promise<void>) => Promise<T>): Promise<T> {
    await prepareDirectory.folders(layout)
    return await lock.run(async (assertHeld) => {
      await prepareDirectory.contents({ layout, markers, readOrReport, onInvalidRecord })
      return await task(assertHeld)
    })
  }

  async function sweep(limit: number): Promise<number> {
    hasSwept = true
    return await sweepFiles({ layout, markers, readOrReport, now: runtime.now(), limit })
  }

  /** A crash left a marker, or a writer is just about to take it out: who holds the lock can tell. */
  async function heal(index: string, value: string, names: readonly string[]): Promise<void> {
    await locked(async () => {
      for (const name of names) {
        const record = await readOrTell(name)
        if (record !== 'unreadable' && record?.indexes[index] !== value) await markers.drop(index, value, name)
      }
    })
  }

  async function search(index: string, value: string): Promise<readonly StoredRecord[]> {
    // Somebody took the indexes away, or the first commit is under way: a search would miss what is there.
    if (await prepareDirectory.isIncomplete(layout)) await locked(async () => {})
    const names = await markers.search(index, value)
    const found = await Promise.all(names.map(readOrTell))
    // What cannot be read today may be put right tomorrow, and is then to be found again.
    const records = found.map((record) => (record === 'unreadable' ? undefined : record))
    const wrong = names.filter((_, i) => found[i] !== 'unreadable' && records[i]?.indexes[index] !== value)
    // What was found is right without it, so that a search needs neither lock nor room on the disk.
    if (wrong.length > 0) await heal(index, value, wrong).catch(() => {})
    return records.filter(
      (record) => record?.indexes[index] === value && isLive(record, runtime.now()),
    ) as StoredRecord[]
  }

  return {
    get: (key) =>
      reach('read', recordKind(key), async () => {
        assertPortableText([key])
        const record = await read(fileName(key))
        return record && isLive(record, runtime.now()) ? record : undefined
      }),
    find: (index, value) => reach('search', 'record', () => search(index, value)),
    async commit(changes) {
      assertChanges(changes)
      assertPortableText(changes.map((change) => change.key))
      if (changes.length === 0) return { ok: true, versions: {} }
      const planned = changes.map((change) => ({ change, next: nextRecord(change, runtime) }))
      return await reach('write', commitKind(changes), () =>
        locked(async (assertHeld) => {
          if (!hasSwept) await sweep(sweptAtFirst)
          return await commitChanges({ layout, markers, runtime, read, assertHeld }, planned)
        }),
      )
    },
    sweep: () => reach('sweep', 'record', () => locked(() => sweep(sweptAtOnce))),
  }
}

/** @throws StoreError for all that comes from below */
async function reach<T>(operation: string, record: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof StoreError || error instanceof TypeError) throw error
    throw storeFailure(
      operation,
      record,
      error,
      hasCode(error, 'ENOSPC', 'EDQUOT') ? 'store_full' : 'store_unavailable',
    )
  }
}
