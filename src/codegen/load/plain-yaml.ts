import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml'
import { GenerateError } from '../../errors/generate.ts'
import { maxDepth, tooDeep } from './depth.ts'
import type { DuplicateKey } from './source.ts'

/** Entries that `<<` may copy: each may copy all that another has copied, and so on. */
const maxMerges = 200_000

/** What a YAML document says, and where it says it. */
export interface PlainYaml {
  readonly root: unknown
  /** Where each object and list begins in the text. */
  readonly offsets: WeakMap<object, number>
  readonly duplicateKeys: readonly DuplicateKey[]
}

/**
 * Plain values from YAML nodes. An anchor becomes one object that all its aliases share, so an alias bomb
 * costs no more memory than its text.
 */
export function toPlain(document: Document.Parsed, name: string): PlainYaml {
  const offsets = new WeakMap<object, number>()
  const duplicateKeys: DuplicateKey[] = []
  const done = new Map<Node, unknown>()
  // Kept here, since an alias of the parser looks for its anchor in the whole document, each one anew.
  const anchors = new Map<string, Node>()
  const merge = createMerge(name)

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
    for (const base of merged) merge(result, base)
    return result
  }

  function begin(node: YAMLMap | YAMLSeq, result: object): void {
    done.set(node, result)
    if (node.range) offsets.set(result, node.range[0])
  }

  return { root: convert(document.contents, 0), offsets, duplicateKeys }
}

/** Copies what a mapping has not itself, as its `<<` asks (YAML 1.1, "Merge Key"): of a whole document so much and no more. */
function createMerge(name: string): (mapping: object, base: unknown) => void {
  let merges = 0
  return (mapping, base) => {
    if (typeof base !== 'object' || base === null) return
    const entries = Object.entries(base)
    merges += entries.length
    if (merges > maxMerges) {
      throw new GenerateError('document_too_complex', `${name}: its merge keys copy more than ${maxMerges} entries`, {
        file: name,
      })
    }
    for (const [key, value] of entries) if (!Object.hasOwn(mapping, key)) define(mapping, key, value)
  }
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
