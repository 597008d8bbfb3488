import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredRecord } from '../../lib/record-store.ts'
import { hasCode, makeDirectory, removeIfEmpty, syncDirectory, unlinkIfThere } from './durable-files.ts'
import type { Layout } from './layout.ts'
import { fileName } from './record-file.ts'

/**
 * Which records carry an index value or expire in an hour: empty files. A marker is there before its record
 * and goes after it, so a crash leaves one too many and never one too few. Only who holds the store's
 * lock changes markers.
 */
export interface Markers {
  /** Marks what `next` carries and `previous` does not. */
  add(name: string, next: StoredRecord, previous: StoredRecord | undefined): Promise<void>
  /** Unmarks what `previous` carried and `next` does not. */
  remove(name: string, previous: StoredRecord, next: StoredRecord | undefined): Promise<void>
  /** The names of records that may carry this value. */
  search(index: string, value: string): Promise<readonly string[]>
  /** Takes one out that a search found wrong. */
  drop(index: string, value: string, name: string): Promise<void>
  /** Names of records that may have expired by now, the oldest hour first. */
  due(now: number): AsyncIterable<{ readonly name: string; readonly drop: () => Promise<void> }>
  /** Whether a record that expires then would be marked where `due` found it; else the marker is left over. */
  isMarkedFor(record: StoredRecord | undefined, now: number): boolean
}

const hour = 3_600_000

export function createMarkers(layout: Layout): Markers {
  const indexFolder = (index: string, value: string) => join(layout.indexes, fileName(JSON.stringify([index, value])))
  const indexFolders = (record: StoredRecord | undefined) =>
    Object.entries(record?.indexes ?? {}).map(([index, value]) => indexFolder(index, value))
  const expiryFolders = (record: StoredRecord | undefined) =>
    record?.expiresAt === undefined ? [] : [join(layout.expiry, hourName(record.expiresAt))]

  return {
    async add(name, next, previous) {
      const missing = without(indexFolders(next), indexFolders(previous))
      await Promise.all(missing.map((folder) => mark(folder, name)))
      // A search that misses a session would leave it logged in: index markers must outlast a crash.
      await Promise.all(missing.map(syncDirectory))
      if (missing.length > 0) await syncDirectory(layout.indexes)
      await Promise.all(without(expiryFolders(next), expiryFolders(previous)).map((folder) => mark(folder, name)))
    },
    async remove(name, previous, next) {
      const old = without(
        [...indexFolders(previous), ...expiryFolders(previous)],
        [...indexFolders(next), ...expiryFolders(next)],
      )
      await Promise.all(old.map((folder) => unmark(folder, name)))
    },
    search: (index, value) => listIfThere(indexFolder(index, value)),
    drop: (index, value, name) => unmark(indexFolder(index, value), name),
    async *due(now) {
      const hours = (await listIfThere(layout.expiry)).filter((name) => name <= hourName(now)).sort()
      for (const name of hours) {
        const folder = join(layout.expiry, name)
        for (const record of await listIfThere(folder)) yield { name: record, drop: () => unmark(folder, record) }
      }
    },
    isMarkedFor: (record, now) => record?.expiresAt !== undefined && hourName(record.expiresAt) <= hourName(now),
  }
}

/** Sorts as text as the hours do as numbers. */
function hourName(time: number): string {
  return String(Math.max(0, Math.floor(time / hour))).padStart(12, '0')
}

async function mark(folder: string, name: string): Promise<void> {
  await makeDirectory(folder)
  await writeFile(join(folder, name), '', { mode: 0o600 })
}

async function unmark(folder: string, name: string): Promise<void> {
  await unlinkIfThere(join(folder, name))
  await removeIfEmpty(folder)
}

async function listIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one))
}
