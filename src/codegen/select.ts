import { GenerateError } from '../errors/generate.ts'
import { printable } from '../lib/printable.ts'
import type { Diagnostics } from './diagnostics.ts'
import { references } from './recursion.ts'
import type { NamedSchema, OperationSpec, Schema, Spec } from './spec.ts'

/**
 * Which operations to generate: `tag:users`, `path:/users/*` (a star is any text), `operation:getUser`. Several
 * add up; none is everything.
 */
export type Selector = `tag:${string}` | `path:${string}` | `operation:${string}`

/** @throws TypeError for text that is no selector */
export function parseSelector(text: unknown): Selector {
  if (typeof text === 'string' && /^(tag|path|operation):./.test(text)) return text as Selector
  throw new TypeError(
    `select: "${String(text)}" is not a selector; expected tag:<name>, path:<path> or operation:<operationId>`,
  )
}

/**
 * The selected operations, and the schemas that they reach. Without selectors, everything.
 *
 * @throws GenerateError nothing_selected
 */
export function select(spec: Spec, selectors: readonly Selector[], diagnostics: Diagnostics): Spec {
  if (selectors.length === 0) return spec
  const operations = spec.operations.filter((operation) => selectors.some((selector) => matches(operation, selector)))
  for (const selector of selectors) {
    if (spec.operations.some((operation) => matches(operation, selector))) continue
    const advice = 'tags, paths and operationIds are compared letter by letter; a * in a path is any text'
    diagnostics.warn('nothing_selected', undefined, `"${selector}" matches no operation`, advice)
  }
  // An empty client in place of the one that is there is nobody's wish.
  if (operations.length === 0) {
    const message = `none of ${selectors.join(', ')} matches an operation of the document; ${tagsOf(spec)}`
    throw new GenerateError('nothing_selected', message)
  }
  return { ...spec, operations, schemas: reachable(spec, operations) }
}

/** More would fill the screen. */
const mostTags = 12

function tagsOf({ operations }: Spec): string {
  const tags = [...new Set(operations.flatMap((operation) => operation.tags))]
  if (tags.length === 0) return 'none of its operations has a tag'
  const more = tags.length > mostTags ? ', ...' : ''
  return `its tags are ${tags
    .slice(0, mostTags)
    .map((tag) => `"${printable(tag, 40)}"`)
    .join(', ')}${more}`
}

function matches(operation: OperationSpec, selector: Selector): boolean {
  const colon = selector.indexOf(':')
  const wanted = selector.slice(colon + 1)
  switch (selector.slice(0, colon)) {
    case 'tag':
      return operation.tags.includes(wanted)
    case 'operation':
      return operation.operationId === wanted
    default:
      return matchesPath(operation.path, wanted)
  }
}

function matchesPath(path: string, wanted: string): boolean {
  const [first = '', ...rest] = wanted.split('*')
  if (rest.length === 0) return path === wanted
  if (!path.startsWith(first)) return false
  let at = first.length
  for (const [index, piece] of rest.entries()) {
    const found = index === rest.length - 1 ? path.length - piece.length : path.indexOf(piece, at)
    if (found < at || !path.startsWith(piece, found)) return false
    at = found + piece.length
  }
  return true
}

function reachable(spec: Spec, operations: readonly OperationSpec[]): Map<string, NamedSchema> {
  const reached = new Set<string>()
  const queue = operations.flatMap(schemasOf)
  for (let schema = queue.pop(); schema !== undefined; schema = queue.pop()) {
    for (const key of references(schema)) {
      const named = spec.schemas.get(key)
      if (!named || reached.has(key)) continue
      reached.add(key)
      queue.push(named.schema)
    }
  }
  return new Map([...spec.schemas].filter(([key]) => reached.has(key)))
}

function schemasOf(operation: OperationSpec): Schema[] {
  const media = [...(operation.body?.content ?? []), ...operation.responses.flatMap(({ content }) => content)]
  return [
    ...operation.parameters.map(({ schema }) => schema),
    ...media.flatMap(({ schema }) => (schema ? [schema] : [])),
  ]
}
