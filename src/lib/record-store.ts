/**
 * The one storage port. Sessions, tokens, transactions, codes, refresh families and replay guards are
 * records over it, so an adapter is written once.
 *
 * A commit is all or nothing, and every change names the version that it expects. Compare-and-set,
 * take-once, single use and rotation are therefore each one commit; no caller needs a lock to be correct.
 */
export interface RecordStore {
  /** The record, or `undefined` where there is none or it has expired. */
  get(key: string): Promise<StoredRecord | undefined>
  /** All live records that carry this value in this index, in no promised order. */
  find(index: string, value: string): Promise<readonly StoredRecord[]>
  /** Carries out all changes, or none and names the first that met another version than it expected. */
  commit(changes: readonly RecordChange[]): Promise<CommitResult>
  /** Forgets expired records, a bounded number a call. Resolves to how many went. */
  sweep(): Promise<number>
  /** Whether it refuses a commit over several partitions, as a store on a cluster has to. @default false */
  readonly partitioned?: boolean
}

/** A version is opaque: it is compared for equality and nothing else. */
export type RecordVersion = string

/** A record as a store gives it. */
export interface StoredRecord {
  readonly key: string
  /** JSON, or whatever the adapter can clone; never shared with the caller, so changing it changes nothing stored. */
  readonly value: unknown
  readonly version: RecordVersion
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
  readonly indexes: Readonly<Record<string, string>>
}

/** One change of a commit; `expect` is the version that must be there, null for none. */
export type RecordChange =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: unknown
      /** The version to replace; `null`: there must be none. */
      readonly expect: RecordVersion | null
      /** Milliseconds since the epoch. @default never */
      readonly expiresAt?: number
      /** Values to `find` it by, index name to value. A put replaces all of them. */
      readonly indexes?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'delete'; readonly key: string; readonly expect: RecordVersion }

/** Whether all changes of a commit were made, or none. */
export type CommitResult =
  | { readonly ok: true; readonly versions: Readonly<Record<string, RecordVersion>> }
  | { readonly ok: false; readonly conflict: string }

/**
 * A record's key: kind, partition and, where one partition holds several, an id. Records that change in
 * one commit share a partition, so that a clustered store can keep them on one node (a Redis hash tag).
 */
export function recordKey(kind: string, partition: string, id?: string): string {
  const key = `${kind}:{${encodePart(partition)}}`
  return id === undefined ? key : `${key}:${encodePart(id)}`
}

/**
 * `encodeURIComponent` for any text, since an id may come from anywhere: half of a surrogate pair, for which that
 * throws, becomes the three bytes that UTF-8 would need and forbids (RFC 3629 3), so nothing else is encoded as it.
 */
function encodePart(text: string): string {
  // Hashes and random ids, which most are, have nothing to encode.
  if (/^[\w-]*$/.test(text)) return text
  try {
    return encodeURIComponent(text)
  } catch {
    return Array.from(text, (character) =>
      /\p{Surrogate}/u.test(character) ? encodeHalf(character.charCodeAt(0)) : encodeURIComponent(character),
    ).join('')
  }
}

function encodeHalf(unit: number): string {
  const bytes = [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63)]
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')
}
