import { type GenerateOptions, type GenerateReport, generate, type Progress, type Warning } from '../codegen/index.ts'
import { GenerateError } from '../errors/generate.ts'
import { printable } from '../lib/printable.ts'
import { systemRuntime } from '../lib/runtime.ts'
import { type Command, exitCode, UsageError } from './command.ts'
import { type GenerateArguments, generateHelp, readArguments } from './generate-arguments.ts'
import { watchFiles } from './watch-files.ts'

export const generateCommand: Command = {
  summary: 'write a typed client for an OpenAPI document',
  help: generateHelp,
  async run(args) {
    const given = await readArguments(args)
    if (given.watch) return watch(args, given)
    return (await runAll(given)).code
  },
}

interface Outcome {
  readonly code: number
  /** Local files that the runs depend on. */
  readonly inputs: readonly string[]
}

/** One client after the other; the worst exit code is the command's. */
async function runAll({ clients, json }: GenerateArguments): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const client of clients) outcomes.push(await runOne(client, json))
  return {
    code: Math.max(...outcomes.map(({ code }) => code)),
    inputs: outcomes.flatMap(({ inputs }) => inputs),
  }
}

async function runOne(options: GenerateOptions, json: boolean): Promise<Outcome> {
  try {
    const report = await generate({ ...options, ...(!json && { onProgress: createProgress() }) })
    if (json) console.log(JSON.stringify(report, null, 2))
    else print(report, options.out)
    const failed = report.outcome === 'drifted' || report.outcome === 'refused'
    return { code: failed ? exitCode.failed : exitCode.ok, inputs: report.inputs }
  } catch (error) {
    if (!(error instanceof GenerateError)) throw error
    const { code, message, file, line, column } = error
    if (json) console.log(JSON.stringify({ error: { code, message, file, line, column } }, null, 2))
    else console.error(`authentype: ${message}`)
    // What could not be used is watched all the same: it will be mended.
    return { code: exitCode.unusable, inputs: error.inputs }
  }
}

async function watch(args: readonly string[], first: GenerateArguments): Promise<number> {
  let given = first
  await watchFiles(async () => {
    const config = given.config === undefined ? [] : [given.config]
    try {
      given = await readArguments(args)
      const { inputs } = await runAll(given)
      if (inputs.length + config.length === 0)
        throw new UsageError('generate: --watch has nothing to watch: there is no local file')
      console.error('authentype: watching; end with Ctrl+C')
      return [...inputs, ...config]
    } catch (error) {
      // Without a configuration there is nothing that could be mended.
      if (!(error instanceof UsageError) || config.length === 0) throw error
      console.error(`authentype: ${error.message}`)
      return config
    }
  })
  return exitCode.ok
}

/** Milliseconds. What takes less needs no progress. */
const patience = 700

/** Says what is going on, on standard error, once it takes longer than a reader waits in silence. */
function createProgress(): (progress: Progress) => void {
  const began = systemRuntime.now()
  const held: string[] = []
  return ({ stage, detail }) => {
    held.push(`authentype: ${doing[stage]} ${detail}`)
    if (systemRuntime.now() - began < patience && !/^[1-9]\d*\.\d MB/.test(detail)) return
    for (const line of held.splice(0)) console.error(line)
  }
}

const doing: Readonly<Record<Progress['stage'], string>> = {
  read: 'reading',
  understand: 'understanding',
  emit: 'writing the code of',
  compare: 'comparing with',
}

function print(report: GenerateReport, out: string): void {
  for (const warning of report.warnings) console.error(formatWarning(warning))
  const { operations, models } = report.counts
  console.log(
    `${operations} operations, ${models} models, ${report.warnings.length} ${report.warnings.length === 1 ? 'warning' : 'warnings'}`,
  )
  for (const { operation, field, by } of report.oauth) {
    if (by !== 'extension') console.log(`  ${printable(field)} is ${printable(operation)} (by ${by})`)
  }
  for (const { name, changed, bytes, diff } of report.files) {
    const state = changed ? (report.outcome === 'written' ? (bytes > 0 ? 'written' : 'removed') : 'differs') : 'same'
    console.log(`  ${state.padEnd(8)}${out}/${name} (${Math.ceil(bytes / 1024)} kB)`)
    if (diff !== undefined && report.outcome !== 'written') console.log(diff)
  }
  if (report.outcome === 'drifted') console.error('authentype: run it again without --check to write what differs')
  if (report.outcome === 'refused')
    console.error('authentype: nothing is written, because there are warnings and --strict is given')
}

const formatWarning = ({ file, line, column, message, advice }: Warning): string =>
  `${file}:${line}:${column}: warning: ${message}\n  ${advice}`
