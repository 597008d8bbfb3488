export type { Lock } from '../lib/lock.ts'
export type {
  CommitResult,
  RecordChange,
  RecordStore,
  RecordVersion,
  StoredRecord,
} from '../lib/record-store.ts'
export type { ContractCheck } from './check.ts'
export { type LockUnderTest, lockContract, type OpenLock } from './lock-contract.ts'
export { type OpenRecordStore, type RecordStoreUnderTest, recordStoreContract } from './record-store-contract.ts'
