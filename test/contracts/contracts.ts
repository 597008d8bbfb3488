// The contract suites that users get as authentype/testing, given to vitest.
import { describe, it } from 'vitest'
import { lockContract, type OpenLock, type OpenRecordStore, recordStoreContract } from '../../src/testing/index.ts'

export function describeRecordStore(name: string, open: OpenRecordStore): void {
  describe(`record store contract: ${name}`, () => {
    for (const check of recordStoreContract(open)) it(check.name, check.run)
  })
}

export function describeLock(name: string, open: OpenLock): void {
  describe(`lock contract: ${name}`, () => {
    for (const check of lockContract(open)) it(check.name, check.run)
  })
}
