import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { GenerateError } from '../../errors/generate.ts'
import { printable } from '../../lib/printable.ts'
import { hasDuplicateKeys, indexJson, type JsonIndex } from './index-json.ts'
import { createPositions, type DuplicateKey, type Source } from './source.ts'

/** No honest document is nested deeper; below it, no recursive pass can overflow the stack. */
export const maxDepth = 256

/** Entries that `<<` may copy: each may copy all that another has copied, and so on. */
const maxMerges = 200_000

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
  const offsets = new WeakMap<object, number>()
  const duplicateKeys: DuplicateKey[] = []
  const root = toPlain(document, offsets, duplicateKeys, name)
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

export function tooDeep(name: string, cause?: unknown): GenerateError {
  return new GenerateError('document_too_complex', `${name}: nested deeper than ${maxDepth} levels`, {
    file: name,
    cause,
  })
}

/**
 * Plain values from YAML nodes. An anchor becomes one object that all its aliases share, so an alias bomb
 * costs no more memory than its text.
 */
function toPlain(
  document: Document.Parsed,
  offsets: WeakMap<object, number>,
  duplicateKeys: DuplicateKey[],
  name: string,
): unknown {
  const done = new Map<Node, unknown>()
  // Kept here, since an alias of the parser looks for its anchor in the whole document, each one anew.
  const anchors = new Map<string, Node>()
  let merges = 0

  function convert(node: unknown, depth: number): unknown {
    if (depth > maxDepth) throw tooDeep(name)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      // An alias inside its own anchor gives the object that is being filled: a cycle, which `normalise` cuts.
      return target && done.has(target) ? done.get(target) : convert(target, depth)
    }
    if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isScalar(node)) return node.value
    if (isSeq(node)) return convertSequence(node, depth)
    if (isMap(node)) return convertMapping(node, depth)
    return null
  }

  function convertSequence(node: YAMLSeq, depth: number): unknown[] {
    const result: unknown[] = []
    begin(node, result)
    for (const item of node.items) result.push(convert(item, depth + 1))
    return result
  }

  function convertMapping(node: YAMLMap, depth: number): object {
    const result: Record<string, unknown> = {}
    begin(node, result)
    const merged: unknown[] = []
    for (const pair of node.items) {
      const key = keyText(pair.key)
      if (isScalar(pair.key) && pair.key.anchor !== undefined) anchors.set(pair.key.anchor, pair.key)
      const value = convert(pair.value, depth + 1)
      if (key === '<<') {
        merged.push(...(Array.isArray(value) ? value : [value]))
        continue
      }
      if (Object.hasOwn(result, key)) duplicateKeys.push({ key, mapping: result })
      define(result, key, value)
    }
    for (const base of merged) {
      if (typeof base !== 'object' || base === null) continue
      const entries = Object.entries(base)
      merges += entries.length
      if (merges > maxMerges)
        throw new GenerateError('document_too_complex', `${name}: its merge keys copy more than ${maxMerges} entries`, {
          file: name,
        })
      for (const [key, value] of entries) if (!Object.hasOwn(result, key)) define(result, key, value)
    }
    return result
  }

  function begin(node: YAMLMap | YAMLSeq, result: object): void {
    done.set(node, result)
    if (node.range) offsets.set(result, node.range[0])
  }

  return convert(document.contents, 0)
}

/** The key as written, since `200` and `1.10` are names here, not numbers. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return key.type === 'PLAIN' && key.source !== undefined ? key.source : String(key.value)
}

/** Unlike assignment, makes `__proto__` a property like any other. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}
