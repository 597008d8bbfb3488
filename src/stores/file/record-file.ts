import { createHash } from 'node:crypto'
import { StoreError } from '../../errors/session.ts'
import { recordKind } from '../../lib/record-commit.ts'
import type { StoredRecord } from '../../lib/record-store.ts'

/** What a name in the file system stands for: a key may be long, secret, or differ only in case. */
export function fileName(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const format = 1

/** @param value JSON */
export function serializeRecord(record: StoredRecord): string {
  return `${JSON.stringify({ format, ...record })}\n`
}

/**
 * @param name of the file that it stands in, which must be that of its key
 * @throws StoreError invalid_record
 */
export function parseRecordFile(text: string, name: string): StoredRecord {
  const record = parseObject(text)
  const { key, value, version, indexes, expiresAt } = record
  const isWhole =
    record.format === format &&
    typeof key === 'string' &&
    typeof version === 'string' &&
    typeof indexes === 'object' &&
    indexes !== null &&
    (expiresAt === undefined || typeof expiresAt === 'number')
  if (!isWhole) throw invalid(typeof key === 'string' ? key : '', 'is not as this library writes it')
  if (fileName(key) !== name) throw invalid(key, 'stands under the name of another')
  return {
    key,
    value,
    version,
    indexes: indexes as Record<string, string>,
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function parseObject(text: string): Partial<Record<'format' | keyof StoredRecord, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Cut short or changed.
  }
  throw invalid('', 'is not JSON')
}

function invalid(key: string, what: string): StoreError {
  const kind = recordKind(key)
  return new StoreError('invalid_record', `a ${kind} file ${what}; the other records are not touched`, { record: kind })
}
