import type { Runtime } from './runtime.ts'

/** Keeps from asking a server that has just failed. */
export interface BackOff {
  /** Whether it is too early to ask again. */
  isWaiting(): boolean
  /**
   * Doubles the wait, up to a minute, and scatters it, so that many processes do not return as one.
   *
   * @param retryAfter milliseconds that the server asks for; five minutes at the most, since a mistake of it must not
   *   keep us away for good
   */
  failed(retryAfter?: number): void
  succeeded(): void
}

const firstWait = 1_000
const mostWait = 60_000
const mostRetryAfter = 5 * 60_000

export function createBackOff(runtime: Runtime): BackOff {
  let failures = 0
  let failedAt = 0
  let wait = 0
  return {
    isWaiting() {
      const since = runtime.now() - failedAt
      // A clock that was set back must not turn a minute into days.
      return since >= 0 && since < wait
    },
    failed(retryAfter) {
      const chance = runtime.randomBytes(1)[0]! / 255
      const doubled = Math.min(firstWait * 2 ** Math.min(failures, 10), mostWait)
      failures++
      failedAt = runtime.now()
      wait =
        retryAfter === undefined
          ? doubled * (0.5 + chance / 2)
          : Math.min(retryAfter, mostRetryAfter) + chance * firstWait
    },
    succeeded() {
      failures = 0
      wait = 0
    },
  }
}
