import { delay } from './delay.ts'
import type { Runtime } from './runtime.ts'

/** Waits that end early where what they wait for is there. */
export interface Waker {
  /** Ends the wait that is under way; where none is, the next one. */
  wake(): void
  /**
   * @returns whether it was woken
   * @throws the signal's reason when it aborts
   */
  wait(milliseconds: number, signal?: AbortSignal): Promise<boolean>
}

/** For one who waits: two waits at once would share one waking. */
export function createWaker(runtime: Runtime): Waker {
  let isWoken = false
  let end: (() => void) | undefined

  return {
    wake() {
      isWoken = true
      end?.()
    },
    async wait(milliseconds, signal) {
      let wasWoken = false
      const controller = new AbortController()
      const onAbort = () => controller.abort(signal?.reason)
      end = () => controller.abort()
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        signal?.throwIfAborted()
        if (!isWoken) await delay(runtime, milliseconds, controller.signal)
      } catch (error) {
        // Of a wait that was ended only the caller's own reason is an error.
        signal?.throwIfAborted()
        if (!isWoken) throw error
      } finally {
        wasWoken = isWoken
        isWoken = false
        end = undefined
        signal?.removeEventListener('abort', onAbort)
      }
      return wasWoken
    },
  }
}
