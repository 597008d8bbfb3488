import { type Runtime, systemRuntime } from '../../src/lib/runtime.ts'

/** The machine's clock and random source, but waits take no time: the clock is moved on by each. */
export interface FastRuntime extends Runtime {
  /** Milliseconds of each wait so far. */
  readonly delays: readonly number[]
  /** Called as a wait ends, with how many there were. */
  onDelay: (count: number) => Promise<void> | void
}

/** @param now milliseconds since the epoch; the waits are added to it. @default the machine's clock */
export function createFastRuntime(now: () => number = systemRuntime.now): FastRuntime {
  const delays: number[] = []
  const waited = () => delays.reduce((sum, delay) => sum + delay, 0)
  const runtime: FastRuntime = {
    ...systemRuntime,
    now: () => now() + waited(),
    delays,
    onDelay: () => {},
    async delay(milliseconds, signal) {
      signal?.throwIfAborted()
      delays.push(milliseconds)
      await runtime.onDelay(delays.length)
      signal?.throwIfAborted()
    },
  }
  return runtime
}
