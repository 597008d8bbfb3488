import { type ParseArgsConfig, parseArgs } from 'node:util'
import { type GenerateOptions, type GenerateReport, generate, type Warning } from '../codegen/index.ts'
import { resolveOptions } from '../codegen/options.ts'
import { GenerateError } from '../errors/generate.ts'
import { type Command, exitCode, UsageError } from './command.ts'

const help = `Usage: authentype generate <document> --out <folder> [options]

Writes a typed client for an OpenAPI document: models.ts, operations.ts, endpoints.ts, validators.ts, and
names.json, which keeps the names stable from one run to the next (commit it with the rest).

  <document>                 a file, an http(s) URL, or - for standard input; YAML or JSON
  --out <folder>             where the files go
  --check                    write nothing; fail with a diff if the files are not what would be written
  --schema                   also write schema.ts for openapi-fetch (needs openapi-typescript)
  --select <selector>        only tag:<name>, path:</path/*> or operation:<id>; may be repeated
  --validators <mode>        strict, lenient or off (default lenient)
  --allow-ref <place>        a file, folder, URL or origin that references may lead to; may be repeated
  --runtime <module>         where the types of the API seam come from (default authentype/api)
  --import-extension <ext>   .js, .ts or none, in imports between the files (default .js)
  --strict                   fail on warnings, and write nothing
  --json                     print a report for scripts on standard output

Exit codes: 0 done; 1 files differ (--check), or warnings (--strict); 2 wrong command line; 3 the document
cannot be read, or the files not written.`

const options = {
  out: { type: 'string' },
  check: { type: 'boolean', default: false },
  schema: { type: 'boolean', default: false },
  select: { type: 'string', multiple: true, default: [] },
  validators: { type: 'string', default: 'lenient' },
  'allow-ref': { type: 'string', multiple: true, default: [] },
  runtime: { type: 'string', default: 'authentype/api' },
  'import-extension': { type: 'string', default: '.js' },
  strict: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} satisfies ParseArgsConfig['options']

export const generateCommand: Command = {
  summary: 'write a typed client for an OpenAPI document',
  help,
  async run(args) {
    const { generateOptions, json } = readArguments(args)
    try {
      const report = await generate(generateOptions)
      if (json) console.log(JSON.stringify(report, null, 2))
      else print(report, generateOptions.out)
      return report.outcome === 'drifted' || report.outcome === 'refused' ? exitCode.failed : exitCode.ok
    } catch (error) {
      if (!(error instanceof GenerateError)) throw error
      const { code, message, file, line, column } = error
      if (json) console.log(JSON.stringify({ error: { code, message, file, line, column } }, null, 2))
      else console.error(`authentype: ${message}`)
      return exitCode.unusable
    }
  },
}

interface Arguments {
  readonly generateOptions: GenerateOptions
  readonly json: boolean
}

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args)
  const [document, ...others] = positionals
  if (document === undefined)
    throw new UsageError('generate: name the document: authentype generate <document> --out <folder>')
  if (others.length > 0) throw new UsageError(`generate: one document at a time; "${others.join('", "')}" came too`)
  if (values.out === undefined) throw new UsageError('generate: name the folder for the files: --out <folder>')
  const generateOptions = {
    document,
    out: values.out,
    check: values.check,
    strict: values.strict,
    schema: values.schema,
    select: values.select,
    validators: values.validators as 'strict' | 'lenient' | 'off',
    allowRefs: values['allow-ref'],
    runtime: values.runtime,
    importExtension: (values['import-extension'] === 'none' ? '' : values['import-extension']) as '.js' | '.ts' | '',
  }
  try {
    resolveOptions(generateOptions)
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
  return { generateOptions, json: values.json }
}

function parse(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // parseArgs says what is wrong with which option.
    throw new UsageError(`generate: ${(error as Error).message}`)
  }
}

function print(report: GenerateReport, out: string): void {
  for (const warning of report.warnings) console.error(formatWarning(warning))
  const { operations, models } = report.counts
  console.log(
    `${operations} operations, ${models} models, ${report.warnings.length} ${report.warnings.length === 1 ? 'warning' : 'warnings'}`,
  )
  for (const { operation, field, by } of report.oauth) {
    if (by !== 'extension') console.log(`  ${field} is ${operation} (by ${by})`)
  }
  for (const { name, changed, bytes, diff } of report.files) {
    const state = changed ? (report.outcome === 'written' ? 'written' : 'differs') : 'same'
    console.log(`  ${state.padEnd(8)}${out}/${name} (${Math.ceil(bytes / 1024)} kB)`)
    if (diff !== undefined) console.log(diff)
  }
  if (report.outcome === 'refused')
    console.error('authentype: nothing is written, because there are warnings and --strict is given')
}

const formatWarning = ({ file, line, column, message, advice }: Warning): string =>
  `${file}:${line}:${column}: warning: ${message}\n  ${advice}`
