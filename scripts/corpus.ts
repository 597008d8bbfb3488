// `npm run test:corpus -- <folder>`: every document of a folder through what its user would do. Generated, compiled by
// TypeScript 5.9 and 7.0 under the strictest settings, generated again to the same bytes, checked clean, and checked
// red after one character of the document has changed. A document whose name has "broken" in it must fail well: with a
// located message, and nothing written. Prints a table; exits with 1 where anything is otherwise.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { generate } from '../src/codegen/index.ts'
import { GenerateError } from '../src/errors/generate.ts'
import { compile, findCompilers } from './support/compilers.ts'

interface Row {
  readonly document: string
  readonly counts: string
  readonly warnings: number
  readonly seconds: string
  readonly problems: readonly string[]
}

const root = resolve(import.meta.dirname, '..')
const [folder] = process.argv.slice(2)
if (folder === undefined || !existsSync(folder)) {
  process.stderr.write('test:corpus: name a folder of OpenAPI documents: npm run test:corpus -- ../shared/corpus\n')
  process.exit(2)
}

const scratch = mkdtempSync(join(tmpdir(), 'authentype-corpus-'))
writeFileSync(join(scratch, 'package.json'), '{"type":"module"}')
symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'))
const documents = readdirSync(folder)
  .filter((name) => /\.(ya?ml|json)$/.test(name))
  .map((name) => join(folder, name))

/** What a document that cannot be read must do: say where, and write nothing. */
async function failWell(document: string, out: string): Promise<Row> {
  const problems: string[] = []
  try {
    await generate({ document, out })
    problems.push('it was generated')
  } catch (error) {
    const { line, column } = error instanceof GenerateError ? error : {}
    if (line === undefined || column === undefined) problems.push(`no place in: ${String(error)}`)
  }
  if (existsSync(out)) problems.push('files were written')
  return { document: basename(document), counts: 'refused', warnings: 0, seconds: '', problems }
}

async function run(document: string): Promise<Row> {
  const name = basename(document).replace(/\.\w+$/, '')
  const out = join(scratch, name)
  if (/broken/.test(name)) return failWell(document, out)
  const options = { document, out, runtime: resolve(root, 'src/lib/wire/index.ts') }
  const began = performance.now()
  const { counts, warnings } = await generate(options)
  const seconds = ((performance.now() - began) / 1000).toFixed(2)
  const problems = [...(await repeats(options, out)), ...(await drifts(options))]
  return {
    document: basename(document),
    counts: `${counts.operations} operations, ${counts.models} models`,
    warnings: warnings.length,
    seconds,
    problems,
  }
}

type Options = Parameters<typeof generate>[0] & { readonly document: string }

async function repeats(options: Options, out: string): Promise<string[]> {
  // In a folder of its own: pinned names must not be what makes it equal.
  const again = join(scratch, 'again')
  await generate({ ...options, out: again })
  const differing = readdirSync(out).filter(
    (file) => readFileSync(join(out, file), 'utf8') !== readFileSync(join(again, file), 'utf8'),
  )
  rmSync(again, { recursive: true })
  const { outcome } = await generate({ ...options, check: true })
  return [
    ...differing.map((file) => `${file} differs the second time`),
    ...(outcome === 'clean' ? [] : ['check is not clean']),
  ]
}

/** One character of the first title or description that a reader would see. */
async function drifts(options: Options): Promise<string[]> {
  const text = readFileSync(options.document, 'utf8')
  const at = text.search(/(?<=["']?(?:title|description)["']?\s*:\s*["']?)[A-Za-z]/)
  const changed = `${text.slice(0, at)}${text[at] === 'X' ? 'Y' : 'X'}${text.slice(at + 1)}`
  const copy = { name: basename(options.document), text: changed }
  const { outcome } = await generate({ ...options, document: copy, check: true })
  return outcome === 'drifted' ? [] : [`check says ${outcome} after a changed character`]
}

const rows: Row[] = []
for (const document of documents) {
  const row = await run(document).catch(
    (error: unknown): Row => ({
      document: basename(document),
      counts: '',
      warnings: 0,
      seconds: '',
      problems: [String(error)],
    }),
  )
  rows.push(row)
  process.stderr.write(`${row.problems.length > 0 ? '✖' : '✔'} ${row.document}\n`)
}
const compilers = findCompilers()
const failed = new Map<string, string[]>()
for (const compiler of compilers) {
  mkdirSync(join(scratch, 'projects'), { recursive: true })
  for (const problem of compile(compiler, scratch)) {
    const name = problem.split('/')[0]!
    failed.set(name, [...(failed.get(name) ?? []), `${compiler.name}: ${problem}`])
  }
}
const results = rows.map((row) => {
  const compiled = failed.get(row.document.replace(/\.\w+$/, '')) ?? []
  return { ...row, problems: [...row.problems, ...compiled.slice(0, 2)] }
})
const width = Math.max(...results.map(({ document }) => document.length))
for (const { document, counts, warnings, seconds, problems } of results) {
  const outcome = problems.length === 0 ? '✔' : `✖ ${problems.join('; ')}`
  console.log(
    `${document.padEnd(width)}  ${counts.padEnd(28)}  ${String(warnings).padStart(4)} warnings  ${seconds.padStart(6)} s  ${outcome}`,
  )
}
const strange = [...failed.keys()].filter((name) => !results.some(({ document }) => document.startsWith(name)))
for (const name of strange) console.log(`✖ ${failed.get(name)?.join('\n')}`)
const passed = results.filter(({ problems }) => problems.length === 0).length
console.log(
  `\n${passed} of ${results.length} documents pass, compiled by ${compilers.map(({ name }) => name).join(' and ')}`,
)
rmSync(scratch, { recursive: true, force: true })
if (passed < results.length || strange.length > 0 || results.length === 0) process.exitCode = 1
