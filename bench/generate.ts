/**
 * `npm run bench:generate -- <folder of documents>`: the generator beside hey-api, which writes a client too, and
 * openapi-typescript, which writes the types alone: whole processes from start to end on the same documents, and what one
 * operation of each weighs in a bundle. The contenders take turns; times are
 * medians, and only their ratio means anything on a busy machine. GitHub's document comes from @octokit/openapi.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { measureBundles } from './bundle-size.ts'

const root = resolve(import.meta.dirname, '..')
const [folder] = process.argv.slice(2)
if (folder === undefined || !existsSync(folder)) {
  process.stderr.write('bench:generate: name a folder of documents: npm run bench:generate -- ../shared/corpus\n')
  process.exit(2)
}

const documents = {
  Hydra: resolve(folder, 'ory-hydra.api.json'),
  'Okta OAuth': resolve(folder, 'okta-oauth.yaml'),
  Plaid: resolve(folder, 'plaid.yaml'),
  GitHub: join(root, 'node_modules/@octokit/openapi/generated/api.github.com.json'),
}

const contenders = {
  authentype: (document: string, out: string) => [
    join(root, 'dist/src/cli/main.js'),
    ...['generate', document, '--out', out],
  ],
  'openapi-typescript': (document: string, out: string) => [
    join(root, 'node_modules/openapi-typescript/bin/cli.js'),
    ...[document, '-o', `${out}.ts`],
  ],
  'hey-api': (document: string, out: string) => [
    join(root, 'node_modules/@hey-api/openapi-ts/bin/run.js'),
    ...['-i', document, '-o', out, '-c', '@hey-api/client-fetch', '--silent', '--no-log-file'],
  ],
}
type Contender = keyof typeof contenders

interface Run {
  readonly seconds: number
  readonly megabytes: number
}

/** The process reports its own peak as it ends. */
const reportPeak = `data:text/javascript,${encodeURIComponent("process.on('exit',()=>process.stderr.write('\\nPEAK '+process.resourceUsage().maxRSS+'\\n'))")}`

async function run(name: Contender, document: string): Promise<Run> {
  const out = mkdtempSync(join(tmpdir(), 'authentype-bench-'))
  const began = performance.now()
  const child = spawn(process.execPath, contenders[name](document, join(out, 'client')), {
    // Where no tool finds a configuration of this repository: openapi-typescript would take its linter's rules.
    cwd: out,
    // By the environment, since a command may start a process of its own for its work.
    env: { ...process.env, NODE_OPTIONS: `--import=${reportPeak}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise((done) => child.on('close', done))
  const seconds = (performance.now() - began) / 1000
  rmSync(out, { recursive: true, force: true })
  const peaks = [...stderr.matchAll(/PEAK (\d+)/g)].map(([, kilobytes]) => Number(kilobytes))
  if (code !== 0 || peaks.length === 0) throw new Error(`${name} failed on ${document}:\n${stderr.slice(0, 2000)}`)
  return { seconds, megabytes: Math.max(...peaks) / 1024 }
}

const median = (runs: readonly Run[], of: keyof Run): number =>
  runs.map((each) => each[of]).sort((a, b) => a - b)[runs.length >> 1]!

const rounds = 3
console.log('document     contender            seconds  to hey-api   peak memory')
for (const [title, document] of Object.entries(documents)) {
  const runs: Record<Contender, Run[]> = { authentype: [], 'openapi-typescript': [], 'hey-api': [] }
  for (let round = 0; round < rounds; round++)
    for (const name of Object.keys(contenders) as Contender[]) runs[name].push(await run(name, document))
  const peer = median(runs['hey-api'], 'seconds')
  for (const name of Object.keys(contenders) as Contender[]) {
    const seconds = median(runs[name], 'seconds')
    const memory = `${median(runs[name], 'megabytes').toFixed(0)} MB`
    console.log(
      `${title.padEnd(12)} ${name.padEnd(19)} ${seconds.toFixed(2).padStart(7)}s ${(seconds / peer).toFixed(2).padStart(9)} x ${memory.padStart(12)}`,
    )
  }
}
console.log(await measureBundles(documents.Hydra))
