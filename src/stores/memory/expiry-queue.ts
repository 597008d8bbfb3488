/**
 * Which keys have expired, without looking at those that have not.
 *
 * Keys wait in buckets a minute wide. Moving a key costs two set operations whatever the number of keys; once a
 * bucket is over, at most once a minute, the buckets are gone through, of which two weeks have 20,000.
 */
export interface ExpiryQueue {
  /** `at` in milliseconds since the epoch. */
  add(key: string, at: number): void
  remove(key: string, at: number): void
  /** Removes and gives up to `limit` keys that are due, at most a minute after their time. */
  takeDue(now: number, limit: number): string[]
}

const bucketWidth = 60_000

export function createExpiryQueue(): ExpiryQueue {
  const buckets = new Map<number, Set<string>>()
  const overdue = new Set<string>()
  let earliest = Infinity
  const bucketOf = (at: number) => Math.floor(at / bucketWidth)

  /** Only buckets that lie wholly in the past: each key in them is due. */
  function empty(reached: number): void {
    earliest = Infinity
    for (const [bucket, keys] of buckets) {
      if (bucket < reached) {
        buckets.delete(bucket)
        for (const key of keys) overdue.add(key)
      } else earliest = Math.min(earliest, bucket)
    }
  }

  return {
    add(key, at) {
      const bucket = bucketOf(at)
      const keys = buckets.get(bucket)
      if (keys) keys.add(key)
      else buckets.set(bucket, new Set([key]))
      earliest = Math.min(earliest, bucket)
    },
    remove(key, at) {
      buckets.get(bucketOf(at))?.delete(key)
      overdue.delete(key)
    },
    takeDue(now, limit) {
      const reached = bucketOf(now)
      if (earliest < reached) empty(reached)
      const due: string[] = []
      for (const key of overdue) {
        if (due.length === limit) break
        overdue.delete(key)
        due.push(key)
      }
      return due
    },
  }
}
