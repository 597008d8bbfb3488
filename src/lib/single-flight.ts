/**
 * One run of a task for all who ask for the same key while it is under way.
 *
 * The task takes no caller's signal: because the others wait for it too, an aborted caller leaves the
 * flight alone and only stops waiting (see `abortable`).
 */
export interface SingleFlight<T> {
  run(key: string, task: () => Promise<T>): Promise<T>
  /** The run that is under way, if there is one. */
  current(key: string): Promise<T> | undefined
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>()
  return {
    run(key, task) {
      const running = flights.get(key)
      if (running) return running
      const flight = (async () => task())().finally(() => {
        if (flights.get(key) === flight) flights.delete(key)
      })
      flights.set(key, flight)
      return flight
    },
    current: (key) => flights.get(key),
  }
}

/** Stops waiting for `promise` when `signal` aborts, with the signal's reason; the promise itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  if (signal.aborted) {
    // The flight's own outcome is somebody else's to handle.
    promise.catch(() => {})
    return Promise.reject(signal.reason)
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
