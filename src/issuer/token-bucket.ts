import type { Runtime } from '../lib/runtime.ts'

/** A budget that refills: `capacity` at once, and as many again in each `period`. */
export interface TokenBucket {
  /** Takes one, or says that there is none. */
  take(): boolean
}

/** `period` in milliseconds. */
export function createTokenBucket(runtime: Runtime, capacity: number, period: number): TokenBucket {
  let tokens = capacity
  let refilledAt = runtime.now()
  return {
    take() {
      const now = runtime.now()
      // A clock set back refills nothing; a clock set forward no more than the capacity.
      const gained = (Math.max(now - refilledAt, 0) * capacity) / period
      tokens = Math.min(tokens + gained, capacity)
      refilledAt = now
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
