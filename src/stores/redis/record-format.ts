import { StoreError } from '../../errors/session.ts'
import { recordKind } from '../../lib/record-commit.ts'
import type { RecordChange, StoredRecord } from '../../lib/record-store.ts'
import { stringifyRecordValue } from '../../lib/record-value.ts'

/** A change as the commit script takes it. */
export interface EncodedChange {
  readonly kind: 'put' | 'delete'
  /** `=` and the version, or empty: there must be none. */
  readonly expect: string
  /** Milliseconds since the epoch, or empty. */
  readonly expires: string
  /** Milliseconds to live from now on, or empty. Redis counts them itself, so its clock need not agree with ours. */
  readonly ttl: string
  /** JSON with sorted names, so that equal indexes are equal text. */
  readonly indexes: string
  /** Until when its index entries last if they are written now; empty: for good. */
  readonly until: string
  readonly value: string
}

/** Milliseconds that index entries outlast even a record that is about to expire. */
const shortestIndexTtl = 60_000

/** @throws TypeError for a value that is not JSON */
export function encodeChange(change: RecordChange, now: number): EncodedChange {
  const expect = change.expect === null ? '' : `=${change.expect}`
  const empty = { expires: '', ttl: '', indexes: '{}', until: '', value: '' }
  if (change.kind === 'delete') return { ...empty, kind: 'delete', expect }
  const indexes = Object.entries(change.indexes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = {
    kind: 'put',
    expect,
    value: stringifyRecordValue(change.value),
    indexes: JSON.stringify(Object.fromEntries(indexes)),
  } as const
  if (change.expiresAt === undefined) return { ...empty, ...text }
  // More than Redis can count would fail within the script, after its first write.
  const ttl = Math.min(Math.ceil(change.expiresAt - now), Number.MAX_SAFE_INTEGER)
  return {
    ...text,
    expires: String(change.expiresAt),
    ttl: String(ttl),
    until: String(now + outlasting(ttl)),
  }
}

/** In the order of the commit script. */
export function argumentsOf({ kind, expect, expires, ttl, indexes, until, value }: EncodedChange): string[] {
  return [kind, expect, expires, ttl, indexes, until, value]
}

/** Milliseconds that the index entries of a change last, or empty: for good. */
export function indexTtl({ ttl }: EncodedChange): string {
  return ttl === '' ? '' : String(outlasting(Number(ttl)))
}

/**
 * Twice as long as the record, because a record whose life is prolonged by each put then needs new entries
 * only once in its life.
 */
function outlasting(ttl: number): number {
  return Math.max(2 * ttl, 0) + shortestIndexTtl
}

/** What the read script gave; `undefined` where there is no record. @throws StoreError invalid_record */
export function parseRecord(key: string, reply: unknown): StoredRecord | undefined {
  const [version, value, expires, indexes] = reply as readonly unknown[]
  if (version === null && value === null) return undefined
  const expiresAt = Number(expires)
  if (typeof version !== 'string' || typeof value !== 'string' || typeof expires !== 'string') {
    throw invalidRecord(recordKind(key))
  }
  if (!Number.isFinite(expiresAt)) throw invalidRecord(recordKind(key))
  return {
    key,
    value: parseJson(key, value),
    version,
    indexes: parseIndexes(key, indexes),
    ...(expires !== '' && { expiresAt }),
  }
}

/** @throws StoreError invalid_record */
export function parseIndexes(key: string, text: unknown): Readonly<Record<string, string>> {
  const indexes = typeof text === 'string' ? parseJson(key, text) : undefined
  if (typeof indexes !== 'object' || indexes === null) throw invalidRecord(recordKind(key))
  return indexes as Readonly<Record<string, string>>
}

export function invalidRecord(kind: string): StoreError {
  return new StoreError('invalid_record', `a ${kind} record in Redis is not as this library writes it`, {
    record: kind,
  })
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRecord(recordKind(key))
  }
}
