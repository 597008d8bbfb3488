const slabSize = 8192
let slab = new Uint8Array(slabSize)
let used = 0

/**
 * A short array from a slab that it shares with others, since a slab costs as much to allocate as one array.
 * Only for what is public, such as signatures: its `buffer` shows its neighbours.
 */
export function allocateShared(length: number): Uint8Array<ArrayBuffer> {
  if (length > slabSize / 8) return new Uint8Array(length)
  if (used + length > slabSize) {
    slab = new Uint8Array(slabSize)
    used = 0
  }
  used += length
  return slab.subarray(used - length, used)
}
