import { references, subschemas } from './recursion.ts'
import type { NamedSchema, Schema, Spec } from './spec.ts'

/**
 * Keys of the schemas that a request body has another form of than an answer: somewhere in them a property is
 * `readOnly` or `writeOnly`, and a request reaches them.
 */
export function directionalSchemas(spec: Spec): ReadonlySet<string> {
  const marked = markedSchemas(spec.schemas)
  const bodies = spec.operations.flatMap(({ body }) => body?.content.flatMap(({ schema }) => schema ?? []) ?? [])
  return new Set([...reachableKeys(bodies, spec.schemas)].filter((key) => marked.has(key)))
}

/** Whether a property is sent that way: what only the server writes is in no request, what only it reads in no answer. */
export function goes(
  property: Schema,
  direction: 'request' | 'response',
  schemas: ReadonlyMap<string, NamedSchema>,
): boolean {
  const target = property.ref === undefined ? undefined : schemas.get(property.ref)?.schema
  const flag = direction === 'request' ? 'readOnly' : 'writeOnly'
  return !property[flag] && !target?.[flag]
}

/** Those with such a property of their own, and whoever refers to them. */
function markedSchemas(schemas: ReadonlyMap<string, NamedSchema>): ReadonlySet<string> {
  const users = new Map<string, string[]>()
  const queue: string[] = []
  for (const [key, { schema }] of schemas) {
    if (hasDirection(schema, schemas)) queue.push(key)
    for (const target of references(schema)) users.set(target, [...(users.get(target) ?? []), key])
  }
  const marked = new Set<string>()
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (marked.has(key)) continue
    marked.add(key)
    queue.push(...(users.get(key) ?? []))
  }
  return marked
}

function hasDirection(schema: Schema, schemas: ReadonlyMap<string, NamedSchema>): boolean {
  for (const property of schema.properties?.values() ?? []) {
    if (!goes(property, 'request', schemas) || !goes(property, 'response', schemas)) return true
  }
  for (const part of subschemas(schema)) if (hasDirection(part, schemas)) return true
  return false
}

function reachableKeys(starts: readonly Schema[], schemas: ReadonlyMap<string, NamedSchema>): ReadonlySet<string> {
  const reached = new Set<string>()
  const queue = [...starts]
  for (let schema = queue.pop(); schema !== undefined; schema = queue.pop()) {
    for (const key of references(schema)) {
      const named = schemas.get(key)
      if (!named || reached.has(key)) continue
      reached.add(key)
      queue.push(named.schema)
    }
  }
  return reached
}
