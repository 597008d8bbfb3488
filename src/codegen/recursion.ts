import type { NamedSchema, Schema } from './spec.ts'

/** Keys of the schemas that can contain themselves: their validators count how deep they are. */
export function recursiveSchemas(schemas: ReadonlyMap<string, NamedSchema>): ReadonlySet<string> {
  const targets = new Map([...schemas].map(([key, { schema }]) => [key, new Set(references(schema))]))
  // Tarjan's components, without recursion: a document may chain thousands of schemas.
  const recursive = new Set<string>()
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  for (const start of schemas.keys()) {
    if (index.has(start)) continue
    const work = [{ key: start, rest: [...(targets.get(start) ?? [])] }]
    while (work.length > 0) {
      const { key, rest } = work.at(-1)!
      if (!index.has(key)) {
        index.set(key, index.size)
        low.set(key, index.get(key)!)
        stack.push(key)
        onStack.add(key)
      }
      const next = rest.pop()
      if (next !== undefined) {
        if (!index.has(next) && targets.has(next)) work.push({ key: next, rest: [...targets.get(next)!] })
        else if (onStack.has(next)) low.set(key, Math.min(low.get(key)!, index.get(next)!))
        continue
      }
      work.pop()
      const parent = work.at(-1)?.key
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(key)!))
      if (low.get(key) === index.get(key)) closeComponent(key, stack, onStack, targets, recursive)
    }
  }
  return recursive
}

function closeComponent(
  root: string,
  stack: string[],
  onStack: Set<string>,
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  recursive: Set<string>,
): void {
  const members: string[] = []
  for (let key = ''; key !== root; ) {
    key = stack.pop()!
    onStack.delete(key)
    members.push(key)
  }
  if (members.length > 1 || targets.get(root)?.has(root)) for (const member of members) recursive.add(member)
}

/** The named schemas that a schema refers to, at any depth. */
export function* references(schema: Schema): Iterable<string> {
  if (schema.ref !== undefined) yield schema.ref
  for (const part of subschemas(schema)) yield* references(part)
}

/** What a schema consists of, one level down. */
export function* subschemas(schema: Schema): Iterable<Schema> {
  for (const many of [schema.allOf, schema.anyOf, schema.oneOf, schema.prefixItems]) yield* many ?? []
  for (const map of [schema.properties, schema.patternProperties, schema.dependentSchemas]) yield* map?.values() ?? []
  for (const one of [
    schema.items,
    schema.additionalProperties,
    schema.unevaluatedProperties,
    schema.propertyNames,
    schema.contains,
    schema.not,
    schema.if,
    schema.then,
    schema.else,
  ]) {
    if (one) yield one
  }
}
