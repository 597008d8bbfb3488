import { StoreError } from '../../errors/session.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import { assertChanges, assertPortableText, commitKind, recordKind, storeFailure } from '../../lib/record-commit.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../lib/record-store.ts'
import { stringifyRecordValue } from '../../lib/record-value.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { inTransaction, type PostgresPool, withRetries } from './postgres-pool.ts'
import { createStatements, type Statements } from './statements.ts'

export interface PlainPostgresStoreParts {
  readonly pool: PostgresPool
  /** With its dot, or empty. */
  readonly schema: string
  readonly runtime: Runtime
  readonly onInvalidRecord: ((error: StoreError) => void) | undefined
}

const sweptAtOnce = 1_000

/** Records in PostgreSQL, with their values as they are given. */
export function createPlainPostgresStore(parts: PlainPostgresStoreParts): RecordStore {
  const { pool, runtime, onInvalidRecord } = parts
  const statements = createStatements(parts.schema)

  function parseOrReport(row: unknown): readonly StoredRecord[] {
    try {
      return [parseRow(row)]
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onInvalidRecord?.(error)
      return []
    }
  }

  return {
    get: (key) =>
      reach('read', recordKind(key), async () => {
        assertPortableText([key])
        const { rows } = await pool.query(statements.get, [key, runtime.now()])
        return rows.length > 0 ? parseRow(rows[0]) : undefined
      }),
    find: (index, value) =>
      reach('search', 'record', async () => {
        assertPortableText([index, value])
        const { rows } = await pool.query(statements.find, [index, value, runtime.now()])
        return rows.flatMap(parseOrReport)
      }),
    async commit(changes) {
      assertChanges(changes)
      assertPortableText(changes.map((change) => change.key))
      const version = encodeBase64url(runtime.randomBytes(16))
      const steps = changes.map((change) => stepOf(statements, change, version, runtime.now()))
      const conflict = await reach('write', commitKind(changes), () => withRetries(() => runSteps(pool, steps)))
      if (conflict !== undefined) return { ok: false, conflict }
      const puts = changes.filter((change) => change.kind === 'put')
      return { ok: true, versions: Object.fromEntries(puts.map((change) => [change.key, version])) }
    },
    sweep: () =>
      reach('sweep', 'record', async () => {
        const { rows } = await pool.query(statements.sweep, [runtime.now(), sweptAtOnce])
        return rows.length
      }),
  }
}

interface Step {
  readonly key: string
  readonly text: string
  readonly values: unknown[]
}

function stepOf(statements: Statements, change: RecordChange, version: string, now: number): Step {
  const { key, expect } = change
  if (change.kind === 'delete') return { key, text: statements.remove, values: [key, change.expect, now] }
  const indexes = change.indexes ?? {}
  assertPortableText([...Object.keys(indexes), ...Object.values(indexes)])
  const values = [key, version, stringifyRecordValue(change.value), JSON.stringify(indexes), change.expiresAt ?? null]
  values.push(...([Object.keys(indexes), Object.values(indexes), now] as never[]))
  return expect === null
    ? { key, text: statements.create, values }
    : { key, text: statements.replace, values: [...values, expect] }
}

/** The key of the record that met another version; `undefined` when all is done. */
async function runSteps(pool: PostgresPool, steps: readonly Step[]): Promise<string | undefined> {
  const [only] = steps
  if (only && steps.length === 1) {
    return (await pool.query(only.text, only.values)).rows.length === 1 ? undefined : only.key
  }
  let conflict: string | undefined
  // In the order of the keys, so that of two commits one waits and no two wait for each other.
  const inOrder = steps.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  if (inOrder.length > 0) {
    await inTransaction(pool, async (client) => {
      for (const { key, text, values } of inOrder) {
        if ((await client.query(text, values)).rows.length === 1) continue
        conflict = key
        return false
      }
      return true
    })
  }
  return conflict
}

/** @throws StoreError invalid_record */
function parseRow(row: unknown): StoredRecord {
  const { key, version, value, indexes, expires_at: expiresAt } = row as Record<string, unknown>
  try {
    return {
      key: String(key),
      value: JSON.parse(String(value)) as unknown,
      version: String(version),
      indexes: JSON.parse(String(indexes)) as Record<string, string>,
      ...(expiresAt !== null && { expiresAt: Number(expiresAt) }),
    }
  } catch {
    const kind = recordKind(String(key))
    throw new StoreError('invalid_record', `a ${kind} record in PostgreSQL is not as this library writes it`, {
      record: kind,
    })
  }
}

/** Class 53 of PostgreSQL's codes: disk full, out of memory, too many connections. */
const diskFull = '53100'

/** @throws StoreError for all that comes from below */
async function reach<T>(operation: string, record: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof StoreError || error instanceof TypeError) throw error
    const { code } = error as { code?: unknown }
    throw storeFailure(operation, record, error, code === diskFull ? 'store_full' : 'store_unavailable')
  }
}
