/** `authentype/stores/memory`: records in this process's memory, and the port that every store implements. */
export type {
  CommitResult,
  RecordChange,
  RecordStore,
  RecordVersion,
  StoredRecord,
} from '../../lib/record-store.ts'
export { createMemoryStore, isMemoryStore, type MemoryStoreOptions } from './memory-store.ts'
