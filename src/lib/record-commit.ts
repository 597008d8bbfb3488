import { StoreError, type StoreErrorCode } from '../errors/session.ts'
import type { RecordChange } from './record-store.ts'

/** The kind of a record, which may stand in an error; the rest of its key may be a secret. */
export function recordKind(key: string): string {
  const end = key.indexOf(':')
  return end > 0 && /^[\w-]+$/.test(key.slice(0, end)) ? key.slice(0, end) : 'record'
}

/** The kind that an error about a whole commit names: that of its first record. */
export function commitKind(changes: readonly RecordChange[]): string {
  return changes[0] ? recordKind(changes[0].key) : 'record'
}

/** So few are compared faster than put into a set. */
const fewChanges = 8

/**
 * A commit is a set of changes: what two changes of one record would mean is not defined. And a time of expiry is kept
 * as JSON or counted down, for which there must be a number.
 *
 * @throws TypeError
 */
export function assertChanges(changes: readonly RecordChange[]): void {
  for (const change of changes) {
    if (change.kind === 'put' && change.expiresAt !== undefined && !Number.isFinite(change.expiresAt)) {
      throw new TypeError(
        'commit: "expiresAt" must be milliseconds since the epoch; leave it out for a record that stays',
      )
    }
  }
  if (changes.length < 2) return
  const isTwice =
    changes.length > fewChanges
      ? new Set(changes.map((change) => change.key)).size !== changes.length
      : changes.some(({ key }, i) => changes.some((other, j) => j > i && other.key === key))
  if (isTwice) throw new TypeError('commit: a record is changed twice; each key may stand once')
}

/**
 * UTF-8 has no half of a surrogate pair: two keys that differ in one would be the same outside of this process. And
 * PostgreSQL has no NUL. What `recordKey` makes holds neither.
 *
 * @throws TypeError
 */
export function assertPortableText(texts: readonly string[]): void {
  if (texts.some((text) => /[\0\p{Surrogate}]/u.test(text))) {
    throw new TypeError(
      'a key or index of a record must be whole Unicode text without NUL; recordKey() makes such keys',
    )
  }
}

/** A record lives until its time has come; at that millisecond it is gone. */
export function isLive(record: { readonly expiresAt?: number | undefined }, now: number): boolean {
  return record.expiresAt === undefined || record.expiresAt > now
}

/**
 * A failure of what lies below a store, as this library's error.
 *
 * @param operation what was tried, for the message: 'read', 'write', 'search', 'sweep'
 */
export function storeFailure(
  operation: string,
  record: string,
  cause: unknown,
  code: StoreErrorCode = 'store_unavailable',
): StoreError {
  if (cause instanceof StoreError) return cause
  const what = code === 'store_full' ? 'has no room left' : 'failed'
  return new StoreError(code, `the record store ${what} (${operation}); its error is the cause`, {
    record,
    cause: bareError(cause),
  })
}

/**
 * An error with its name, code and message and nothing else. Clients hang the command that failed on theirs,
 * and with it the keys and values of records, which a logger would print.
 */
function bareError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`a thrown ${typeof error}`)
  const bare = new Error(error.message)
  bare.name = error.name
  if (error.stack) bare.stack = error.stack
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? Object.assign(bare, { code }) : bare
}
