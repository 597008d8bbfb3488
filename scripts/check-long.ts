// `npm run check:long -- <folder>`: what takes too long for every run of CI. The strict validators of every document of
// a folder against Ajv 2020, at least 100,000 pairs of schema and instance; the two must give the same verdict. Schemas
// that the oracle cannot compile, and documents that have none, are counted and named.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { generate } from '../src/codegen/index.ts'
import { compareWithAjv } from '../test/codegen/support/oracle.ts'

const [folder, only] = process.argv.slice(2)
if (folder === undefined || !existsSync(folder)) {
  process.stderr.write('check:long: name a folder of OpenAPI documents: npm run check:long -- ../shared/corpus\n')
  process.exit(2)
}

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
