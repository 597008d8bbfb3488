import type { Diagnostics } from '../diagnostics.ts'
import type { NamedSchema, Schema } from '../spec.ts'

type Schemas = ReadonlyMap<string, NamedSchema>

/** A reference by which one named schema is another, or a part of it: not through a property or an item. */
interface Edge {
  readonly from: string
  readonly to: string
  readonly reference: Schema
  readonly kind: 'alias' | 'allOf' | 'union'
}

/**
 * Cuts schemas that are defined by nothing but each other. `Base = oneOf [A]` with `A = allOf [Base, ...]`, the
 * usual way to write inheritance, is one: there A gets Base's own properties without Base's list of heirs.
 * What cannot be cut so becomes `unknown`. Recursion through properties and items is no cycle of this kind.
 */
export function cutAliasCycles(schemas: Schemas, diagnostics: Diagnostics): Map<string, NamedSchema> {
  const result = new Map(schemas)
  for (let cycle = findCycle(result); cycle; cycle = findCycle(result)) {
    const edge = cycle.find((edge) => edge.kind === 'allOf' && isUnion(result.get(edge.to)?.schema)) ?? cycle.at(-1)!
    const target = result.get(edge.to)!.schema
    const inherits = edge.kind === 'allOf' && isUnion(target)
    const replacement = inherits ? withoutUnion(target, edge.reference) : { node: edge.reference.node }
    if (!inherits) {
      const names = cycle.map((step) => `"${result.get(step.from)!.title}"`).join(' → ')
      diagnostics.warn(
        'circular_schema',
        edge.reference.node,
        `the schema is defined by itself (${names}); it is taken as unknown`,
        'remove one of the references',
      )
    }
    const owner = result.get(edge.from)!
    result.set(edge.from, { ...owner, schema: replace(owner.schema, edge.reference, replacement) })
  }
  return result
}

const isUnion = (schema: Schema | undefined): boolean => Boolean(schema?.oneOf ?? schema?.anyOf)

function withoutUnion(target: Schema, reference: Schema): Schema {
  const { oneOf: _oneOf, anyOf: _anyOf, discriminator: _discriminator, ...rest } = target
  return { ...rest, node: reference.node }
}

/** The first cycle in document order, as its edges. */
function findCycle(schemas: Schemas): Edge[] | undefined {
  const done = new Set<string>()
  for (const start of schemas.keys()) {
    const cycle = search(schemas, start, [], new Set(), done)
    if (cycle) return cycle
  }
  return undefined
}

function search(schemas: Schemas, key: string, path: Edge[], open: Set<string>, done: Set<string>): Edge[] | undefined {
  if (done.has(key)) return undefined
  open.add(key)
  const schema = schemas.get(key)?.schema
  for (const edge of schema ? edgesOf(key, schema, 'alias') : []) {
    if (open.has(edge.to)) {
      const start = path.findIndex((step) => step.from === edge.to)
      return start === -1 ? [edge] : [...path.slice(start), edge]
    }
    const cycle = search(schemas, edge.to, [...path, edge], open, done)
    if (cycle) return cycle
  }
  open.delete(key)
  done.add(key)
  return undefined
}

function* edgesOf(from: string, schema: Schema, kind: Edge['kind']): Iterable<Edge> {
  if (schema.ref !== undefined) yield { from, to: schema.ref, reference: schema, kind }
  for (const part of schema.allOf ?? []) yield* edgesOf(from, part, kind === 'union' ? 'union' : 'allOf')
  for (const part of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) yield* edgesOf(from, part, 'union')
}

/** A copy of `schema` with one of its composed parts replaced. */
function replace(schema: Schema, part: Schema, replacement: Schema): Schema {
  if (schema === part) return replacement
  const each = (parts: readonly Schema[]): readonly Schema[] => parts.map((item) => replace(item, part, replacement))
  return {
    ...schema,
    ...(schema.allOf ? { allOf: each(schema.allOf) } : {}),
    ...(schema.anyOf ? { anyOf: each(schema.anyOf) } : {}),
    ...(schema.oneOf ? { oneOf: each(schema.oneOf) } : {}),
  }
}
