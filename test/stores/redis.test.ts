import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordKey } from '../../src/lib/record-store.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import {
  createRedisLock,
  createRedisStore,
  type IoRedisClient,
  type RedisClient,
} from '../../src/stores/redis/index.ts'
import { generateSealingKey } from '../../src/stores/sealed/index.ts'
import { describeLock, describeRecordStore } from '../contracts/contracts.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasRedis, hasRedisCluster, type LocalCluster, startRedis, startRedisCluster } from '../support/redis-server.ts'

const closers: (() => unknown)[] = []
const closing = <T>(client: T, close: (client: T) => unknown): T => {
  closers.push(() => close(client))
  return client
}
let server: LocalServer
let cluster: LocalCluster
let opened = 0

beforeAll(async () => {
  if (hasRedis) server = await startRedis()
  if (hasRedisCluster) cluster = await startRedisCluster()
}, 60_000)
afterAll(async () => {
  await Promise.all(closers.map((close) => close()))
  await server?.close()
  await cluster?.close()
})

const roots = () => cluster.ports.map((port) => ({ host: '127.0.0.1', port }))
const clients: Record<string, () => Promise<RedisClient>> = {
  redis: async () =>
    closing(
      await createClient({ url: server.url })
        .on('error', () => {})
        .connect(),
      (client) => client.destroy(),
    ),
  ioredis: async () => closing(new Redis(server.url), (client) => client.disconnect()),
  'redis on a cluster': async () => {
    const made = createCluster({ rootNodes: roots().map((socket) => ({ socket })) })
    return closing(await made.on('error', () => {}).connect(), (client) => client.destroy())
  },
  'ioredis on a cluster': async () => closing(new Cluster(roots()), (client) => client.disconnect()),
}

/** Connections are shared by the tests; each test has a prefix of its own. */
const connections = new Map<string, Promise<RedisClient>>()
function connection(name: string, which: number): Promise<RedisClient> {
  const known = connections.get(`${name} ${which}`) ?? clients[name]!()
  connections.set(`${name} ${which}`, known)
  return known
}

async function open(name: string, sealing: readonly string[] | 'unsealed' = 'unsealed') {
  const start = Date.now()
  let ahead = 0
  const now = () => start + ahead
  const prefix = `test-${process.pid}-${++opened}:`
  const options = { keys: sealing, prefix, runtime: { ...systemRuntime, now } }
  let connected = 0
  return {
    prefix,
    store: createRedisStore(await connection(name, 0), options),
    connect: async () => createRedisStore(await connection(name, ++connected % 4), options),
    now,
    advance: (ms: number) => {
      ahead += ms
    },
  }
}

function openLock(name: string) {
  return async () => {
    const options = { prefix: `test-${process.pid}-${++opened}:`, lease: 150 }
    const lock = createRedisLock(await connection(name, 0), options)
    return { lock, lease: 150, connect: async () => createRedisLock(await connection(name, 1), options) }
  }
}

const names = Object.keys(clients).filter((name) => (name.includes('cluster') ? hasRedisCluster : hasRedis))
for (const name of names) {
  describeRecordStore(name, () => open(name))
  describeLock(name, openLock(name))
}

