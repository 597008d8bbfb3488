import { StoreError } from '../../errors/session.ts'
import { createLeaseLock } from '../../lib/lease-lock.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { Layout } from './layout.ts'
import { createLockDirectory } from './lock-directory.ts'

/** Milliseconds between two signs of life. */
export const heartbeat = 2_000
/** Milliseconds without one after which a process is given up that cannot be seen, on another host. */
export const patience = 15_000

/** One committer at a time, in all processes. */
export interface StoreLock {
  /**
   * @param task gets a function that throws once the lock was lost, to be called before what cannot be undone
   * @throws StoreError store_unavailable after `maxWait`
   */
  run<T>(task: (assertHeld: () => Promise<void>) => Promise<T>): Promise<T>
}

export function createStoreLock(layout: Layout, options: { runtime: Runtime; maxWait: number }): StoreLock {
  const { runtime, maxWait } = options
  const directory = createLockDirectory(layout.lock, { runtime, patience })
  // Only one owner of this process holds it at a time.
  let held = ''
  const lock = createLeaseLock(
    {
      async acquire(_, owner, waited) {
        const isAcquired = await directory.acquire(owner, waited)
        if (isAcquired) held = owner
        else if (waited >= maxWait) throw await tooLong(directory.describeOwner(), maxWait)
        return isAcquired
      },
      renew: (_, owner) => directory.renew(owner),
      release: (_, owner) => directory.release(owner),
    },
    { lease: 3 * heartbeat, maxWait, runtime },
  )
  const assertHeld = async () => {
    if (await directory.isHeld(held)) return
    throw new StoreError('store_unavailable', 'the lock of the file store was taken away; nothing was written', {
      record: 'lock',
    })
  }
  return { run: (task) => lock.withLock('store', () => task(assertHeld)) }
}

async function tooLong(owner: Promise<string>, maxWait: number): Promise<StoreError> {
  const message = `${await owner} has held the lock of the file store for more than ${maxWait} ms`
  return new StoreError('store_unavailable', message, { record: 'lock' })
}
