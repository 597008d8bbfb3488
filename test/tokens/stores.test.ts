// The token manager over every store: the same behaviour, one flight for all processes, sealed at rest.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { migratePostgres } from '../../src/stores/postgres/index.ts'
import { createStatements } from '../../src/stores/postgres/statements.ts'
import { createSealedStore, generateSealingKey } from '../../src/stores/sealed/index.ts'
import { createTokenManager } from '../../src/tokens/index.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'
import { hasRedis, startRedis } from '../support/redis-server.ts'
import { type ListeningIssuer, startIssuer } from './listen.ts'
import type { ChildTask } from './processes/child.ts'
import { type OpenedStore, openStore, type StorePlace } from './processes/open-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'authentype-tokens-'))
const schema = `authentype_tokens_${process.pid}`
const sealingKey = generateSealingKey()
let postgres: LocalServer | undefined
let redis: LocalServer | undefined
let pool: Pool
let issuer: ListeningIssuer
const opened: OpenedStore[] = []

beforeAll(async () => {
  issuer = await startIssuer()
  if (hasRedis) redis = await startRedis()
  if (!hasPostgres) return
  postgres = await startPostgres()
  pool = new Pool({ connectionString: postgres.url, max: 2 })
  await migratePostgres(pool, { schema })
}, 60_000)

afterAll(async () => {
  await Promise.all(opened.map(({ close }) => close()))
  if (postgres) await pool.query(`DROP SCHEMA "${schema}" CASCADE`)
  await pool?.end()
  for (const server of [issuer, redis, postgres]) await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

function placeOf(kind: StorePlace['kind']): StorePlace {
  const at = kind === 'file' ? join(folder, 'records') : kind === 'redis' ? redis!.url : postgres!.url
  return { kind, at, sealingKey, schema }
}

async function open(kind: StorePlace['kind']): Promise<OpenedStore> {
  const store = await openStore(placeOf(kind))
  opened.push(store)
  return store
}

const stores: [string, boolean, () => Promise<Partial<OpenedStore> & { store: RecordStore }>][] = [
  ['memory', true, async () => ({ store: createMemoryStore() })],
  ['memory, sealed', true, async () => ({ store: createSealedStore(createMemoryStore(), { keys: [sealingKey] }) })],
  ['file', true, () => open('file')],
  ['Redis', hasRedis, () => open('redis')],
  ['PostgreSQL', hasPostgres, () => open('postgres')],
]
const client = { client_id: 'my-app', client_secret: 'a secret of some length, for a client of tests' }

describe.each(stores)('over the %s store', (name, isThere, openIt) => {
  const sub = `alice of ${name}`
  const subject = { kind: 'sub', sub } as const

  it.skipIf(!isThere)('registers, finds, refreshes, merges claims and deletes', async () => {
    const { store, lock } = await openIt()
    const manager = createTokenManager({ store, ...(lock && { lock }), allowLoopbackHttp: true })
    const place = { issuer: issuer.url, client }
    await manager.refreshTokens.register(issuer.login(sub, 'openid read write'), place)
    const read = { ...place, subject, scopes: 'read' }
    const token = await manager.accessTokens.get(read)
    expect(token.scope).toBe('read')
    expect((await manager.accessTokens.get(read)).value).toBe(token.value)
    expect(await manager.accessTokens.introspect(token.value, place)).toMatchObject({ sub, active: true })
    expect(await manager.claims.get(issuer.url, sub)).toEqual({ name: `Name of ${sub}` })
    const own = { ...place, subject: { kind: 'client_credentials' }, scopes: `sync ${name.length}` } as const
    expect((await manager.accessTokens.get(own)).value).toBe((await manager.accessTokens.get(own)).value)
    expect(await manager.accessTokens.deleteAll({ issuer: issuer.url, subject })).toBe(2)
    expect(await manager.refreshTokens.deleteAll({ issuer: issuer.url, subject })).toBe(1)
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'none_stored' })
    await manager.settled()
  })
})

it('leaves neither tokens nor subjects lying open in files', async () => {
  const manager = createTokenManager({
    store: (await open('file')).store,
    allowLoopbackHttp: true,
    autoIntrospect: false,
  })
  const metadata = { sub: 'a subject to look for', scope: 'read' }
  await manager.accessTokens.register('a-token-to-look-for', { issuer: issuer.url, client, metadata })
  const files = readdirSync(placeOf('file').at, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  )
  const names = files.map((file) => file.name)
  const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  expect(texts.length).toBeGreaterThan(0)
  for (const text of [...names, ...texts]) expect(text).not.toMatch(/to.look.for/)
})

