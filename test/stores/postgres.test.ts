import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemRuntime } from '../../src/lib/runtime.ts'
import {
  createPostgresLock,
  createPostgresStore,
  migratePostgres,
  type PostgresStoreOptions,
  postgresMigrations,
} from '../../src/stores/postgres/index.ts'
import { createStatements } from '../../src/stores/postgres/statements.ts'
import { generateSealingKey } from '../../src/stores/sealed/index.ts'
import { describeLock, describeRecordStore } from '../contracts/contracts.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'

const schema = `authentype_test_${process.pid}`
let server: LocalServer
let pool: Pool
let otherPools: Pool[]
const aPool = (more: object = {}) => new Pool({ connectionString: server.url, max: 4, ...more }).on('error', () => {})

beforeAll(async () => {
  if (!hasPostgres) return
  server = await startPostgres()
  pool = aPool()
  otherPools = [aPool(), aPool({ options: '-c default_transaction_isolation=serializable' }), aPool()]
  await migratePostgres(pool, { schema })
}, 60_000)
afterAll(async () => {
  if (!hasPostgres) return
  await pool.query(`DROP SCHEMA "${schema}" CASCADE`)
  await Promise.all([pool, ...otherPools].map((each) => each.end()))
  await server.close()
})

async function open(more: Partial<PostgresStoreOptions> = {}) {
  await pool.query(`TRUNCATE "${schema}".authentype_records CASCADE`)
  let now = Date.UTC(2026, 0, 1)
  const options = { keys: 'unsealed', schema, runtime: { ...systemRuntime, now: () => now }, ...more } as const
  let connected = 0
  return {
    store: createPostgresStore(pool, options),
    connect: () => createPostgresStore(otherPools[connected++ % otherPools.length]!, options),
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
}

describe.skipIf(!hasPostgres)('the PostgreSQL store', () => {
  describeRecordStore('postgres', () => open())
  describeRecordStore('postgres, sealed', () => open({ keys: [generateSealingKey()] }))
  describeLock('postgres', async () => {
    await pool.query(`TRUNCATE "${schema}".authentype_locks`)
    const options = { schema, lease: 150 }
    return {
      lock: createPostgresLock(pool, options),
      connect: () => createPostgresLock(otherPools[0]!, options),
      lease: 150,
    }
  })

  it('asks for sealing keys, or that their absence is spelt out', () => {
    for (const none of ['postgres://127.0.0.1/app', {}, undefined])
      expect(() => createPostgresStore(none as never, { keys: 'unsealed' })).toThrow(
        /"pool" must be a Pool of the package pg/,
      )
    expect(() => createPostgresLock('postgres://127.0.0.1/app' as never)).toThrow(/"pool" must be a Pool/)
    expect(() => createPostgresStore(pool, {} as never)).toThrow(/"keys" must be a list of sealing keys/)
    expect(() => createPostgresStore(pool, { keys: 'unsealed', schema: 'a"; --' })).toThrow(/"schema" must be/)
  })

  it('migrates once, however many start at the same time', async () => {
    const other = { schema: `${schema}_new` }
    const runs = await Promise.all([pool, ...otherPools].map((each) => migratePostgres(each, other)))
    expect(runs.flat()).toEqual(postgresMigrations.map((migration) => migration.name))
    expect(await migratePostgres(pool, other)).toEqual([])
    await pool.query(`DROP SCHEMA "${schema}_new" CASCADE`)
  })

  it('changes nothing when a migration fails', async () => {
    const other = `${schema}_half`
    await pool.query(`CREATE SCHEMA ${other}; CREATE TABLE ${other}.authentype_locks (id int)`)
    await expect(migratePostgres(pool, { schema: other })).rejects.toMatchObject({ code: 'store_unavailable' })
    const { rows } = await pool.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [other])
    expect(rows).toEqual([{ tablename: 'authentype_locks' }])
    await pool.query(`DROP SCHEMA ${other} CASCADE`)
  })

  it('ships its migrations as files too', () => {
    const folder = resolve(import.meta.dirname, '../../migrations/postgres')
    const files = readdirSync(folder).map((file) => ({
      name: file.replace('.sql', ''),
      sql: readFileSync(join(folder, file), 'utf8'),
    }))
    expect(files).toEqual(postgresMigrations)
  })

  it('reads, searches, changes and sweeps by index, never by reading the whole table', async () => {
    const { store, now } = await open()
    await pool.query(
      `INSERT INTO "${schema}".authentype_records
       SELECT 'session:{' || i || '}', 'v', repeat('x', 500), '{}', $1::float8 + i FROM generate_series(1, 20000) i`,
      [now()],
    )
    await pool.query(
      `INSERT INTO "${schema}".authentype_record_indexes
       SELECT 'subject', 'subject' || i, 'session:{' || i || '}' FROM generate_series(1, 20000) i`,
    )
    await pool.query(`ANALYZE "${schema}".authentype_records, "${schema}".authentype_record_indexes`)
    const statements = createStatements(`"${schema}".`)
    const key = 'session:{77}'
    const put = [key, 'v2', '1', '{}', null, ['subject'], ['other'], now()]
    const plans = {
      get: await plan(statements.get, [key, now()]),
      find: await plan(statements.find, ['subject', 'subject77', now()]),
      create: await plan(statements.create, put),
      replace: await plan(statements.replace, [...put, 'v']),
      remove: await plan(statements.remove, [key, 'v', now()]),
      sweep: await plan(statements.sweep, [now() + 100, 1_000]),
    }
    for (const [name, text] of Object.entries(plans)) expect(text, name).not.toMatch(/Seq Scan on authentype/)
    expect(plans.get).toMatch(/Index Scan using authentype_records_pkey/)
    expect(plans.find).toMatch(/(Index Only|Bitmap Index|Index) Scan (using|on) authentype_record_indexes_pkey/)
    expect(plans.sweep).toMatch(/authentype_records_expires_at/)
    expect(await store.get(key).catch((error: unknown) => error)).toMatchObject({ code: 'invalid_record' })
  })

  it('sweeps a bounded number a call, and index rows with the records', async () => {
    const { store, now, advance } = await open()
    await pool.query(
      `INSERT INTO "${schema}".authentype_records SELECT 'k' || i, 'v', '1', '{}', $1 FROM generate_series(1, 2500) i`,
      [now()],
    )
    await pool.query(`INSERT INTO "${schema}".authentype_record_indexes VALUES ('i', 'v', 'k1')`)
    advance(1)
    expect([await store.sweep(), await store.sweep(), await store.sweep(), await store.sweep()]).toEqual([
      1000, 1000, 500, 0,
    ])
    expect((await pool.query(`SELECT FROM "${schema}".authentype_record_indexes`)).rows).toHaveLength(0)
  })

  it('finds the others where one record is damaged, and says so', async () => {
    const errors: string[] = []
    const { store } = await open({ onInvalidRecord: (error) => errors.push(`${error.code} ${error.record}`) })
    for (const key of ['session:{a}', 'session:{b}']) {
      await store.commit([{ kind: 'put', key, value: 1, expect: null, indexes: { subject: 's' } }])
    }
    await pool.query(`UPDATE "${schema}".authentype_records SET value = '{"cut' WHERE key = 'session:{a}'`)
    expect((await store.find('subject', 's')).map((record) => record.key)).toEqual(['session:{b}'])
    expect(errors).toEqual(['invalid_record session'])
  })

  it('takes the lock of a process that died, once its lease has ended', async () => {
    const rows = `INSERT INTO "${schema}".authentype_locks VALUES ('dead', 'x', now() + interval '0.2 s'), ('held', 'x', now() + interval '9 s')`
    await pool.query(rows)
    const lock = createPostgresLock(pool, { schema, maxWait: 1_000 })
    expect(await lock.withLock('dead', async () => 'mine')).toBe('mine')
    const waiting = createPostgresLock(pool, { schema, maxWait: 50 }).withLock('held', async () => 'mine')
    await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable', record: 'lock' })
  })

  it('says that the database is down without keys and values, and serves again after its restart', async () => {
    const { store } = await open()
    const commit = () => store.commit([{ kind: 'put', key: 'session:{secret}', value: 'token', expect: null }])
    expect(await commit()).toMatchObject({ ok: true })
    const refused = (await createPostgresStore(aPool({ port: 1, connectionString: undefined, host: '127.0.0.1' }), {
      keys: 'unsealed',
    })
      .get('session:{secret}')
      .catch((error: unknown) => error)) as Error
    expect(refused).toMatchObject({ name: 'StoreError', code: 'store_unavailable', record: 'session' })
    await pool.query(
      `ALTER TABLE "${schema}".authentype_records ADD CONSTRAINT no_tokens CHECK (key <> 'session:{no}')`,
    )
    const failed = (await store
      .commit([{ kind: 'put', key: 'session:{no}', value: 'token', expect: null }])
      .catch((error: unknown) => error)) as Error
    await pool.query(`ALTER TABLE "${schema}".authentype_records DROP CONSTRAINT no_tokens`)
    expect(failed).toMatchObject({ code: 'store_unavailable' })
    expect(JSON.stringify([{ ...(failed.cause as object) }, failed.message, String(failed.cause)])).not.toMatch(
      /session:|token"/,
    )
    if (process.env.DATABASE_URL) return
    await server.restart()
    let after: unknown
    for (let tries = 0; tries < 20 && after === undefined; tries++)
      after = await store.get('session:{secret}').catch(() => undefined)
    expect(after).toMatchObject({ value: 'token' })
  })
})

async function plan(text: string, values: unknown[]): Promise<string> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query(`EXPLAIN ${text}`, values)
    await client.query('ROLLBACK')
    return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN']).join('\n')
  } finally {
    client.release()
  }
}
