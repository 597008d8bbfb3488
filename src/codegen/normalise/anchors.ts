import { maxDepth } from '../load/depth.ts'
import type { Source } from '../load/source.ts'
import { text } from './raw.ts'

/** Where the anchors of a file are, as the tokens of a pointer; JSON Schema 2020-12 Core 8.2.2. */
interface Anchors {
  /** `$anchor` and `$dynamicAnchor`: the first of a name. */
  readonly all: ReadonlyMap<string, readonly string[]>
  /** How many `$dynamicAnchor` there are of a name. */
  readonly dynamic: ReadonlyMap<string, number>
}

const found = new WeakMap<Source, Anchors>()

/** The place of an anchor; undefined where the file has none of that name. */
export function findAnchor(source: Source, name: string): readonly string[] | undefined {
  return anchorsOf(source).all.get(name)
}

/**
 * Whether `$dynamicRef` can only mean what `$ref` would: there is one `$dynamicAnchor` of that name in all the files, so
 * whatever schema is entered first, it leads there (Core 8.2.3.2).
 */
export function isStaticAnchor(sources: Iterable<Source>, name: string): boolean {
  let count = 0
  for (const source of sources) count += anchorsOf(source).dynamic.get(name) ?? 0
  return count === 1
}

/** Looked for when the first reference needs them: few documents have any. */
function anchorsOf(source: Source): Anchors {
  const known = found.get(source)
  if (known) return known
  const all = new Map<string, readonly string[]>()
  const dynamic = new Map<string, number>()
  const seen = new Set<object>()
  const visit = (node: unknown, tokens: readonly string[]): void => {
    if (typeof node !== 'object' || node === null || seen.has(node) || tokens.length > maxDepth) return
    seen.add(node)
    for (const [key, value] of Object.entries(node)) {
      const name = text(value)
      if (name === undefined) visit(value, [...tokens, key])
      else if ((key === '$anchor' || key === '$dynamicAnchor') && !all.has(name)) all.set(name, tokens)
      if (name !== undefined && key === '$dynamicAnchor') dynamic.set(name, (dynamic.get(name) ?? 0) + 1)
    }
  }
  visit(source.root, [])
  const anchors = { all, dynamic }
  found.set(source, anchors)
  return anchors
}
