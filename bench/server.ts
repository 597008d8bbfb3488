/**
 * `npm run bench:server`: CPU time per request of the embedded server on its node:http adapter, beside a bare
 * node:http handler that does the same cryptography and beside oidc-provider. Each is one process with in-memory
 * stores, asked over 20 connections; all take turns in each round, and a ratio is the median of the rounds' ratios.
 * CPU time, as the server's process counts its own, does not know how busy the machine is otherwise; what shares its
 * caches still shows. `--only <name>` and `--rounds <n>` for a part; with `--profile` the embedded server writes a
 * `.cpuprofile` into `.cache`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { nodeBundle } from '../scripts/support/bundle.ts'
import type { Result } from './measure.ts'
import type { Job, Ready } from './server/contenders.ts'
import { createLoad, type Load } from './server/load.ts'
import { formatTable } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    profile: { type: 'boolean', default: false },
  },
})
const contenders = ['bare', 'authentype', 'oidc-provider'] as const
const jobs: readonly Job[] = ['client_credentials, opaque', 'client_credentials, ES256 JWT', 'refresh with rotation']
/** The most that the embedded server may cost to the bare handler. */
const most = 1.6
const perRound = 1_000
const root = join(import.meta.dirname, '..')
// Within the repository, so that what is not bundled is found from there.
const folder = join(root, '.cache/bench-server')

/** As users run it: compiled, without what tsx adds. */
async function compile(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await build({
    ...nodeBundle,
    entryPoints: contenders.map((name) => join(root, `bench/server/${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['oidc-provider'],
  })
}

interface Running {
  readonly name: string
  readonly child: ChildProcess
  readonly load: Load
  /** Microseconds. */
  cpu(): Promise<number>
}

async function start(name: string, job: Job): Promise<Running> {
  const profiling = values.profile && name === 'authentype' ? ['--cpu-prof', '--cpu-prof-dir', folder] : []
  const child = fork(join(folder, `${name}.mjs`), [job], {
    execArgv: ['--no-warnings', ...profiling],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [ready] = (await once(child, 'message')) as [Ready]
  const cpu = async () => {
    const answer = once(child, 'message') as Promise<[number]>
    child.send('cpu')
    return (await answer)[0]
  }
  return { name, child, load: createLoad(job, ready), cpu }
}

async function perRequest({ load, cpu }: Running): Promise<number> {
  const before = await cpu()
  await load.run(perRound)
  return ((await cpu()) - before) / perRound
}

async function benchJob(job: Job): Promise<Result[]> {
  const running: Running[] = []
  const names = contenders.filter((name) => values.only === undefined || name === 'bare' || name === values.only)
  for (const name of names) running.push(await start(name, job))
  for (const { load } of running) await load.run(4 * perRound)
  const times: number[][] = running.map(() => [])
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [i, server] of running.entries()) times[i]!.push(await perRequest(server))
  }
  for (const { child, load } of running) {
    load.close()
    child.disconnect()
    await once(child, 'exit')
  }
  return running.map(({ name }, i) => ({
    job,
    contender: name,
    microseconds: median(times[i]!),
    ratio: median(times[i]!.map((time, round) => time / times[0]![round]!)),
  }))
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
}

await compile()
const results: Result[] = []
for (const job of jobs) results.push(...(await benchJob(job)))
console.log(`Node ${process.versions.node}, ${cpus()[0]?.model}, ${cpus().length} cores; CPU time per request\n`)
console.log(formatTable(results))
const late = results.filter(({ contender, ratio }) => contender === 'authentype' && ratio > most)
for (const { job, ratio } of late) console.error(`${job}: ${ratio.toFixed(2)} x the bare handler, more than ${most}`)
if (late.length > 0) process.exitCode = 1
