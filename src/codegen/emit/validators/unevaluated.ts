import { intersection } from '../../normalise/lift-required.ts'
import type { NamedSchema, Schema } from '../../spec.ts'

/**
 * A schema with `unevaluatedProperties` as one with `additionalProperties`: what is evaluated are the properties that
 * it declares with all that it takes in by `allOf` or reference (JSON Schema 2020-12 Core 11.3). Undefined where that
 * depends on the value, by the branch of a union or a condition that fits.
 */
export function closedSchema(schema: Schema, schemas: ReadonlyMap<string, NamedSchema>): Schema | undefined {
  const open: Schema = { node: schema.node }
  const properties = new Map<string, Schema>()
  const patternProperties = new Map<string, Schema>()
  for (const part of intersection(schemas, schema)) {
    // It evaluates whatever is there.
    if (part.additionalProperties || (part !== schema && part.unevaluatedProperties)) return open
    if (part.anyOf || part.oneOf || part.if || part.dependentSchemas) return undefined
    for (const name of part.properties?.keys() ?? []) properties.set(name, open)
    for (const pattern of part.patternProperties?.keys() ?? []) patternProperties.set(pattern, open)
  }
  return {
    ...open,
    ...(properties.size > 0 && { properties }),
    ...(patternProperties.size > 0 && { patternProperties }),
    ...(schema.unevaluatedProperties && { additionalProperties: schema.unevaluatedProperties }),
  }
}
