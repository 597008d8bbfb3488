import type { Runtime } from './runtime.ts'

/** A longer one than timers can hold would fire at once. */
const mostMilliseconds = 2 ** 31 - 1

/**
 * Waits by the runtime's own `delay`, or by a timer, which keeps the process alive: somebody wants what comes after.
 *
 * @throws the signal's reason when it aborts
 */
export function delay(runtime: Runtime, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  const wait = Math.min(milliseconds, mostMilliseconds)
  return runtime.delay ? runtime.delay(wait, signal) : startTimer(wait, signal)
}

function startTimer(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
