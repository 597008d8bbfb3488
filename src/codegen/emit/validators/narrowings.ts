import type { JsonType, Schema } from '../../spec.ts'
import type { ValidationMode } from './conditions.ts'
import { resolveAlias, type Scope } from './scope.ts'

/** What the compiler knows of a value that is an object. */
export const objectOnly = 'object'

/**
 * What the compiler concludes of a value from the statements of a schema, in words that are equal where the conclusions
 * are. After `v !== 'a'` has returned it refuses `v !== 'b'`, since it holds them for a mistake.
 */
export function narrowings(schema: Schema, scope: Scope): readonly string[] {
  if (schema.ref !== undefined) {
    const target = resolveAlias(schema, scope)
    return target.ref === undefined && isScalar(target) ? ownNarrowings(target, scope.mode) : []
  }
  const strict = scope.mode === 'strict'
  const alone = [schema.anyOf, schema.oneOf].flatMap((branches) => soleBranch(branches) ?? [])
  const parts = [
    ...(schema.allOf ?? []),
    ...alone,
    ...(strict ? [schema.then, schema.else, ...(schema.dependentSchemas?.values() ?? [])] : []),
  ]
  return [
    ...ownNarrowings(schema, scope.mode),
    ...parts.flatMap((part) => (part === undefined ? [] : narrowings(part, scope))),
  ]
}

/** As `narrowings`, of `type` and `enum` alone. */
export function ownNarrowings({ types, enum: values }: Schema, mode: ValidationMode): readonly string[] {
  return [
    ...(types ? [[...types].sort().join(' or ')] : []),
    ...(values && mode === 'strict' ? [JSON.stringify(values)] : []),
  ]
}

/** `anyOf: [X, null]` is how a nullable X is written, and judged as X where it is not null. */
export function soleBranch(branches: readonly Schema[] | undefined): Schema | undefined {
  const solid = branches?.filter(({ types }) => !(types?.length === 1 && types[0] === 'null')) ?? []
  return solid.length === 1 ? solid[0] : undefined
}

/** Schemas that are judged in place wherever they are referred to. */
export function isScalar(schema: Schema): boolean {
  return (
    schema.types !== undefined &&
    !schema.types.includes('object') &&
    !schema.types.includes('array') &&
    !schema.allOf &&
    !schema.anyOf &&
    !schema.oneOf &&
    !schema.not &&
    !schema.if
  )
}

export function isOfType(value: unknown, type: JsonType): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}
