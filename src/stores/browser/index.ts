import { StoreError } from '../../errors/session.ts'
import type { Lock } from '../../lib/lock.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { RecordChanges } from '../../lib/record-changes.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { createDatabaseStore } from './browser-store.ts'
import { createCommitNotices } from './commit-notices.ts'
import { openDatabase } from './database.ts'

export type { Lock } from '../../lib/lock.ts'
export type { RecordChanges } from '../../lib/record-changes.ts'
export type { RecordStore } from '../../lib/record-store.ts'

/** What `createBrowserStore` takes. */
export interface BrowserStoreOptions {
  /** Of the database, and of the messages between tabs. @default 'authentype' */
  readonly name?: string
  /** Told of each record that `find` leaves out because it cannot be read. @default nobody */
  readonly onInvalidRecord?: (error: StoreError) => void
  readonly runtime?: Runtime
}

/** What `createBrowserLock` takes. */
export interface BrowserLockOptions {
  /** Before the name of each lock. @default 'authentype' */
  readonly name?: string
  /** Milliseconds to wait for another tab before giving up. @default 60_000 */
  readonly maxWait?: number
}

/** A store that tells what other tabs and workers of the origin changed. */
export interface BrowserStore extends RecordStore, RecordChanges {
  /** Lets go of the database and of the messages. A later call opens them again. */
  close(): void
}

/**
 * Records in IndexedDB, for single-page applications: shared by all tabs and workers of an origin, kept over
 * restarts, and able to hold non-extractable keys. Such a key can be used by a script that gets into the
 * page, but not be taken away. Values are not sealed: a key to unseal them would lie beside them.
 *
 * @throws TypeError for an unknown option; its methods StoreError, `store_full` where the browser gives no more room
 */
export function createBrowserStore(options: BrowserStoreOptions = {}): BrowserStore {
  assertKnownOptions('createBrowserStore', options, ['name', 'onInvalidRecord', 'runtime'])
  const { name = 'authentype', onInvalidRecord, runtime = systemRuntime } = options
  const database = openDatabase(name)
  const notices = createCommitNotices(name)
  const onCommit = (keys: readonly string[]): void => {
    try {
      notices.send(keys)
    } catch {
      // The commit is done; a notice only saves others a look.
    }
  }
  return {
    ...createDatabaseStore({ database, runtime, onInvalidRecord, onCommit }),
    subscribe: notices.subscribe,
    close() {
      database.close()
      notices.close()
    },
  }
}

/**
 * A lock between the tabs and workers of one origin, by the Web Locks API; the browser frees that of a tab
 * which is closed.
 *
 * @throws TypeError outside a secure context (https or loopback), where the API is missing; `withLock`
 * StoreError store_unavailable
 */
export function createBrowserLock(options: BrowserLockOptions = {}): Lock {
  assertKnownOptions('createBrowserLock', options, ['name', 'maxWait'])
  const { name = 'authentype', maxWait = 60_000 } = options
  const { locks } = navigator
  if (!locks) throw new TypeError('createBrowserLock: there are no Web Locks here; they need https or a loopback host')
  return {
    async withLock(key, task) {
      const signal = AbortSignal.timeout(maxWait)
      let isHeld = false
      const held = () => {
        isHeld = true
        return task()
      }
      try {
        return await locks.request(`${name}:${key}`, { signal }, held)
      } catch (error) {
        if (isHeld) throw error
        throw new StoreError('store_unavailable', `another tab held a lock for more than ${maxWait} ms`, {
          record: 'lock',
          cause: error,
        })
      }
    },
  }
}