describe.skipIf(!hasRedis)('the Redis store', () => {
  describeRecordStore('redis, sealed', () => open('redis', [generateSealingKey()]))

  const raw = async () => (await connection('ioredis', 0)) as Redis
  const session = recordKey('session', 'abc')

  it('asks for sealing keys, or that their absence is spelt out', async () => {
    const client = await raw()
    expect(() => createRedisStore(client, {} as never)).toThrow(/"keys" must be a list of sealing keys/)
    expect(() => createRedisStore(client, { keys: 'unsealed', ttl: 3 } as never)).toThrow(/unknown option "ttl"/)
    expect(() => createRedisStore(client, { keys: 'unsealed', prefix: '{app}:' })).toThrow(/no braces/)
    for (const none of [{}, 'redis://127.0.0.1', undefined])
      expect(() => createRedisStore(none as never, { keys: 'unsealed' })).toThrow(/package redis or ioredis/)
  })

  it('lets Redis forget what has expired, and index entries with it', async () => {
    const { store, prefix, now } = await open('ioredis')
    await store.commit([
      { kind: 'put', key: session, value: 1, expect: null, expiresAt: now() + 60_000, indexes: { subject: 'a' } },
    ])
    const client = await raw()
    const ttl = await client.pttl(`${prefix}record:${session}`)
    expect(ttl).toBeGreaterThan(50_000)
    expect(ttl).toBeLessThanOrEqual(60_000)
    expect(await client.pttl(`${prefix}index:["subject","a"]`)).toBeGreaterThan(110_000)
  })

  it('writes index entries once for a record that each put prolongs', async () => {
    const { store, prefix, now, advance } = await open('ioredis')
    const indexes = { subject: 'a' }
    const entry = async () => await (await raw()).hget(`${prefix}index:["subject","a"]`, session)
    let version: string | null = null
    const entries: unknown[] = []
    for (let i = 0; i < 4; i++) {
      const result = await store.commit([
        { kind: 'put', key: session, value: i, expect: version, expiresAt: now() + 3_600_000, indexes },
      ])
      version = result.ok ? result.versions[session]! : null
      entries.push(await entry())
      advance(1_000_000)
    }
    expect(new Set(entries).size).toBe(1)
    advance(2_000_000)
    await store.commit([{ kind: 'put', key: session, value: 9, expect: null, expiresAt: now() + 3_600_000, indexes }])
    expect(await entry()).not.toBe(entries[0])
  })

  it('takes out the index entries of what was deleted, and those left over once they are old', async () => {
    const { store, prefix } = await open('ioredis')
    const client = await raw()
    const name = `${prefix}index:["subject","a"]`
    const put = await store.commit([{ kind: 'put', key: session, value: 1, expect: null, indexes: { subject: 'a' } }])
    await store.commit([{ kind: 'delete', key: session, expect: put.ok ? put.versions[session]! : '' }])
    expect(await client.hlen(name)).toBe(0)

    await client.hset(name, 'session:{crashed}', `${Date.now() - 120_000}:stamp`, 'session:{now}', `${Date.now()}:s`)
    expect(await store.find('subject', 'a')).toEqual([])
    expect(await client.hkeys(name)).toEqual(['session:{now}'])
  })

  it('knows a commit that a client sent twice', async () => {
    const { store } = await open('ioredis')
    const client = await raw()
    // As ioredis does when the connection broke before the answer came: the same command again.
    const resending: IoRedisClient = {
      eval: (script, count, ...rest) => client.eval(script, count, ...rest),
      evalsha: async (sha, count, ...rest) => {
        await client.evalsha(sha, count, ...rest)
        return await client.evalsha(sha, count, ...rest)
      },
    }
    const twice = createRedisStore(resending, { keys: 'unsealed', prefix: `twice-${process.pid}-${++opened}:` })
    await store.get('warms the script up')
    const first = await twice.commit([{ kind: 'put', key: session, value: 1, expect: null, indexes: { i: 'v' } }])
    expect(first.ok).toBe(true)
    const version = (await twice.get(session))!.version
    expect(await twice.commit([{ kind: 'delete', key: session, expect: version }])).toMatchObject({ ok: true })
    expect(await twice.commit([{ kind: 'delete', key: session, expect: version }])).toMatchObject({ ok: false })
  })

  it('refuses a commit over several partitions, on one server too', async () => {
    const { store } = await open('ioredis')
    const changes = ['a', 'b'].map((id) => ({ kind: 'put', key: recordKey('x', id), value: 1, expect: null }) as const)
    await expect(store.commit(changes)).rejects.toThrow(/share a partition/)
  })

  it('tells a damaged record by a typed error, and finds the others', async () => {
    const { store, prefix } = await open('ioredis')
    const client = await raw()
    for (const id of ['good', 'cut', 'other', 'type']) {
      const key = recordKey('session', id)
      await store.commit([{ kind: 'put', key, value: 1, expect: null, indexes: { subject: 'a' } }])
    }
    await client.hset(`${prefix}record:session:{cut}`, 'value', '{"cut')
    await client.hdel(`${prefix}record:session:{other}`, 'indexes')
    await client.set(`${prefix}record:session:{type}`, 'a string')
    for (const id of ['cut', 'other', 'type']) {
      const error = await store.get(recordKey('session', id)).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'invalid_record', record: 'session' })
    }
    expect((await store.find('subject', 'a')).map((record) => record.key)).toEqual(['session:{good}'])
  })

  it('loads its scripts anew where Redis has forgotten them', async () => {
    const { store } = await open('redis')
    await store.get('k')
    await (await raw()).script('FLUSH')
    expect(await store.commit([{ kind: 'put', key: 'k', value: 1, expect: null }])).toMatchObject({ ok: true })
    expect((await store.get('k'))?.value).toBe(1)
  })
})

describe.skipIf(!hasRedisCluster)('a Redis that fails', () => {
  it('says so without keys and values, and serves again after its restart', async () => {
    const own = await startRedis(['--maxmemory-policy', 'noeviction'])
    const client = new Redis(own.url, { maxRetriesPerRequest: 0, retryStrategy: () => 50 }).on('error', () => {})
    try {
      const store = createRedisStore(client, { keys: 'unsealed' })
      await store.commit([{ kind: 'put', key: 'session:{secret}', value: 'token', expect: null }])
      await client.config('SET', 'maxmemory', '1')
      const full = await store
        .commit([{ kind: 'put', key: 'session:{secret2}', value: 'token', expect: null }])
        .catch((error: unknown) => error)
      expect(full).toMatchObject({ name: 'StoreError', code: 'store_full', record: 'session' })
      await own.restart()
      while (client.status !== 'ready') await new Promise((resolve) => setTimeout(resolve, 20))
      expect((await store.get('session:{secret}'))?.value).toBe('token')
      await own.close()
      const down = (await store.get('session:{secret}').catch((error: unknown) => error)) as Error
      expect(down).toMatchObject({ name: 'StoreError', code: 'store_unavailable', record: 'session' })
      expect(JSON.stringify([down, { ...(down.cause as object) }, down.message])).not.toMatch(/secret|token/)
    } finally {
      client.disconnect()
      await own.close()
    }
  })

  it('frees the lock of a process that died when its lease ends', async () => {
    const own = await startRedis(['--maxmemory-policy', 'noeviction'])
    const client = new Redis(own.url)
    try {
      await client.set('authentype:lock:k', 'an owner that is dead', 'PX', 200)
      const lock = createRedisLock(client, { lease: 200 })
      expect(await lock.withLock('k', async () => 'mine')).toBe('mine')
      await client.set('authentype:lock:k', 'an owner that lives', 'PX', 5_000)
      const waiting = createRedisLock(client, { lease: 200, maxWait: 100 }).withLock('k', async () => 'mine')
      await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable', record: 'lock' })
      expect(await client.get('authentype:lock:k')).toBe('an owner that lives')
    } finally {
      client.disconnect()
      await own.close()
    }
  })
})
