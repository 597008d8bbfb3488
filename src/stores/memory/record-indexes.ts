/** A record as it is held; the same for as long as its index values are. */
export interface Slot {
  readonly key: string
  value: unknown
  /** Whether `value` is the text of a packed one. */
  isPacked: boolean
  /** Half the weight of its text. */
  version: number
  expiresAt: number | undefined
  readonly indexes: Readonly<Record<string, string>>
}

/** Index name and value to the records that carry them. */
export interface RecordIndexes {
  add(slot: Slot): void
  /** Takes out the very slot that was added. */
  remove(slot: Slot): void
  find(index: string, value: string): readonly Slot[]
}

/**
 * The slots themselves: by their keys the records would have to be looked up once more, and among a million the
 * memory's own latency is what a lookup costs. Most values belong to one record, which a set would outweigh.
 */
type Carriers = Slot | Set<Slot>

export function createRecordIndexes(): RecordIndexes {
  const indexes = new Map<string, Map<string, Carriers>>()
  return {
    add(slot) {
      for (const [index, value] of Object.entries(slot.indexes)) {
        let values = indexes.get(index)
        if (!values) {
          values = new Map()
          indexes.set(index, values)
        }
        const carriers = values.get(value)
        if (carriers instanceof Set) carriers.add(slot)
        else values.set(value, carriers === undefined ? slot : new Set([carriers, slot]))
      }
    },
    remove(slot) {
      for (const [index, value] of Object.entries(slot.indexes)) {
        const values = indexes.get(index)
        const carriers = values?.get(value)
        if (carriers instanceof Set) carriers.delete(slot)
        if (carriers === slot || (carriers instanceof Set && carriers.size === 0)) values?.delete(value)
      }
    },
    find(index, value) {
      const carriers = indexes.get(index)?.get(value)
      if (carriers === undefined) return []
      return carriers instanceof Set ? Array.from(carriers) : [carriers]
    },
  }
}
