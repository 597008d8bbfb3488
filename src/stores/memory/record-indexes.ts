import type { StoredRecord } from '../../lib/record-store.ts'

/** Index name and value to the keys of the records that carry them. */
export interface RecordIndexes {
  add(record: StoredRecord): void
  remove(record: StoredRecord): void
  keysOf(index: string, value: string): readonly string[]
}

/** Most values belong to one record, and a set for each of these would weigh more than the record's key. */
type Keys = string | Set<string>

export function createRecordIndexes(): RecordIndexes {
  const indexes = new Map<string, Map<string, Keys>>()
  return {
    add({ key, indexes: terms }) {
      for (const [index, value] of Object.entries(terms)) {
        let values = indexes.get(index)
        if (!values) {
          values = new Map()
          indexes.set(index, values)
        }
        const keys = values.get(value)
        if (keys instanceof Set) keys.add(key)
        else values.set(value, keys === undefined || keys === key ? key : new Set([keys, key]))
      }
    },
    remove({ key, indexes: terms }) {
      for (const [index, value] of Object.entries(terms)) {
        const values = indexes.get(index)
        const keys = values?.get(value)
        if (keys instanceof Set) keys.delete(key)
        if (keys === key || (keys instanceof Set && keys.size === 0)) values?.delete(value)
      }
    },
    keysOf(index, value) {
      const keys = indexes.get(index)?.get(value)
      return typeof keys === 'string' ? [keys] : Array.from(keys ?? [])
    },
  }
}
