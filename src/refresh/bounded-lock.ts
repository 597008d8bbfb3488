import type { Lock } from '../lib/lock.ts'

/**
 * Runs `task` once: under the lock, or without it when the lock cannot be had within `patience`, or at all. A lock only
 * saves work, and its owner may be dead: where waiting for its lease to end would cost more than work, nobody waits for
 * it; and a login is not lost to a lock that is out of order.
 *
 * @param patience milliseconds; 0: as long as the lock takes
 * @param task is told whether it holds the lock
 */
export async function withBoundedLock<T>(
  lock: Lock | undefined,
  key: string,
  patience: number,
  task: (hasLock: boolean) => Promise<T>,
): Promise<T> {
  if (!lock) return await task(false)
  let run: Promise<T> | undefined
  const once = (hasLock: boolean) => {
    run ??= task(hasLock)
    return run
  }
  const held = withLock(lock, key, () => once(true)).catch(() => once(false))
  if (patience <= 0) return await held
  let timer: ReturnType<typeof setTimeout> | undefined
  const impatient = new Promise<T>((resolve, reject) => {
    timer = setTimeout(() => void once(false).then(resolve, reject), patience)
  })
  try {
    return await Promise.race([held, impatient])
  } finally {
    clearTimeout(timer)
  }
}

/** As a promise whatever happens: a lock of the application's own may throw at once. */
async function withLock<T>(lock: Lock, key: string, task: () => Promise<T>): Promise<T> {
  return await lock.withLock(key, task)
}
