import { createHash } from 'node:crypto'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { GenerateError } from '../../errors/generate.ts'
import { applyOverlays, type OverlayFault } from './overlay.ts'
import { parseText } from './parse-text.ts'
import { readText } from './read-text.ts'
import { externalReferences, missing, refusal } from './references.ts'
import { createPositions, type Locate, type Source } from './source.ts'

/** A path, an http(s) URL, `-` for standard input, or the text itself with the name to show for it. */
export type DocumentInput = string | URL | { readonly name: string; readonly text: string }

/** The document, with every file that it refers to and may. */
export interface LoadedDocument {
  readonly root: Source
  /** By location; holds the root too. */
  readonly sources: ReadonlyMap<string, Source>
  /** Locations that were not read, and why. */
  readonly refused: ReadonlyMap<string, string>
  readonly overlayFaults: readonly OverlayFault[]
  /** SHA-256 over all texts that were read, in hexadecimal. */
  readonly hash: string
  readonly locate: Locate
}

const maxSources = 2000

/** @param reads is told of the location of each file before it is read, and of each that is missing */
export async function loadDocument(
  input: DocumentInput,
  allowRefs: readonly string[],
  overlays: readonly DocumentInput[] = [],
  reads: (location: string) => void = () => {},
): Promise<LoadedDocument> {
  for (const each of [input, ...overlays]) reads(locationOf(each))
  const patches: Source[] = []
  for (const overlay of overlays) patches.push(await loadRoot(overlay, `overlay${patches.length + 1}`))
  const overlayFaults: OverlayFault[] = []
  const root = applyOverlays(await loadRoot(input), patches, overlayFaults)
  const sources = new Map([[root.location, root], ...patches.map((patch): [string, Source] => [patch.location, patch])])
  const refused = new Map<string, string>()
  const queue = externalReferences(root)
  for (let location = queue.shift(); location !== undefined; location = queue.shift()) {
    if (sources.has(location) || refused.has(location)) continue
    const reason = refusal(location, root.location, allowRefs)
    if (reason === undefined || reason === missing) reads(location)
    if (reason !== undefined) {
      refused.set(location, reason)
      continue
    }
    if (sources.size >= maxSources)
      throw new GenerateError('document_too_complex', `${root.name} refers to more than ${maxSources} files`, {
        file: root.name,
      })
    const source = await loadReferenced(location, root, refused)
    if (!source) continue
    sources.set(location, source)
    queue.push(...externalReferences(source))
  }
  return { root, sources, refused, overlayFaults, hash: hashOf(sources), locate: locator(sources, root) }
}

/** `role` tells texts without a place of their own apart. */
async function loadRoot(input: DocumentInput, role = 'document'): Promise<Source> {
  const location = locationOf(input, role)
  // As what it is named, since where it lies says nothing about the output.
  if (typeof input === 'object' && 'text' in input) return parseText(input.text, location, input.name, role)
  const name = location.startsWith('stdin:') ? 'standard input' : String(input)
  return parseText(await readText(location, name, { redirect: 'follow' }), location, name, role)
}

function locationOf(input: DocumentInput, role = 'document'): string {
  if (typeof input === 'object' && 'text' in input) return `text:/${role}`
  const given = String(input)
  if (given === '-') return 'stdin:/document'
  return /^(https?|file):\/\//i.test(given) ? new URL(given).href : pathToFileURL(given).href
}

async function loadReferenced(
  location: string,
  root: Source,
  refused: Map<string, string>,
): Promise<Source | undefined> {
  const id = idOf(location, root.location)
  const name = id === location || /^file:/i.test(root.name) ? location : join(dirname(root.name), id)
  try {
    return parseText(await readText(location, name, { redirect: 'error' }), location, name, id)
  } catch (error) {
    if (!(error instanceof GenerateError) || error.code !== 'document_unreadable') throw error
    // The reference becomes `unknown`, with a warning at each place that uses it.
    refused.set(location, error.message)
    return undefined
  }
}

/** Relative to the document's folder, so that no output depends on where the folder lies. */
function idOf(location: string, root: string): string {
  if (!location.startsWith('file:') || !root.startsWith('file:')) return location
  return relative(dirname(fileURLToPath(root)), fileURLToPath(location)).replaceAll('\\', '/')
}

function hashOf(sources: ReadonlyMap<string, Source>): string {
  const hash = createHash('sha256')
  // By name, since the order of reading says nothing about the content.
  const texts = [...sources.values()].map((source, index) => ({
    name: index === 0 ? '' : source.id,
    // A checkout on Windows is no other document.
    text: source.text.replaceAll('\r\n', '\n'),
  }))
  for (const { name, text } of texts.sort((a, b) => (a.name < b.name ? -1 : 1)))
    hash.update(`${name}\0${text.length}\0${text}`)
  return hash.digest('hex')
}

function locator(sources: ReadonlyMap<string, Source>, root: Source): Locate {
  const positions = new Map([...sources.values()].map((source) => [source, createPositions(source.text)]))
  return (node) => {
    if (typeof node === 'object' && node !== null) {
      for (const source of sources.values()) {
        const offset = source.offsetOf(node)
        if (offset !== undefined) return { file: source.name, ...positions.get(source)!(offset) }
      }
    }
    return { file: root.name, line: 0, column: 0 }
  }
}
