import type { Runtime } from '../lib/runtime.ts'

/** Keeps from asking a server that has just failed. */
export interface BackOff {
  /** Whether it is too early to ask again. */
  isWaiting(): boolean
  /** Doubles the wait, up to a minute, and scatters it, so that many processes do not return as one. */
  failed(): void
  succeeded(): void
}

const firstWait = 1_000
const mostWait = 60_000

export function createBackOff(runtime: Runtime): BackOff {
  let failures = 0
  let until = 0
  return {
    isWaiting: () => runtime.now() < until,
    failed() {
      const wait = Math.min(firstWait * 2 ** failures, mostWait)
      failures++
      until = runtime.now() + wait * (0.5 + runtime.randomBytes(1)[0]! / 510)
    },
    succeeded() {
      failures = 0
      until = 0
    },
  }
}
