import type { CommitResult, RecordStore } from '../lib/record-store.ts'
import type { ContractCheck } from './check.ts'
import { commitChecks } from './commit-checks.ts'
import { concurrencyChecks } from './concurrency-checks.ts'
import { expiryChecks } from './expiry-checks.ts'
import { indexChecks } from './index-checks.ts'
import { rotationChecks } from './rotation-checks.ts'

/** A store to try, empty, and the clock that it looks at. */
export interface RecordStoreUnderTest {
  readonly store: RecordStore
  /** Moves the clock that the store looks at, in milliseconds. */
  readonly advance: (ms: number) => void | Promise<void>
  /** What that clock shows: milliseconds since the epoch. */
  readonly now: () => number
  /** The same records over another connection, as another process has them. @default `store` itself */
  readonly connect?: () => RecordStore | Promise<RecordStore>
  readonly close?: () => void | Promise<void>
}

/** Opens the store under test, anew for each check. */
export type OpenRecordStore = () => RecordStoreUnderTest | Promise<RecordStoreUnderTest>

export interface PutOptions {
  readonly expect?: string | null
  readonly expiresAt?: number
  readonly indexes?: Readonly<Record<string, string>>
}

/** What a check works with. */
export interface StoreTrial extends RecordStoreUnderTest {
  readonly connect: () => Promise<RecordStore>
  readonly put: (key: string, value: unknown, options?: PutOptions) => Promise<CommitResult>
  /** @throws Error where there is no such record */
  readonly versionOf: (key: string) => Promise<string>
  /** The keys found, sorted. */
  readonly keysOf: (index: string, value: string) => Promise<string[]>
}

export type StoreChecks = Readonly<Record<string, (trial: StoreTrial) => Promise<void>>>

/**
 * What every RecordStore must do. Each check opens a store of its own, which must be empty.
 *
 * @example
 * import { test } from 'node:test'
 * for (const { name, run } of recordStoreContract(openMyStore)) test(name, run)
 */
export function recordStoreContract(open: OpenRecordStore): readonly ContractCheck[] {
  const all: StoreChecks = { ...commitChecks, ...indexChecks, ...expiryChecks, ...concurrencyChecks, ...rotationChecks }
  return Object.entries(all).map(([name, check]) => ({
    name,
    run: async () => {
      const context = await open()
      try {
        await check(trialOf(context))
      } finally {
        await context.close?.()
      }
    },
  }))
}

function trialOf(context: RecordStoreUnderTest): StoreTrial {
  const { store } = context
  return {
    ...context,
    connect: async () => (await context.connect?.()) ?? store,
    put: (key, value, options = {}) => {
      const { expect = null, ...rest } = options
      return store.commit([{ kind: 'put', key, value, expect, ...rest }])
    },
    versionOf: async (key) => {
      const record = await store.get(key)
      if (!record) throw new Error('a record that was put is not there')
      return record.version
    },
    keysOf: async (index, value) => (await store.find(index, value)).map((record) => record.key).sort(),
  }
}
