/** Runs tasks of the same key one after the other, in the order in which they came; tasks of other keys at any time. */
export interface SerialQueue {
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

export function createSerialQueue(): SerialQueue {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run<T>(key: string, task: () => Promise<T>): Promise<T> {
      const before = tails.get(key) ?? Promise.resolve()
      const result = before.then(task)
      // The next one waits for the end of this one, whatever that is; the failure is this caller's to handle.
      const tail = result.catch(() => {})
      tails.set(key, tail)
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      return result
    },
  }
}
