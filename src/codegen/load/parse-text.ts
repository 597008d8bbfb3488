import { type Document, parseDocument } from 'yaml'
import { GenerateError } from '../../errors/generate.ts'
import { printable } from '../../lib/printable.ts'
import { tooDeep } from './depth.ts'
import { hasDuplicateKeys, indexJson, type JsonIndex } from './index-json.ts'
import { toPlain } from './plain-yaml.ts'
import { createPositions, type Source } from './source.ts'

/** Parses YAML or JSON and keeps where each object stands in the text. */
export function parseText(text: string, location: string, name: string, id: string = name): Source {
  return { ...(parseJson(text, location, name) ?? parseYaml(text, location, name)), id }
}

/** JSON.parse is some twenty times as fast as a YAML parser, and positions are only needed for warnings. */
function parseJson(text: string, location: string, name: string): Omit<Source, 'id'> | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    // Not JSON: flow-style YAML perhaps, or broken. The YAML parser says where.
    return undefined
  }
  let made: JsonIndex | undefined
  const index = (): JsonIndex => {
    try {
      made ??= indexJson(text, root)
      return made
    } catch (cause) {
      if (cause instanceof RangeError) throw tooDeep(name, cause)
      throw cause
    }
  }
  const duplicateKeys = hasDuplicateKeys(text, root) ? index().duplicateKeys : []
  return { location, name, text, root, offsetOf: (node) => index().offsets.get(node), duplicateKeys }
}

function parseYaml(text: string, location: string, name: string): Omit<Source, 'id'> {
  const document = composeYaml(text, name)
  const error = document.errors[0]
  if (error?.code === 'RESOURCE_EXHAUSTION') throw tooDeep(name, error)
  if (error) {
    const place = createPositions(text)(error.pos[0])
    const message = `${name}:${place.line}:${place.column}: not valid ${/^\s*[{[]/.test(text) ? 'JSON' : 'YAML'}: ${printable(error.message)}`
    throw new GenerateError('document_syntax', message, { file: name, ...place, cause: error })
  }
  const { root, offsets, duplicateKeys } = toPlain(document, name)
  return { location, name, text, root, offsetOf: (node) => offsets.get(node), duplicateKeys }
}

function composeYaml(text: string, name: string): Document.Parsed {
  try {
    // YAML 1.2 core: `n`, `on` and `yes` are strings. Errors carry offsets; their prose is ours.
    return parseDocument(text, {
      version: '1.2',
      merge: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    })
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(name, cause)
    throw cause
  }
}
