// The fault proof: four operating-system processes share logins over one Redis, then over one PostgreSQL, and call an
// API a thousand times at once while tokens expire, processes are killed, the store is restarted and answers are lost.
// No login may be lost, and no refresh token used twice without need. Ends with a table and the counts of its checks.
//
//   npm run test:faults                   all of it
//   npm run test:faults -- redis killed   the runs that have these words in "store, server, scenario"
import { Pool } from 'pg'
import { migratePostgres } from '../../src/stores/postgres/index.ts'
import type { LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'
import { hasRedis, startRedis } from '../support/redis-server.ts'
import { type Check, judge } from './judge.ts'
import type { StoreKind } from './messages.ts'
import { formatTable, remarksOn, rowOf } from './report.ts'
import { runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'
import { bundleWorker, type WorkerProgram } from './worker-processes.ts'

const stores: Record<
  StoreKind,
  { readonly isThere: boolean; readonly isOurs: boolean; start(): Promise<LocalServer> }
> = {
  redis: { isThere: hasRedis, isOurs: process.env.REDIS_URL === undefined, start: () => startRedis() },
  postgres: { isThere: hasPostgres, isOurs: process.env.DATABASE_URL === undefined, start: startMigrated },
}

const words = process.argv.slice(2)
const rows: (readonly string[])[] = []
const remarks: string[] = []
const checks: Check[] = []
let server: LocalServer | undefined

async function startMigrated(): Promise<LocalServer> {
  const server = await startPostgres()
  const pool = new Pool({ connectionString: server.url })
  try {
    await migratePostgres(pool)
  } catch (error) {
    await server.close()
    throw error
  } finally {
    await pool.end()
  }
  return server
}

async function runOn(program: WorkerProgram, kind: StoreKind): Promise<void> {
  const store = stores[kind]
  const named = scenarios.filter((scenario) =>
    words.every((word) => `${kind}, ${scenario.server}, ${scenario.name}`.includes(word)),
  )
  const wanted = named.filter(({ restartsStore }) => store.isOurs || !restartsStore)
  if (wanted.length < named.length)
    process.stdout.write(`skipped: the server given for ${kind} is not ours to restart\n`)
  if (wanted.length === 0) return
  server = await store.start()
  try {
    for (const scenario of wanted) {
      const run = await runScenario(program, kind, server, scenario)
      const judged = judge(run)
      const row = rowOf(run, judged)
      process.stdout.write(
        `${row.at(-1)}: ${kind}, ${scenario.server}, ${scenario.name} (${run.seconds.toFixed(1)} s)\n`,
      )
      rows.push(row)
      remarks.push(...remarksOn(run, judged))
      checks.push(...judged)
    }
  } finally {
    await server.close()
  }
}

// An interrupted run leaves no server's folder behind; what else is running ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void Promise.resolve(server?.close()).finally(() => process.exit(1)))
}
const program = await bundleWorker()
process.once('exit', () => program.close())
try {
  for (const kind of ['redis', 'postgres'] as const) if (stores[kind].isThere) await runOn(program, kind)
} catch (error) {
  const fault = error instanceof Error ? (error.stack ?? error.message) : String(error)
  checks.push({ name: 'the proof ran', fault })
  remarks.push(`✖ ${fault}`)
}
const failed = checks.filter(({ fault }) => fault !== undefined).length
if (rows.length > 0) process.stdout.write(`\n${formatTable(rows)}\n`)
if (remarks.length > 0) process.stdout.write(`\n${remarks.join('\n')}\n`)
process.stdout.write(`\n${checks.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
