import type { RecordStore } from '../../src/lib/record-store.ts'

/** The operations of a store and nothing else of it, for tests that put something of their own in the place of one. */
export function operationsOf(store: RecordStore): RecordStore {
  return {
    get: (key) => store.get(key),
    find: (index, value) => store.find(index, value),
    commit: (changes) => store.commit(changes),
    sweep: () => store.sweep(),
  }
}
