import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from './base64url.ts'
import { delay } from './delay.ts'
import type { Lock } from './lock.ts'
import { assertNumbers } from './options.ts'
import type { Runtime } from './runtime.ts'
import { createSerialQueue } from './serial-queue.ts'

/** Where leases are kept: at most one owner a key, whose lease ends by itself when it is not renewed. */
export interface LeaseBackend {
  /**
   * False while another owner holds it.
   *
   * @param waited milliseconds that `owner` has waited for it so far, by counting
   */
  acquire(key: string, owner: string, waited: number): Promise<boolean>
  renew(key: string, owner: string): Promise<unknown>
  /** Lets go of it if `owner` still holds it; never of another's. */
  release(key: string, owner: string): Promise<unknown>
}

export interface LeaseLockOptions {
  /** Milliseconds until a lease that is not renewed ends: whole ones, a day at most. It is renewed three times in that time. */
  readonly lease: number
  /** Milliseconds after which whoever waits for another process gives up. */
  readonly maxWait: number
  readonly runtime: Runtime
}

const shortestPause = 10
const longestPause = 150
const mostLeftOver = 10_000
/** Milliseconds, a day: as long nobody else has what a process held that died. */
const longestLease = 86_400_000

/**
 * A lock over leases. In one process callers of the same key queue up, so that only the first of a thousand
 * asks the backend.
 */
export function createLeaseLock(backend: LeaseBackend, options: LeaseLockOptions): Lock {
  assertNumbers('lock', options, ['lease'])
  if (!Number.isInteger(options.lease) || options.lease > longestLease) {
    throw new TypeError(`lock: "lease" must be whole milliseconds, at most ${longestLease}`)
  }
  assertNumbers('lock', options, ['maxWait'], '0 or more')
  const { lease, runtime } = options
  const queue = createSerialQueue()
  // Leases that may still be ours although nobody holds them: the backend broke before it confirmed.
  const leftOver = new Map<string, string>()

  async function hold<T>(key: string, task: () => Promise<T>): Promise<T> {
    // Whoever comes next in this process takes it up, and does not wait for its own lease to end.
    const owner = leftOver.get(key) ?? encodeBase64url(runtime.randomBytes(16))
    await confirmed(key, owner, () => acquire(backend, key, owner, options))
    const stopRenewing = renewEvery(lease / 3, () => backend.renew(key, owner))
    try {
      return await task()
    } finally {
      await stopRenewing()
      // A lease that cannot be given back ends by itself.
      await confirmed(key, owner, () => backend.release(key, owner)).catch(() => {})
    }
  }

  async function confirmed(key: string, owner: string, step: () => Promise<unknown>): Promise<void> {
    try {
      await step()
      leftOver.delete(key)
    } catch (error) {
      leftOver.set(key, owner)
      // The oldest goes: by now its lease has ended.
      if (leftOver.size > mostLeftOver) leftOver.delete(leftOver.keys().next().value!)
      throw error
    }
  }

  return { withLock: (key, task) => queue.run(key, () => hold(key, task)) }
}

/** Asks again and again, ever more rarely and never in step with others. */
async function acquire(backend: LeaseBackend, key: string, owner: string, options: LeaseLockOptions): Promise<void> {
  let pause = shortestPause
  // Waiting is counted, not read from a clock, which may be set.
  for (let waited = 0; !(await backend.acquire(key, owner, waited)); waited += pause) {
    if (waited >= options.maxWait) {
      throw new StoreError('store_unavailable', `another process held a lock for more than ${options.maxWait} ms`, {
        record: 'lock',
      })
    }
    pause = Math.min(pause * 1.5, longestPause) * (0.75 + options.runtime.randomBytes(1)[0]! / 510)
    await delay(options.runtime, pause)
  }
}

/** Runs `renew` now and then until the returned function is called, which waits for a run under way. */
function renewEvery(interval: number, renew: () => Promise<unknown>): () => Promise<void> {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    // A renewal that fails is tried again at the next tick; a lease lost meanwhile costs work, not correctness.
    running ??= renew()
      .catch(() => {})
      .finally(() => {
        running = undefined
      })
  }, interval)
  return async () => {
    clearInterval(timer)
    await running
  }
}
