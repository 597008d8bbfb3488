// One operating-system process of the fault proof: sessions over the shared store, called many times at once.
// The orchestrator bundles and starts it, and may kill it at any moment.
import { Pool } from 'pg'
import { createClient } from 'redis'
import { createOAuthClient, none } from '../../src/client/index.ts'
import { createKyTransport } from '../../src/http/ky-transport.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createSessions, type Sessions } from '../../src/sessions/index.ts'
import { createPostgresLock, createPostgresStore } from '../../src/stores/postgres/index.ts'
import { createRedisLock, createRedisStore } from '../../src/stores/redis/index.ts'
import { workerHeader } from './issuer.ts'
import { startLoad } from './load.ts'
import type { FromWorker, SessionIds, ToWorker, WorkerConfig } from './messages.ts'

const config = JSON.parse(process.argv[2]!) as WorkerConfig
const runtime = { ...systemRuntime, now: () => Date.now() + config.clockOffset }

function send(message: FromWorker): void {
  process.send!(message)
}

async function openStore() {
  const { storeUrl, lease } = config
  const options = { keys: [config.sealingKey], runtime }
  if (config.store === 'postgres') {
    const pool = new Pool({ connectionString: storeUrl, max: 5 })
    // The server is restarted on purpose; the next query connects anew.
    pool.on('error', () => {})
    return { store: createPostgresStore(pool, options), lock: createPostgresLock(pool, { lease, runtime }) }
  }
  const client = createClient({ url: storeUrl, socket: { reconnectStrategy: 50 } })
  client.on('error', () => {})
  await client.connect()
  return { store: createRedisStore(client, options), lock: createRedisLock(client, { lease, runtime }) }
}

async function openSessions(): Promise<Sessions> {
  const { store, lock } = await openStore()
  const transport = createKyTransport()
  const client = createOAuthClient({
    issuer: config.issuer,
    clientId: 'fault-proof',
    clientAuth: none(),
    scope: 'notes',
    discover: false,
    metadata: { issuer: config.issuer, token_endpoint: `${config.issuer}/token` },
    allowLoopbackHttp: true,
    runtime,
    async fetch(request) {
      const named = new Request(request)
      named.headers.set(workerHeader, config.name)
      return await transport(named)
    },
  })
  return createSessions({
    client,
    store,
    ...(config.hasLock && { lock }),
    baseUrl: config.issuer,
    rotationGrace: config.rotationGrace,
    lifetime: 10 * 60_000,
    fetch: transport,
  })
}

async function create(sessions: Sessions, { family, answer }: ToWorker & { kind: 'create' }): Promise<string> {
  const receivedAt = runtime.now()
  const session = await sessions.create({
    issuer: config.issuer,
    clientId: 'fault-proof',
    tokens: {
      issuer: config.issuer,
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      tokenType: 'Bearer',
      scope: answer.scope,
      receivedAt,
      expiresAt: receivedAt + answer.expires_in * 1000,
    },
    checks: [],
    notices: [],
    data: { family },
  })
  return session.id
}

async function inspect(sessions: Sessions, ids: SessionIds): Promise<Record<string, string>> {
  const states = Object.entries(ids).map(async ([family, id]) => {
    try {
      const session = await sessions.get(id)
      await session.getAccessToken()
      return [family, await session.status()] as const
    } catch (error) {
      const { code, reason } = error as { code?: string; reason?: string }
      return [family, [code, reason].filter(Boolean).join(' ')] as const
    }
  })
  return Object.fromEntries(await Promise.all(states))
}

const sessions = await openSessions()
let load: Awaited<ReturnType<typeof startLoad>> | undefined

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'create':
      return send({ kind: 'created', family: message.family, id: await create(sessions, message) })
    case 'load':
      load = await startLoad(sessions, message, (calls) => send({ kind: 'calls', calls }))
      return
    case 'stop':
      return send({ kind: 'stopped', unfinished: (await load?.stop()) ?? 0 })
    case 'inspect':
      return send({ kind: 'inspected', states: await inspect(sessions, message.sessions) })
  }
}

process.on('message', (message) => {
  handle(message as ToWorker).catch((error: unknown) => send({ kind: 'crashed', message: String(error) }))
})
// Without its orchestrator a worker has nothing to live for.
process.on('disconnect', () => process.exit(0))
send({ kind: 'ready' })
