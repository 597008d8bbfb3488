import type { Runtime } from '../lib/runtime.ts'

/** Counts attempts by caller, in windows of fixed length. */
export interface AttemptLimiter {
  /** Seconds to wait where the caller is over its limit, else 0. */
  waitFor(caller: string): number
  count(caller: string): void
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
    waitFor(caller) {
      const window = current(caller)
      return window && window.attempts >= most ? Math.ceil((window.endsAt - runtime.now()) / 1000) : 0
    },
    count(caller) {
      const window = current(caller)
      if (window) window.attempts++
      else windows.set(caller, { attempts: 1, endsAt: runtime.now() + seconds * 1000 })
      const [oldest] = windows.keys()
      if (windows.size > mostCallers && oldest !== undefined) windows.delete(oldest)
    },
  }
}
