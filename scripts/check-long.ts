// `npm run check:long -- <folder>`: what takes too long for every run of the tests. Every property of fast-check with ten
// thousand cases; and with a folder of OpenAPI documents, the strict validators of every document of
// a folder against Ajv 2020, at least 100,000 pairs of schema and instance; the two must give the same verdict. Schemas
// that the oracle cannot compile, and documents that have none, are counted and named.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from '../src/codegen/index.ts'
import { compareWithAjv } from '../test/codegen/support/oracle.ts'

const [folder, only] = process.argv.slice(2)
if (folder !== undefined && !existsSync(folder)) {
  process.stderr.write(`check:long: there is no folder ${folder}\n`)
  process.exit(2)
}
await tryProperties(10_000)
if (folder === undefined) process.exit()

/** Of each schema; three pairs each. */
const rounds = 12
const wanted = 100_000

const total = { pairs: 0, accepted: 0, skipped: 0, disagreements: 0 }
for (const name of readdirSync(folder).filter((each) => /\.(ya?ml|json)$/.test(each) && !/broken/.test(each))) {
  if (only !== undefined && !name.includes(only)) continue
  const document = join(folder, name)
  const out = mkdtempSync(join(tmpdir(), 'authentype-long-'))
  await generate({ document, out, validators: 'strict' })
  const output = {
    validators: readFileSync(join(out, 'validators.ts'), 'utf8'),
    names: readFileSync(join(out, 'names.json'), 'utf8'),
  }
  rmSync(out, { recursive: true })
  const { pairs, accepted, skipped, disagreements } = await compareWithAjv(
    readFileSync(document, 'utf8'),
    output,
    rounds,
  )
  total.pairs += pairs
  total.accepted += accepted
  total.skipped += skipped.length
  total.disagreements += disagreements.length
  console.log(
    `${basename(document).padEnd(30)} ${String(pairs).padStart(7)} pairs, ${accepted} accepted, ${skipped.length} schemas skipped, ${disagreements.length} disagreements`,
  )
  for (const each of [...skipped.slice(0, 3), ...disagreements.slice(0, 5)]) console.log(`    ${each}`)
}
console.log(
  `\n${total.pairs} pairs, ${total.accepted} accepted, ${total.skipped} schemas skipped, ${total.disagreements} disagreements`,
)
if (total.disagreements > 0 || (only === undefined && total.pairs < wanted)) process.exitCode = 1

/** Every test file that has properties, each property tried so many times; ends the process where one fails. */
async function tryProperties(runs: number): Promise<void> {
  const root = fileURLToPath(new URL('../test', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map((name) => join(root, name))
    .filter((path) => readFileSync(path, 'utf8').includes("from 'fast-check'"))
  console.log(`${files.length} files with properties, ${runs} cases each`)
  const args = ['vitest', 'run', '--testTimeout=900000', ...files]
  const child = spawn('npx', args, { stdio: 'inherit', env: { ...process.env, PROPERTY_RUNS: String(runs) } })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) process.exit(code ?? 1)
}
