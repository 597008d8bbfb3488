import { fileURLToPath } from 'node:url'
import { GenerateError } from '../errors/generate.ts'
import { packageVersion } from '../lib/version.ts'
import { createDiagnostics, type Diagnostics, type Warning } from './diagnostics.ts'
import { emitEndpoints } from './emit/endpoints.ts'
import { type EmittedFile, type FileStyle, fileHeader } from './emit/file.ts'
import { emitModels } from './emit/models.ts'
import { emitOAuth } from './emit/oauth.ts'
import { emitOperations } from './emit/operations.ts'
import { emitSchema } from './emit/schema.ts'
import { emitValidators } from './emit/validators/validators.ts'
import { type DocumentInput, type LoadedDocument, loadDocument } from './load/load.ts'
import { nameBodies } from './name/name-bodies.ts'
import { createNameTable } from './name/name-table.ts'
import { formatPinnedNames, noPinnedNames, type PinnedNames, parsePinnedNames } from './name/pinned-names.ts'
import { normalise } from './normalise/normalise.ts'
import { warnOfOtherCredentials } from './normalise/security.ts'
import { bindOAuth, type OAuthBinding } from './oauth/recognise.ts'
import { type GenerateOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { select } from './select.ts'
import { diff } from './write/diff.ts'
import { staleFiles } from './write/stale-files.ts'
import { readExisting, writeFiles } from './write/write-files.ts'

/** What one run did. */
export interface GenerateReport {
  /**
   * `written`: the output is up to date now. With `check`: `clean` or `drifted`, and nothing was written. With
   * `strict`: `refused` where the document has faults, and nothing was written.
   */
  readonly outcome: 'written' | 'clean' | 'drifted' | 'refused'
  /** Every file of the output, written or not, and whether it differs from what was there. */
  readonly files: readonly GeneratedFile[]
  readonly warnings: readonly Warning[]
  readonly counts: { readonly operations: number; readonly models: number }
  /** Operations of the document's authorization server, which the security layer takes over. */
  readonly oauth: readonly OAuthBinding[]
  /** Paths of the local files that were read, or should have been: what to watch. */
  readonly inputs: readonly string[]
}

/** One file of a run: written, removed, or compared. */
export interface GeneratedFile {
  readonly name: string
  readonly bytes: number
  readonly changed: boolean
  /** With `check`, what the difference is. */
  readonly diff?: string
}

const pinnedNamesFile = 'names.json'

/**
 * Writes typed functions, models, operations and validators for an OpenAPI document.
 *
 * @throws GenerateError when the document cannot be read or the output not written; nothing is written then
 * @throws TypeError for options that do not exist
 */
export async function generate(options: GenerateOptions): Promise<GenerateReport> {
  const resolved = resolveOptions(options)
  const inputs: string[] = []
  try {
    return await run(resolved, inputs)
  } catch (error) {
    if (error instanceof GenerateError) error.inputs = inputs
    throw error
  }
}

/** `inputs` takes the paths of what is read, so that they are known even if it cannot be used. */
async function run(resolved: ResolvedOptions, inputs: string[]): Promise<GenerateReport> {
  const { onProgress } = resolved
  onProgress({ stage: 'read', detail: nameOf(resolved.document) })
  const document = await loadDocument(resolved.document, resolved.allowRefs, resolved.overlays, (location) => {
    const path = pathOf(location)
    if (path !== undefined) inputs.push(path)
  })
  onProgress({ stage: 'understand', detail: sizeOf(document) })
  const diagnostics = createDiagnostics(document.locate)
  for (const { action, message, advice } of document.overlayFaults)
    diagnostics.warn('overlay_without_effect', action, message, advice)
  const pinned = await readPinnedNames(resolved.out)
  const { files, counts, oauth } = await emitAll(document, pinned, resolved, diagnostics).catch((error: unknown) => {
    throw overflowed(error, document)
  })
  onProgress({ stage: 'compare', detail: resolved.out })
  const stale = await staleFiles(
    resolved.out,
    files.map(({ name }) => name),
  )
  const compared = [...(await compare(files, resolved)), ...stale.map(staleReport)]
  const outcome = outcomeOf(compared, diagnostics, resolved)
  if (outcome === 'written') await writeFiles(resolved.out, files, stale)
  return { outcome, files: compared, warnings: diagnostics.warnings, counts, oauth, inputs }
}

function nameOf(input: DocumentInput): string {
  return typeof input === 'object' && 'text' in input ? input.name : String(input)
}

function sizeOf({ sources }: LoadedDocument): string {
  const characters = [...sources.values()].reduce((sum, { text }) => sum + text.length, 0)
  return `${(characters / 1e6).toFixed(1)} MB in ${sources.size} ${sources.size === 1 ? 'file' : 'files'}`
}

/** Undefined for what is no file, and for a reference that can be none, such as one with an encoded slash. */
function pathOf(location: string): string | undefined {
  if (!location.startsWith('file:')) return undefined
  try {
    return fileURLToPath(location)
  } catch {
    return undefined
  }
}

const staleReport = (name: string): GeneratedFile => ({
  name,
  bytes: 0,
  changed: true,
  diff: `--- ${name}\n  is of an earlier run, and no longer generated`,
})

/** Chains that no limit foresees end on the stack; that is the document's doing, and reported so. */
function overflowed(error: unknown, document: LoadedDocument): unknown {
  if (!(error instanceof RangeError) || !/call stack/i.test(error.message)) return error
  const file = document.root.name
  return new GenerateError(
    'document_too_complex',
    `${file}: its schemas refer to each other in chains too long to follow`,
    { file, cause: error },
  )
}

function outcomeOf(
  files: readonly GeneratedFile[],
  { warnings }: Diagnostics,
  { check, strict }: ResolvedOptions,
): GenerateReport['outcome'] {
  // A name that made way for another is not the document's fault, and is pinned by being written.
  if (strict && warnings.some(({ code }) => code !== 'renamed')) return 'refused'
  if (!check) return 'written'
  return files.some(({ changed }) => changed) ? 'drifted' : 'clean'
}

async function emitAll(
  document: LoadedDocument,
  pinned: PinnedNames,
  options: ResolvedOptions,
  diagnostics: Diagnostics,
): Promise<{ files: EmittedFile[] } & Pick<GenerateReport, 'counts' | 'oauth'>> {
  const selected = select(normalise(document, diagnostics), options.select, diagnostics)
  const { spec: bound, bindings } = bindOAuth(selected, options.oauth, diagnostics)
  warnOfOtherCredentials(bound.operations, diagnostics)
  const spec = nameBodies(bound)
  options.onProgress({ stage: 'emit', detail: `${spec.operations.length} operations, ${spec.schemas.size} models` })
  const names = createNameTable(spec, pinned, diagnostics)
  const style: FileStyle = {
    header: fileHeader(packageVersion, document.hash),
    runtime: options.runtime,
    importExtension: options.importExtension,
  }
  const closedEnums = options.validators === 'strict'
  const files = [
    emitModels(spec, names, style, closedEnums),
    emitOperations(spec, names, style, { closedEnums, validators: options.validators !== 'off' }),
    emitEndpoints(spec, names, style, closedEnums),
    ...(options.validators === 'off' ? [] : [emitValidators(spec, names, style, options.validators, diagnostics)]),
    ...emitOAuth(spec, bindings, style),
    ...(options.schema ? [await emitSchema(document, style.header)] : []),
    { name: pinnedNamesFile, text: formatPinnedNames(spec, names) },
  ]
  return { files, counts: { operations: spec.operations.length, models: spec.schemas.size }, oauth: bindings }
}

async function readPinnedNames(folder: string): Promise<PinnedNames> {
  const text = await readExisting(folder, pinnedNamesFile)
  return text === undefined ? noPinnedNames : parsePinnedNames(text, `${folder}/${pinnedNamesFile}`)
}

async function compare(files: readonly EmittedFile[], options: ResolvedOptions): Promise<GeneratedFile[]> {
  return Promise.all(
    files.map(async ({ name, text }) => {
      const existing = await readExisting(options.out, name)
      const changed = existing !== text
      return {
        name,
        bytes: Buffer.byteLength(text),
        changed,
        ...(options.check && changed ? { diff: diff(name, existing, text) } : {}),
      }
    }),
  )
}
