import type { Diagnostics } from '../diagnostics.ts'
import type { NamedSchema, Schema } from '../spec.ts'

/** Finds the declaration of a property: its own, or one that the schema takes in by `allOf` or reference. */
export function findProperty(
  schemas: ReadonlyMap<string, NamedSchema>,
  schema: Schema,
  name: string,
): Schema | undefined {
  for (const part of intersection(schemas, schema)) {
    const declared = part.properties?.get(name)
    if (declared) return declared
  }
  return undefined
}

/** The schema and all that it takes in by `allOf` or reference, each named one once: diamonds must not multiply. */
export function* intersection(
  schemas: ReadonlyMap<string, NamedSchema>,
  schema: Schema,
  seen: Set<string> = new Set(),
): Iterable<Schema> {
  yield schema
  if (schema.ref !== undefined && !seen.has(schema.ref)) {
    seen.add(schema.ref)
    const target = schemas.get(schema.ref)?.schema
    if (target) yield* intersection(schemas, target, seen)
  }
  for (const part of schema.allOf ?? []) yield* intersection(schemas, part, seen)
}

/**
 * `allOf: [{ $ref }, { required: [x] }]` requires a property that a sibling declares. Types need both in one
 * place, so such names move up to the schema that has the `allOf`, which means the same. Names that nothing
 * declares stay where they are, with a warning.
 */
export function liftRequired(
  schemas: ReadonlyMap<string, NamedSchema>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, NamedSchema> {
  const visit = (schema: Schema, inAllOf: boolean): Schema => {
    const each = (parts: readonly Schema[], nested: boolean): readonly Schema[] =>
      parts.map((part) => visit(part, nested))
    const visited = withSubschemas(schema, each, visit)
    return inAllOf ? visited : lift(visited, schemas, diagnostics)
  }
  return new Map([...schemas].map(([key, named]) => [key, { ...named, schema: visit(named.schema, false) }]))
}

function withSubschemas(
  schema: Schema,
  each: (parts: readonly Schema[], nested: boolean) => readonly Schema[],
  visit: (schema: Schema, inAllOf: boolean) => Schema,
): Schema {
  return {
    ...schema,
    ...(schema.properties
      ? { properties: new Map([...schema.properties].map(([name, part]) => [name, visit(part, false)])) }
      : {}),
    ...(schema.items ? { items: visit(schema.items, false) } : {}),
    ...(schema.additionalProperties ? { additionalProperties: visit(schema.additionalProperties, false) } : {}),
    ...(schema.allOf ? { allOf: each(schema.allOf, true) } : {}),
    // A branch may require what the schema around it declares.
    ...(schema.anyOf ? { anyOf: each(schema.anyOf, true) } : {}),
    ...(schema.oneOf ? { oneOf: each(schema.oneOf, true) } : {}),
  }
}

function lift(schema: Schema, schemas: ReadonlyMap<string, NamedSchema>, diagnostics: Diagnostics): Schema {
  const lifted = new Set(schema.required)
  for (const part of schema.allOf ?? []) {
    for (const name of part.required ?? []) if (!part.properties?.has(name)) lifted.add(name)
  }
  for (const name of lifted) {
    if (findProperty(schemas, schema, name) || schema.additionalProperties || schema.oneOf || schema.anyOf) continue
    diagnostics.warn(
      'undeclared_required',
      schema.node,
      `"${name}" is required, but declared nowhere`,
      'declare it under properties, or correct the name',
    )
  }
  return lifted.size > 0 ? { ...schema, required: [...lifted] } : schema
}
