/**
 * Which keys have expired, without looking at those that have not.
 *
 * Keys wait in buckets a minute wide, the buckets in a binary heap by time. Moving a key costs two set
 * operations whatever the number of keys; taking the due ones costs what is due.
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
  const heap: number[] = []
  const bucketOf = (at: number) => Math.floor(at / bucketWidth)

  return {
    add(key, at) {
      const bucket = bucketOf(at)
      let keys = buckets.get(bucket)
      if (!keys) {
        keys = new Set()
        buckets.set(bucket, keys)
        push(heap, bucket)
      }
      keys.add(key)
    },
    remove(key, at) {
      buckets.get(bucketOf(at))?.delete(key)
    },
    takeDue(now, limit) {
      const due: string[] = []
      // Only buckets that lie wholly in the past: each key in them is due.
      while (heap.length > 0 && heap[0]! < bucketOf(now) && due.length < limit) {
        const keys = buckets.get(heap[0]!)!
        for (const key of keys) {
          if (due.length === limit) return due
          keys.delete(key)
          due.push(key)
        }
        buckets.delete(pop(heap))
      }
      return due
    },
  }
}

function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]! <= value) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = value
}

function pop(heap: number[]): number {
  const least = heap[0]!
  const last = heap.pop()!
  if (heap.length === 0) return least
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= last) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return least
}