function startProcess(task: ChildTask) {
  const file = resolve(import.meta.dirname, 'processes/child.ts')
  const args = ['--conditions=authentype-source', '--import', 'tsx', file, JSON.stringify(task)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

/** Several processes, each asking for everything at once. */
async function runProcesses(
  task: ChildTask,
  count: number,
): Promise<{ value: string; scope: string; resource?: string[] }[][]> {
  const children = Array.from({ length: count }, () => startProcess(task))
  try {
    for (const { lines } of children) expect((await lines.next()).value).toBe('ready')
    for (const { child } of children) child.stdin.write('go\n')
    return await Promise.all(children.map(async ({ lines }) => JSON.parse((await lines.next()).value as string)))
  } finally {
    for (const { child } of children) child.kill()
  }
}

const shared: [StorePlace['kind'], boolean][] = [
  ['file', true],
  ['redis', hasRedis],
  ['postgres', hasPostgres],
]

describe.each(shared)('three processes over one store (%s)', (kind, isThere) => {
  it.skipIf(!isThere)(
    'use each refresh token once, and give every caller the scope and resource of its own',
    async () => {
      const sub = `shared over ${kind}`
      const { store } = await open(kind)
      const manager = createTokenManager({ store, allowLoopbackHttp: true, autoIntrospect: false })
      const metadata = { sub, scope: 'read write' }
      const refreshToken = issuer.login(sub, 'read write')
      await manager.refreshTokens.register(refreshToken, { issuer: issuer.url, client, metadata })
      const before = issuer.of('token').length
      const wishes = [
        { sub, scopes: 'read' },
        { sub, scopes: 'write' },
        { sub, scopes: 'read', resource: 'https://a.example' },
        { scopes: `own ${kind}` },
      ]
      const all = await runProcesses({ place: placeOf(kind), issuer: issuer.url, wishes, times: 10 }, 3)
      for (const tokens of all) {
        for (const [i, token] of tokens.entries()) {
          const { scopes, resource } = wishes[i % wishes.length]!
          expect(token.scope.split(' ').toSorted().join(' ')).toBe(scopes.split(' ').toSorted().join(' '))
          expect(token.resource).toEqual(resource === undefined ? undefined : [resource])
        }
      }
      const asked = issuer.of('token').slice(before)
      expect(asked.map(({ form }) => form.grant_type ?? '').toSorted()).toEqual([
        'client_credentials',
        ...Array(3).fill('refresh_token'),
      ])
      const sent = asked.flatMap(({ form }) => form.refresh_token ?? [])
      expect(sent[0]).toBe(refreshToken)
      expect(new Set(sent).size).toBe(3)
      // Whoever asks next, in whichever process, gets the same.
      expect(new Set(all.map((tokens) => tokens[0]!.value)).size).toBe(1)
    },
    60_000,
  )
})

describe.each(shared)('a process that is killed in the middle of a refresh (%s)', (kind, isThere) => {
  it.skipIf(!isThere)(
    'leaves a journal by which another sends the same token again, where the issuer gives the same successor',
    async () => {
      const sub = `killed over ${kind}`
      const { store, lock } = await open(kind)
      const manager = createTokenManager({
        ...{ store, lock, allowLoopbackHttp: true, autoIntrospect: false },
        issuers: { [issuer.url]: { rotationGrace: 20_000 } },
      })
      const place = { issuer: issuer.url, client }
      await manager.refreshTokens.register('the first', { ...place, metadata: { sub, scope: 'read' } })
      const sent: string[] = []
      const answered = new Promise<void>((held) => {
        issuer.answer('token', ({ form }) => {
          sent.push(form.refresh_token!)
          const answer = { access_token: 'a', refresh_token: 'the second', token_type: 'Bearer', scope: 'read' }
          if (sent.length > 1) return Response.json(answer)
          held()
          return new Promise(() => {})
        })
      })
      const wishes = [{ sub, scopes: 'read' }]
      const { child, lines } = startProcess({ place: placeOf(kind), issuer: issuer.url, wishes, times: 1 })
      try {
        expect((await lines.next()).value).toBe('ready')
        child.stdin.write('go\n')
        await answered
        const gone = new Promise((done) => child.once('exit', done))
        child.kill('SIGKILL')
        await gone
        const subject = { kind: 'sub', sub } as const
        expect((await manager.accessTokens.get({ ...place, subject, scopes: 'read' })).value).toBe('a')
        expect(sent).toEqual(['the first', 'the first'])
        // The successor is what is stored: no token of the grant was lost.
        expect(await manager.refreshTokens.delete('the second', place, { revokeOnDelete: false })).toBe(true)
      } finally {
        issuer.answer('token')
        child.kill('SIGKILL')
      }
    },
    60_000,
  )
})

describe.skipIf(!hasPostgres)('query plans in PostgreSQL, among 30,000 tokens', () => {
  it('are by index for what the manager looks up, changes and sweeps', async () => {
    const { store } = await open('postgres')
    const seen: { index: string; value: string }[] = []
    const manager = createTokenManager({
      autoIntrospect: false,
      allowLoopbackHttp: true,
      store: {
        get: (key) => store.get(key),
        commit: (changes) => store.commit(changes),
        sweep: () => store.sweep(),
        find(index, value) {
          seen.push({ index, value })
          return store.find(index, value)
        },
      },
    })
    const place = { issuer: issuer.url, client }
    const subject = { kind: 'sub', sub: 'planned' } as const
    await manager.refreshTokens.register(issuer.login('planned', 'read write'), {
      ...place,
      metadata: { sub: 'planned', scope: 'read write' },
    })
    const { value } = await manager.accessTokens.get({ ...place, subject, scopes: 'read' })
    await manager.accessTokens.introspect(value, place)
    await manager.accessTokens.get({ ...place, subject })
    expect(new Set(seen.map(({ index }) => index))).toEqual(
      new Set([
        'access-token-exact',
        'access-token-owner',
        'access-token-value',
        'refresh-token-owner',
        'refresh-token-value',
      ]),
    )
    await fill(30_000)
    const statements = createStatements(`"${schema}".`)
    const { rows } = await pool.query(
      `SELECT name, value FROM "${schema}".authentype_record_indexes WHERE key LIKE 'access-token:%' LIMIT 3`,
    )
    for (const { name, value: term } of rows as { name: string; value: string }[]) {
      const text = await plan(statements.find, [name, term, Date.now()])
      expect(text).toMatch(/authentype_record_indexes_pkey/)
      expect(text).toMatch(/authentype_records_pkey/)
      expect(text).not.toMatch(/Seq Scan/)
    }
    const sweep = await plan(statements.sweep, [Date.now(), 1_000])
    expect(sweep).toMatch(/authentype_records_expires_at/)
    expect(sweep).not.toMatch(/Seq Scan on authentype_records\b/)
  })

  /** As the manager writes them: three indexes an access token, two a refresh token. */
  async function fill(count: number): Promise<void> {
    await pool.query(
      `INSERT INTO "${schema}".authentype_records
       SELECT 'access-token:{' || i || '}', 'v', repeat('x', 600), '{}', $1::float8 + i FROM generate_series(1, $2) i`,
      [Date.now() + 3_600_000, count],
    )
    for (const index of ['exact', 'owner', 'value']) {
      await pool.query(
        `INSERT INTO "${schema}".authentype_record_indexes
         SELECT 'access-token-' || $1::text, md5($1::text || i), 'access-token:{' || i || '}' FROM generate_series(1, $2) i`,
        [index, count],
      )
    }
    await pool.query(`ANALYZE "${schema}".authentype_records, "${schema}".authentype_record_indexes`)
  }

  async function plan(text: string, values: unknown[]): Promise<string> {
    const { rows } = await pool.query(`EXPLAIN ${text}`, values)
    return rows.map((row: { 'QUERY PLAN': string }) => row['QUERY PLAN']).join('\n')
  }
})

describe.skipIf(!hasRedis)('commands in Redis', () => {
  it('of a warm get are the index value and its one record, whatever else is there', async () => {
    const { store } = await open('redis')
    const manager = createTokenManager({ store, autoIntrospect: false, sweepInterval: 3_600_000 })
    const place = { issuer: issuer.url, client }
    for (let i = 0; i < 300; i++) {
      await manager.accessTokens.register(`warm ${i}`, { ...place, metadata: { sub: `warm ${i}`, scope: 'read' } })
    }
    const stats = createClient({ url: redis!.url })
    await stats.connect()
    await stats.configResetStat()
    const warm = await manager.accessTokens.get({ ...place, subject: { kind: 'sub', sub: 'warm 7' }, scopes: 'read' })
    expect(warm.value).toBe('warm 7')
    const calls = Object.fromEntries(
      [...(await stats.info('commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, count]) => [
        name,
        Number(count),
      ]),
    )
    await stats.close()
    expect(calls).toMatchObject({ hgetall: 1, hmget: 1 })
    for (const scanning of ['keys', 'scan', 'hscan', 'sscan', 'zscan']) expect(calls).not.toHaveProperty(scanning)
  })
})
