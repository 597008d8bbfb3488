import type { StoreError } from '../../errors/session.ts'
import { createLeaseLock } from '../../lib/lease-lock.ts'
import type { Lock } from '../../lib/lock.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { storeFailure } from '../../lib/record-commit.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { createSealedStore } from '../sealed/sealed-store.ts'
import { assertPool, type PostgresPool, schemaPrefix } from './postgres-pool.ts'
import { createPlainPostgresStore } from './postgres-store.ts'

export type { Lock } from '../../lib/lock.ts'
export type { RecordStore } from '../../lib/record-store.ts'
export {
  migratePostgres,
  type PostgresMigrateOptions,
  type PostgresMigration,
  postgresMigrations,
} from './migrations.ts'
export type { PostgresClient, PostgresPool } from './postgres-pool.ts'

/** What `createPostgresStore` takes. */
export interface PostgresStoreOptions {
  /**
   * Sealing keys, 32 bytes each as 43 base64url characters, from `generateSealingKey()`: the first seals, all
   * open. `'unsealed'` writes tokens so that whoever can read the database or its backups can use them.
   */
  readonly keys: readonly string[] | 'unsealed'
  /** Where the tables are. @default what search_path names */
  readonly schema?: string
  /** Told of each record that `find` leaves out because it cannot be read. @default nobody */
  readonly onInvalidRecord?: (error: StoreError) => void
  readonly runtime?: Runtime
}

/** What `createPostgresLock` takes. */
export interface PostgresLockOptions {
  /** Where the tables are. @default what search_path names */
  readonly schema?: string
  /**
   * Milliseconds until the lock of a process that died is free: whole ones, a day at most. It is renewed three times in
   * that time. @default 10_000
   */
  readonly lease?: number
  /** Milliseconds to wait for another process before giving up. @default 60_000 */
  readonly maxWait?: number
  readonly runtime?: Runtime
}

/**
 * Records in PostgreSQL 11 or later, for many processes and hosts. `migratePostgres(pool)` makes the tables.
 * Call `sweep()` now and then, from one process or all: what has expired takes room until then.
 *
 * @param pool of the package `pg`, or made like it; the caller ends it, and hears its `error` events
 * @throws TypeError for options that are missing, wrong or unknown
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await migratePostgres(pool)
 * const store = createPostgresStore(pool, { keys: [process.env.SEALING_KEY!] })
 */
export function createPostgresStore(pool: PostgresPool, options: PostgresStoreOptions): RecordStore {
  assertPool('createPostgresStore', pool)
  assertKnownOptions('createPostgresStore', options, ['keys', 'schema', 'onInvalidRecord', 'runtime'])
  const { keys, onInvalidRecord, runtime = systemRuntime } = options
  const schema = schemaPrefix('createPostgresStore', options.schema)
  const plain = createPlainPostgresStore({ pool, schema, runtime, onInvalidRecord })
  if (keys === 'unsealed') return plain
  return createSealedStore(plain, { keys, ...(onInvalidRecord && { onInvalidRecord }) })
}

/**
 * A lock between processes and hosts that share a database: a row with its owner's token, which anybody may take
 * once it is not renewed. It holds no connection while the task runs, as an advisory lock would.
 *
 * @throws TypeError for options that are wrong or unknown; `withLock` StoreError store_unavailable
 */
export function createPostgresLock(pool: PostgresPool, options: PostgresLockOptions = {}): Lock {
  assertPool('createPostgresLock', pool)
  assertKnownOptions('createPostgresLock', options, ['schema', 'lease', 'maxWait', 'runtime'])
  const { lease = 10_000, maxWait = 60_000, runtime = systemRuntime } = options
  const locks = `${schemaPrefix('createPostgresLock', options.schema)}authentype_locks`
  // By the database's clock, which is one for all.
  const end = `clock_timestamp() + $3 * interval '1 millisecond'`
  const acquire = `INSERT INTO ${locks} AS l VALUES ($1, $2, ${end})
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
WHERE l.expires_at <= clock_timestamp() OR l.owner = excluded.owner RETURNING key`
  const renew = `UPDATE ${locks} SET expires_at = ${end} WHERE key = $1 AND owner = $2 RETURNING key`
  const release = `DELETE FROM ${locks} WHERE key = $1 AND owner = $2 RETURNING key`
  const ask = async (text: string, values: unknown[]): Promise<boolean> => {
    try {
      return (await pool.query(text, values)).rows.length === 1
    } catch (error) {
      throw storeFailure('lock', 'lock', error)
    }
  }
  return createLeaseLock(
    {
      acquire: (key, owner) => ask(acquire, [key, owner, lease]),
      renew: (key, owner) => ask(renew, [key, owner, lease]),
      release: (key, owner) => ask(release, [key, owner]),
    },
    { lease, maxWait, runtime },
  )
}
