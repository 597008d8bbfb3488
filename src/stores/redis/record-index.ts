import type { StoredRecord } from '../../lib/record-store.ts'
import type { RunScript } from './redis-client.ts'
import type { RedisKeys } from './redis-keys.ts'
import { indexGrace, indexScript, searchScript, unindexScript } from './scripts.ts'

/** Which records carry an index value: hints on other nodes than the records, held against these when read. */
export interface RecordIndex {
  /** Enters a record under all of `indexes`. Gives the earliest time, by Redis's clocks, for the commit script. */
  enter(key: string, indexes: Readonly<Record<string, string>>, stamp: string, ttl: string): Promise<number>
  /** Takes out the entries that still carry `stamp`. */
  leave(key: string, indexes: Readonly<Record<string, string>>, stamp: string): Promise<void>
  search(index: string, value: string): Promise<IndexHits>
}

export interface IndexHits {
  readonly keys: readonly string[]
  /** Takes out the entries of records that are not among those found, if they are old enough to be left over. */
  clean(found: readonly StoredRecord[]): Promise<void>
}

export function createRecordIndex(run: RunScript, keys: RedisKeys): RecordIndex {
  return {
    async enter(key, indexes, stamp, ttl) {
      const times = Object.entries(indexes).map(async ([index, value]) =>
        Number(await run(indexScript, [keys.index(index, value)], [key, stamp, ttl])),
      )
      return Math.min(...(await Promise.all(times)))
    },
    async leave(key, indexes, stamp) {
      await Promise.all(
        Object.entries(indexes).map(([index, value]) => run(unindexScript, [keys.index(index, value)], [key, stamp])),
      )
    },
    async search(index, value) {
      const name = keys.index(index, value)
      const [time, ...flat] = (await run(searchScript, [name], [])) as string[]
      const entries = pairs(flat)
      return {
        keys: entries.map(([key]) => key),
        async clean(found) {
          const live = new Set(found.map((record) => record.key))
          const leftOver = entries.filter(
            ([key, entry]) => !live.has(key) && Number(time) - Number.parseInt(entry, 10) > indexGrace,
          )
          const args = leftOver.flatMap(([key, entry]) => [key, entry.slice(entry.indexOf(':') + 1)])
          if (args.length > 0) await run(unindexScript, [name], args)
        },
      }
    },
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])
}
