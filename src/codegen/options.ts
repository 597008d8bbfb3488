import { assertKnownOptions } from '../lib/options.ts'
import type { DocumentInput } from './load/load.ts'
import type { OAuthAssignments } from './oauth/recognise.ts'
import { parseSelector, type Selector } from './select.ts'

/** What `generate` takes; the command's flags and `authentype.config.js` have the same. */
export interface GenerateOptions {
  /** A path, an http(s) URL, `-` for standard input, or the text itself. */
  readonly document: DocumentInput
  /** The folder for the generated files. */
  readonly out: string
  /** Compares with what is there instead of writing. @default false */
  readonly check?: boolean
  /** Writes nothing if the document has faults; names that had to change are none. @default false */
  readonly strict?: boolean
  /** Also emits `schema.ts` through openapi-typescript, which must be installed. @default false */
  readonly schema?: boolean
  /**
   * How much of a schema the validators hold an answer to. `strict`: everything. `lenient`: types and required
   * properties, since providers break their own documents. `off`: no validators. @default lenient
   */
  readonly validators?: 'strict' | 'lenient' | 'off'
  /** Only these operations and the schemas that they reach; empty means all. @default [] */
  readonly select?: readonly string[]
  /**
   * Which operations are an authorization server's, where the document does not say and the generator guesses wrong:
   * `{ 'POST /login': false, issueToken: 'token_endpoint' }`. `false` takes the document's word alone. @default {}
   */
  readonly oauth?: OAuthAssignments | false
  /**
   * OpenAPI Overlay documents (1.0, 1.1), as the document is named, applied in their order: they correct a provider's
   * document without editing it. @default []
   */
  readonly overlays?: readonly DocumentInput[]
  /** Is told of each stage as it begins. @default nobody */
  readonly onProgress?: (progress: Progress) => void
  /** Files, folders, URLs or origins that references may lead to, beside the document's own folder. @default [] */
  readonly allowRefs?: readonly string[]
  /** The module that the types of the seam are imported from. @default authentype/api */
  readonly runtime?: string
  /** The suffix of imports between generated files. @default .js */
  readonly importExtension?: '.js' | '.ts' | ''
}

/** What is being done now, in words, and on how much. */
export interface Progress {
  readonly stage: 'read' | 'understand' | 'emit' | 'compare'
  readonly detail: string
}

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly document: DocumentInput
  readonly out: string
  readonly check: boolean
  readonly strict: boolean
  readonly schema: boolean
  readonly validators: 'strict' | 'lenient' | 'off'
  readonly select: readonly Selector[]
  readonly oauth: OAuthAssignments | false
  readonly overlays: readonly DocumentInput[]
  readonly onProgress: (progress: Progress) => void
  readonly allowRefs: readonly string[]
  readonly runtime: string
  readonly importExtension: '.js' | '.ts' | ''
}

const defaults = {
  check: false,
  strict: false,
  schema: false,
  validators: 'lenient',
  oauth: {},
  overlays: [],
  onProgress: () => {},
  allowRefs: [],
  runtime: 'authentype/api',
  importExtension: '.js',
} as const

/** @throws TypeError for an unknown option or value */
export function resolveOptions(options: GenerateOptions): ResolvedOptions {
  assertKnownOptions('generate', options, ['document', 'out', 'select', ...Object.keys(defaults)])
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as GenerateOptions
  const resolved = { ...defaults, ...given, select: listOf('select', options.select ?? []).map(parseSelector) }
  if (typeof resolved.out !== 'string' || resolved.out === '') throw new TypeError('generate: "out" must name a folder')
  if (resolved.document === undefined || resolved.document === '')
    throw new TypeError('generate: "document" must name a file or a URL')
  assertTypes(resolved)
  assertOneOf('validators', resolved.validators, ['strict', 'lenient', 'off'])
  assertAssignments(resolved.oauth)
  assertOneOf('importExtension', resolved.importExtension, ['.js', '.ts', ''])
  return resolved
}

/** A configuration in JavaScript or JSON has nobody else to say so. */
function assertTypes(options: Omit<ResolvedOptions, 'select'>): void {
  const { document, allowRefs, overlays, runtime } = options
  for (const each of [document, ...listOf('overlays', overlays)]) {
    const { name, text } = each as { name?: unknown; text?: unknown }
    if (typeof each === 'string' || each instanceof URL || (typeof name === 'string' && typeof text === 'string'))
      continue
    throw new TypeError('generate: "document" and "overlays" are paths, URLs, or objects with "name" and "text"')
  }
  for (const place of listOf('allowRefs', allowRefs)) {
    if (typeof place === 'string' && (!/^[a-z][a-z0-9+.-]+:\/\//i.test(place) || URL.canParse(place))) continue
    throw new TypeError(`generate: "allowRefs" has "${String(place)}"; expected a path or a URL`)
  }
  if (typeof runtime !== 'string' || runtime === '') throw new TypeError('generate: "runtime" must name a module')
  for (const name of ['check', 'strict', 'schema'] as const) {
    if (typeof options[name] !== 'boolean') throw new TypeError(`generate: "${name}" must be true or false`)
  }
}

function listOf(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`generate: "${name}" must be a list`)
}

function assertAssignments(assignments: OAuthAssignments | false): void {
  if (assignments === false) return
  if (typeof assignments !== 'object' || assignments === null || Array.isArray(assignments))
    throw new TypeError('generate: "oauth" must be an object of operations and metadata fields, or false')
  for (const [operation, field] of Object.entries(assignments)) {
    if (field === false || (typeof field === 'string' && /^[a-z_]+_(?:endpoint|uri|iframe)$/.test(field))) continue
    throw new TypeError(
      `generate: "oauth" must name a metadata field for "${operation}", such as token_endpoint, or false`,
    )
  }
}

function assertOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new TypeError(
      `generate: "${name}" is "${value}"; expected ${allowed.map((each) => `"${each}"`).join(' or ')}`,
    )
}
