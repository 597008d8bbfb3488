import type { Runtime } from '../../src/lib/runtime.ts'

/** A clock that a test moves, and a random source that gives other bytes each time, the same in each run. */
export interface FakeRuntime extends Runtime {
  /** Moves the clock, in milliseconds; negative moves it back. */
  advance(milliseconds: number): void
}

/** 2026-11-20T12:00:00Z */
export const fakeNow: number = Date.UTC(2026, 10, 20, 12)

export function createFakeRuntime(start: number = fakeNow): FakeRuntime {
  let now = start
  let drawn = 0
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds
    },
    randomBytes: (length) => {
      drawn += 1
      return Uint8Array.from({ length }, (_, i) => (drawn * 31 + i * 7) & 255)
    },
  }
}
