import { resolve } from 'node:path'
import type { ParseArgsConfig } from 'node:util'
import type { GenerateOptions } from '../codegen/index.ts'
import { resolveOptions } from '../codegen/options.ts'
import { singleWord, UsageError } from './command.ts'
import { findConfig, loadConfig } from './config-file.ts'
import { readCommandLine } from './read-command-line.ts'

export const generateHelp = `Usage: authentype generate <document> --out <folder> [options]
       authentype generate [--config <file>] [options]

Writes a typed client for an OpenAPI document: models.ts, operations.ts, endpoints.ts, validators.ts, oauth.ts where
it describes an authorization server, and names.json, which keeps the names stable from one run to the next (commit
it with the rest).

  <document>                 a file, an http(s) URL, or - for standard input; YAML or JSON
  --out <folder>             where the files go
  --config <file>            clients and their options (default authentype.config.{ts,mts,js,mjs,json} of this folder)
  --overlay <document>       an OpenAPI Overlay that corrects the document; may be repeated
  --check                    write nothing; fail with a diff if the files are not what would be written
  --watch                    write again whenever the document, its references or overlays change
  --schema                   also write schema.ts for openapi-fetch (needs openapi-typescript)
  --select <selector>        only tag:<name>, path:</path/*> or operation:<id>; may be repeated
  --validators <mode>        strict, lenient or off (default lenient)
  --allow-ref <place>        a file, folder, URL or origin that references may lead to; may be repeated
  --runtime <module>         where the functions and types of the API seam come from (default authentype/api)
  --import-extension <ext>   .js, .ts or none, in imports between the files (default .js)
  --strict                   fail on warnings, and write nothing
  --json                     print a report for scripts on standard output

Options of the command line win over those of the configuration.

Exit codes: 0 done; 1 files differ (--check), or warnings (--strict); 2 wrong command line or configuration; 3 the
document cannot be read, or the files not written.`

const options = {
  out: { type: 'string' },
  config: { type: 'string' },
  overlay: { type: 'string', multiple: true },
  check: { type: 'boolean' },
  watch: { type: 'boolean', default: false },
  schema: { type: 'boolean' },
  select: { type: 'string', multiple: true },
  validators: { type: 'string' },
  'allow-ref': { type: 'string', multiple: true },
  runtime: { type: 'string' },
  'import-extension': { type: 'string' },
  strict: { type: 'boolean' },
  json: { type: 'boolean', default: false },
} satisfies ParseArgsConfig['options']

export interface GenerateArguments {
  /** One for each client. */
  readonly clients: readonly GenerateOptions[]
  /** Read again when it changes. */
  readonly config: string | undefined
  readonly json: boolean
  readonly watch: boolean
}

/** @throws UsageError for a command line or a configuration that is wrong */
export async function readArguments(args: readonly string[]): Promise<GenerateArguments> {
  const { values, positionals } = readCommandLine('generate', args, options)
  const document = singleWord('generate', 'document', positionals)
  if (values.watch && values.check) throw new UsageError('generate: --check looks once; leave out --watch')
  const config = values.config ?? (document === undefined ? findConfig('.') : undefined)
  if (document === undefined && config === undefined) {
    throw new UsageError(
      'generate: name the document: authentype generate <document> --out <folder>, or write an authentype.config.js',
    )
  }
  const given = overrides(values, document)
  const configured = config === undefined ? [{}] : await loadConfig(config)
  if (configured.length > 1 && (document !== undefined || values.out !== undefined)) {
    throw new UsageError('generate: the configuration has several clients; leave out the document and --out')
  }
  const clients = configured.map((client) => checked({ ...client, ...given } as GenerateOptions))
  const shared = clients.find(
    ({ out }, index) => clients.findIndex((each) => resolve(each.out) === resolve(out)) < index,
  )
  if (shared) throw new UsageError(`generate: two clients have the folder "${shared.out}"; each needs its own`)
  return { clients, config, json: values.json ?? false, watch: values.watch ?? false }
}

type Values = ReturnType<typeof readCommandLine<typeof options>>['values']

function overrides(values: Values, document: string | undefined): object {
  const extension = values['import-extension']
  if (extension !== undefined && !['.js', '.ts', 'none'].includes(extension))
    throw new UsageError(`generate: --import-extension is "${extension}"; expected .js, .ts or none`)
  const all = {
    document,
    out: values.out,
    overlays: values.overlay,
    check: values.check,
    schema: values.schema,
    select: values.select,
    validators: values.validators,
    allowRefs: values['allow-ref'],
    runtime: values.runtime,
    importExtension: extension === 'none' ? '' : extension,
    strict: values.strict,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function checked(client: GenerateOptions): GenerateOptions {
  if (client.out === undefined) throw new UsageError('generate: name the folder for the files: --out <folder>')
  try {
    resolveOptions(client)
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
  return client
}
