import { type Filter, parseFilter, type Tokens, tokenise } from './json-path-filter.ts'

/** The keys and indexes from the root to a node. */
export type Location = readonly (string | number)[]

type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'slice'
      readonly from: number | undefined
      readonly to: number | undefined
      readonly step: number
    }
  | { readonly kind: 'filter'; readonly test: Filter }

/** One step of a path: what it selects, among the children or among all descendants. */
export interface Segment {
  readonly descend: boolean
  readonly selectors: readonly Selector[]
}

/**
 * A JSONPath query (RFC 9535) without function extensions.
 *
 * @throws SyntaxError
 */
export function parsePath(path: string): Segment[] {
  const tokens = tokenise(path)
  tokens.expect('$')
  const segments = parseSegments(tokens)
  tokens.expectEnd()
  return segments
}

/** Segments up to something else: queries inside filters end where their test goes on. */
function parseSegments(tokens: Tokens): Segment[] {
  const segments: Segment[] = []
  for (;;) {
    const descend = tokens.take('..')
    if (!descend && !tokens.take('.')) {
      if (!tokens.take('[')) return segments
      segments.push({ descend: false, selectors: parseBrackets(tokens) })
    } else if (descend && tokens.take('[')) segments.push({ descend, selectors: parseBrackets(tokens) })
    else
      segments.push({
        descend,
        selectors: [tokens.take('*') ? { kind: 'all' } : { kind: 'name', name: tokens.name() }],
      })
  }
}

function parseBrackets(tokens: Tokens): Selector[] {
  const selectors: Selector[] = []
  do selectors.push(parseSelector(tokens))
  while (tokens.take(','))
  tokens.expect(']')
  return selectors
}

function parseSelector(tokens: Tokens): Selector {
  if (tokens.take('*')) return { kind: 'all' }
  if (tokens.take('?')) return { kind: 'filter', test: parseFilter(tokens, parseSegments, selectNodes) }
  const name = tokens.string()
  if (name !== undefined) return { kind: 'name', name }
  const from = tokens.integer()
  if (!tokens.take(':')) {
    if (from === undefined) throw tokens.unexpected('a name, an index, * or ?')
    return { kind: 'index', index: from }
  }
  const to = tokens.integer()
  const step = tokens.take(':') ? (tokens.integer() ?? 1) : 1
  return { kind: 'slice', from, to, step }
}

/** Far more than any honest correction touches. */
const maxNodes = 1_000_000

/** Where the selected nodes are, in the document's order, each once. */
export function selectNodes(root: unknown, segments: readonly Segment[], start: unknown = root): Location[] {
  let locations: Location[] = [[]]
  for (const { descend, selectors } of segments) {
    const next = new Map<string, Location>()
    for (const location of locations) {
      const places = descend ? descendants(followPath(start, location), location) : [location]
      // An alias bomb has more places than anybody can visit.
      let visited = 0
      for (const place of places) {
        if (++visited > maxNodes) throw new SyntaxError(`it looks at more than ${maxNodes} nodes`)
        for (const selector of selectors) {
          for (const key of keysOf(followPath(start, place), selector, root)) {
            next.set(JSON.stringify([...place, key]), [...place, key])
            if (next.size > maxNodes) throw new SyntaxError(`it selects more than ${maxNodes} nodes`)
          }
        }
      }
    }
    locations = [...next.values()]
  }
  return locations
}

export function followPath(root: unknown, location: Location): unknown {
  let node = root
  for (const key of location) node = (node as Record<string | number, unknown> | undefined)?.[key]
  return node
}

function* descendants(node: unknown, location: Location, open: ReadonlySet<unknown> = new Set()): Iterable<Location> {
  // A YAML alias may lead back into its own anchor.
  if (open.has(node)) return
  yield location
  if (typeof node !== 'object' || node === null) return
  const inside = new Set(open).add(node)
  for (const key of childKeys(node)) yield* descendants(followPath(node, [key]), [...location, key], inside)
}

function childKeys(node: unknown): readonly (string | number)[] {
  if (Array.isArray(node)) return node.map((_, index) => index)
  return typeof node === 'object' && node !== null ? Object.keys(node) : []
}

function keysOf(node: unknown, selector: Selector, root: unknown): readonly (string | number)[] {
  const keys = childKeys(node)
  switch (selector.kind) {
    case 'all':
      return keys
    case 'name':
      return !Array.isArray(node) && keys.includes(selector.name) ? [selector.name] : []
    case 'index':
      return Array.isArray(node) ? keys.slice(selector.index, selector.index + 1 || undefined) : []
    case 'slice':
      return Array.isArray(node) ? sliceOf(keys, selector.from, selector.to, selector.step) : []
    case 'filter':
      return keys.filter((key) => selector.test(followPath(node, [key]), root))
  }
}

function sliceOf(
  keys: readonly (string | number)[],
  from: number | undefined,
  to: number | undefined,
  step: number,
): readonly (string | number)[] {
  if (step > 0) return keys.slice(from ?? 0, to).filter((_, index) => index % step === 0)
  if (step === 0) return []
  // RFC 9535 2.3.4.2.2: backwards, from the last unless told otherwise.
  const at = (index: number): number => (index < 0 ? index + keys.length : index)
  const first = Math.min(at(from ?? keys.length - 1), keys.length - 1)
  const last = to === undefined ? -1 : at(to)
  return keys.filter((_, index) => index <= first && index > last && (first - index) % -step === 0).toReversed()
}
