import type { Runtime } from '../lib/runtime.ts'

/** Counts attempts by caller, in windows of fixed length. */
export interface AttemptLimiter {
  /**
   * Asks and counts in one step, so that of many attempts at once none slips by.
   *
   * @returns seconds to wait where the caller is over its limit, else 0
   */
  count(caller: string): number
  /** Takes back an attempt that was none after all. */
  forgive(caller: string): void
}

export interface AttemptLimiterOptions {
  /** Attempts in one window. */
  readonly most: number
  /** Of one window. */
  readonly seconds: number
  readonly runtime: Runtime
}

/** More callers than these have had their time. */
const mostCallers = 1_000

export function createAttemptLimiter({ most, seconds, runtime }: AttemptLimiterOptions): AttemptLimiter {
  const windows = new Map<string, { attempts: number; readonly endsAt: number }>()
  const current = (caller: string) => {
    const window = windows.get(caller)
    if (window && window.endsAt <= runtime.now()) windows.delete(caller)
    return windows.get(caller)
  }
  return {
    count(caller) {
      const window = current(caller)
      if (window && window.attempts >= most) return Math.ceil((window.endsAt - runtime.now()) / 1000)
      if (window) window.attempts++
      else windows.set(caller, { attempts: 1, endsAt: runtime.now() + seconds * 1000 })
      const [oldest] = windows.keys()
      if (windows.size > mostCallers && oldest !== undefined) windows.delete(oldest)
      return 0
    },
    forgive(caller) {
      const window = current(caller)
      if (window && window.attempts > 0) window.attempts--
    },
  }
}
