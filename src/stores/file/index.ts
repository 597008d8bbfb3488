import { join, resolve } from 'node:path'
import type { StoreError } from '../../errors/session.ts'
import { createLeaseLock } from '../../lib/lease-lock.ts'
import type { Lock } from '../../lib/lock.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { storeFailure } from '../../lib/record-commit.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { createSealedStore } from '../sealed/sealed-store.ts'
import { makeDirectory } from './durable-files.ts'
import { createPlainFileStore } from './file-store.ts'
import { createLayout } from './layout.ts'
import { clearPending, createLockDirectory, type LockDirectory } from './lock-directory.ts'
import { fileName } from './record-file.ts'
import { heartbeat, patience } from './store-lock.ts'

export type { Lock } from '../../lib/lock.ts'
export type { RecordStore } from '../../lib/record-store.ts'
export { readOrCreateSealingKey } from './sealing-key-file.ts'

/** What `createFileStore` takes. */
export interface FileStoreOptions {
  /**
   * Sealing keys, 32 bytes each as 43 base64url characters: the first seals, all open. `readOrCreateSealingKey`
   * keeps one in a file. `'unsealed'` writes tokens so that whoever can read the files can use them.
   */
  readonly keys: readonly string[] | 'unsealed'
  /** Milliseconds to wait for another process that commits, before giving up. @default 30_000 */
  readonly maxWait?: number
  /** Told of each record that `find` leaves out because it cannot be read. @default nobody */
  readonly onInvalidRecord?: (error: StoreError) => void
  readonly runtime?: Runtime
}

/** What `createFileLock` takes. */
export interface FileLockOptions {
  /** Milliseconds to wait for another process before giving up. @default 60_000 */
  readonly maxWait?: number
  readonly runtime?: Runtime
}

/**
 * Records in a directory, a file each, for command-line tools and desktop programs: any number of processes of
 * one user, on a local disk. Directories have mode 0700, files 0600.
 *
 * A commit is whole or has not happened, whenever a process dies or the power fails; processes commit one after
 * the other, and a reader waits for nobody.
 *
 * @param directory made with the first commit
 * @throws TypeError for options that are missing, wrong or unknown; its methods StoreError: `store_full` for a full
 * disk, `invalid_record` for a file that was changed, `store_unavailable` else
 * @example
 * const keys = [await readOrCreateSealingKey(join(configFolder, 'key'))]
 * const store = createFileStore(join(dataFolder, 'sessions'), { keys })
 */
export function createFileStore(directory: string, options: FileStoreOptions): RecordStore {
  assertKnownOptions('createFileStore', options, ['keys', 'maxWait', 'onInvalidRecord', 'runtime'])
  const { keys, maxWait = 30_000, onInvalidRecord, runtime = systemRuntime } = options
  const plain = createPlainFileStore({ layout: createLayout(resolve(directory)), runtime, maxWait, onInvalidRecord })
  if (keys === 'unsealed') return plain
  return createSealedStore(plain, { keys, ...(onInvalidRecord && { onInvalidRecord }) })
}

/**
 * A lock between processes that share a directory. It names its owner, and is taken over at once when that process
 * is dead; an owner that cannot be seen, on another host or in another container, after 15 s without a sign of life.
 *
 * @param directory made when it is missing; not that of a store
 * @throws TypeError for an unknown option; `withLock` StoreError store_unavailable
 */
export function createFileLock(directory: string, options: FileLockOptions = {}): Lock {
  assertKnownOptions('createFileLock', options, ['maxWait', 'runtime'])
  const { maxWait = 60_000, runtime = systemRuntime } = options
  const root = resolve(directory)
  // One for each key that is waited for or held here, since it remembers what it saw.
  const open = new Map<string, LockDirectory>()
  const lockOf = (key: string): LockDirectory => {
    const lock = open.get(key) ?? createLockDirectory(join(root, fileName(key)), { runtime, patience })
    open.set(key, lock)
    return lock
  }
  let hasCleared = false
  const reach = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await task()
    } catch (error) {
      throw storeFailure('lock', 'lock', error)
    }
  }
  return createLeaseLock(
    {
      acquire: (key, owner, waited) =>
        reach(async () => {
          if (waited === 0 && (await makeDirectory(root)) === false && !hasCleared) await clearPending(root)
          hasCleared = true
          return await lockOf(key).acquire(owner, waited)
        }),
      renew: (key, owner) => reach(() => lockOf(key).renew(owner)),
      release: (key, owner) =>
        reach(async () => {
          await lockOf(key).release(owner)
          open.delete(key)
        }),
    },
    { lease: 3 * heartbeat, maxWait, runtime },
  )
}
