// The concurrency suite of the token endpoint on every kind of store: this process's memory, Redis, a Redis cluster,
// PostgreSQL. Each of the servers really runs, and two clients of it stand for two hosts.

import { Pool } from 'pg'
import { createClient, createCluster } from 'redis'
import { afterAll, beforeAll, describe } from 'vitest'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createPostgresStore, migratePostgres } from '../../src/stores/postgres/index.ts'
import { createRedisStore } from '../../src/stores/redis/index.ts'
import { type ConcurrencyStore, describeTokenEndpointConcurrency } from '../contracts/token-endpoint-concurrency.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'
import { hasRedis, hasRedisCluster, type LocalCluster, startRedis, startRedisCluster } from '../support/redis-server.ts'
import { type Clock, createClock, yielding } from './rig.ts'

describeTokenEndpointConcurrency('memory', () => {
  const clock = createClock()
  return { store: yielding(createMemoryStore({ runtime: clock })), clock }
})

describeTokenEndpointConcurrency(
  'memory, as a cluster that commits within one partition',
  () => {
    const clock = createClock()
    const store = yielding(createMemoryStore({ runtime: clock }))
    return {
      store: {
        ...store,
        commit: async (changes) => {
          const partitions = new Set(changes.map((change) => /\{.*?\}/.exec(change.key)?.[0]))
          if (partitions.size > 1) throw new Error('a commit over several partitions')
          return store.commit(changes)
        },
      },
      clock,
    }
  },
  { clustered: true },
)

/** Real stores expire by the real time. */
function realClock(): Clock {
  return { ...createClock(), now: () => Date.now() }
}

/** Every other call goes to the other host's connection. */
function alternating(stores: readonly RecordStore[]): RecordStore {
  let calls = 0
  const next = () => stores[calls++ % stores.length]!
  return {
    ...(stores[0]!.partitioned && { partitioned: true }),
    get: (key) => next().get(key),
    find: (index, value) => next().find(index, value),
    commit: (changes) => next().commit(changes),
    sweep: () => next().sweep(),
  }
}

let opened = 0
const freshPrefix = () => `concurrency-${process.pid}-${opened++}`

describe.skipIf(!hasRedis)('over Redis', () => {
  let server: LocalServer
  let clients: ReturnType<typeof createClient>[]
  beforeAll(async () => {
    server = await startRedis()
    const connect = async () => (await createClient({ url: server.url }).connect()) as ReturnType<typeof createClient>
    clients = [await connect(), await connect()]
  }, 60_000)
  afterAll(async () => {
    for (const client of clients ?? []) client.destroy()
    await server?.close()
  })

  describeTokenEndpointConcurrency('redis', (): ConcurrencyStore => {
    const prefix = freshPrefix()
    const clock = realClock()
    const stores = clients.map((client) => createRedisStore(client, { prefix, keys: 'unsealed' }))
    return { store: alternating(stores), clock }
  })
})

describe.skipIf(!hasRedisCluster)('over a Redis cluster', () => {
  let cluster: LocalCluster
  let client: ReturnType<typeof createCluster>
  beforeAll(async () => {
    cluster = await startRedisCluster()
    const rootNodes = cluster.ports.map((port) => ({ socket: { host: '127.0.0.1', port } }))
    client = createCluster({ rootNodes })
    await client.connect()
  }, 60_000)
  afterAll(async () => {
    client?.destroy()
    await cluster?.close()
  })

  describeTokenEndpointConcurrency('redis cluster', (): ConcurrencyStore => {
    const store = createRedisStore(client, { prefix: freshPrefix(), keys: 'unsealed' })
    return { store, clock: realClock() }
  })
})

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  const schema = `authentype_concurrency_${process.pid}`
  let server: LocalServer
  let pools: Pool[]
  beforeAll(async () => {
    server = await startPostgres()
    pools = [1, 2].map(() => new Pool({ connectionString: server.url, max: 8 }))
    await migratePostgres(pools[0]!, { schema })
  }, 60_000)
  afterAll(async () => {
    await pools?.[0]?.query(`DROP SCHEMA "${schema}" CASCADE`)
    await Promise.all((pools ?? []).map((pool) => pool.end()))
    await server?.close()
  })

  describeTokenEndpointConcurrency('postgres', async (): Promise<ConcurrencyStore> => {
    await pools[0]!.query(`TRUNCATE "${schema}".authentype_records CASCADE`)
    const stores = pools.map((pool) => createPostgresStore(pool, { schema, keys: 'unsealed' }))
    return { store: alternating(stores), clock: realClock() }
  })
})
