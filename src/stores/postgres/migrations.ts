import { assertKnownOptions } from '../../lib/options.ts'
import { storeFailure } from '../../lib/record-commit.ts'
import { inTransaction, type PostgresPool, schemaPrefix } from './postgres-pool.ts'

/** One step of the tables' history. A step that was published never changes. */
export interface PostgresMigration {
  readonly name: string
  /** Statements without a schema: they go where search_path points. */
  readonly sql: string
}

/**
 * Everything that `migratePostgres` runs, in order, for those who have a tool of their own for it. The same
 * is in the package as files: `authentype/stores/postgres/migrations/0001-records.sql` and so on.
 */
export const postgresMigrations: readonly PostgresMigration[] = [
  {
    name: '0001-records',
    sql: `-- Records of authentype: sessions, transactions, tokens. Times are milliseconds since the epoch.
CREATE TABLE authentype_records (
  key text COLLATE "C" PRIMARY KEY,
  version text NOT NULL,
  value text NOT NULL,
  indexes text NOT NULL,
  expires_at double precision
);
CREATE INDEX authentype_records_expires_at ON authentype_records (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE authentype_record_indexes (
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL REFERENCES authentype_records ON DELETE CASCADE,
  PRIMARY KEY (name, value, key)
);
CREATE INDEX authentype_record_indexes_key ON authentype_record_indexes (key);

-- A lock saves work and guards nothing, so it need not outlive a crash.
CREATE UNLOGGED TABLE authentype_locks (
  key text COLLATE "C" PRIMARY KEY,
  owner text NOT NULL,
  expires_at timestamptz NOT NULL
);
`,
  },
]

/** What `migratePostgres` takes. */
export interface PostgresMigrateOptions {
  /** The schema to put the tables in; it is made where it is missing. @default what search_path names */
  readonly schema?: string
}

/** Any number that nobody else uses: "auth" as ASCII. */
const migrationLock = 0x61757468

/**
 * Makes the tables, or brings those of an older version up to date. Run it at each start: where there is
 * nothing to do it does nothing, and of several processes at once one works and the others wait.
 *
 * @returns the names of the steps that were carried out
 * @throws StoreError store_unavailable; then nothing was changed
 */
export async function migratePostgres(
  pool: PostgresPool,
  options: PostgresMigrateOptions = {},
): Promise<readonly string[]> {
  assertKnownOptions('migratePostgres', options, ['schema'])
  const schema = schemaPrefix('migratePostgres', options.schema).slice(0, -1)
  const done: string[] = []
  try {
    await inTransaction(pool, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
      if (schema) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
      if (schema) await client.query(`SET LOCAL search_path TO ${schema}`)
      await client.query('CREATE TABLE IF NOT EXISTS authentype_migrations (name text PRIMARY KEY)')
      const { rows } = await client.query('SELECT name FROM authentype_migrations')
      const known = new Set((rows as readonly { name: string }[]).map((row) => row.name))
      for (const { name, sql } of postgresMigrations) {
        if (known.has(name)) continue
        await client.query(sql)
        await client.query('INSERT INTO authentype_migrations VALUES ($1)', [name])
        done.push(name)
      }
      return true
    })
  } catch (error) {
    throw storeFailure('migrate', 'record', error)
  }
  return done
}
