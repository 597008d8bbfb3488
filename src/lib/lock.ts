/**
 * Mutual exclusion between processes: it saves work (one refresh instead of four) and is never needed for
 * correctness, which rests on the commit of the record store.
 */
export interface Lock {
  /** Runs `task` while holding the lock for `key`, renewing it until the task ends. */
  withLock<T>(key: string, task: () => Promise<T>): Promise<T>
}
