import type { NamedSchema, Schema } from '../spec.ts'

type Schemas = ReadonlyMap<string, NamedSchema>

/** Of an intersection that multiplies to more, the compiler says that it is too complex (TS2590: 100,000). */
const most = 50_000

const counted = new WeakMap<Schemas, Map<string, number>>()

/** Keeps count of the alternatives of one intersection; a part that would make too many of them is none of its type. */
export function createBudget(schemas: Schemas): (part: Schema) => boolean {
  let count = 1
  return (part) => {
    const more = alternatives(part, schemas)
    if (count * more > most) return false
    count *= more
    return true
  }
}

/** How many object types a schema's type is the union of. */
function alternatives(schema: Schema, schemas: Schemas): number {
  if (schema.ref !== undefined) return alternativesOf(schema.ref, schemas)
  let count = 1
  for (const part of schema.allOf ?? []) count = multiply(count, alternatives(part, schemas))
  for (const branches of [schema.anyOf, schema.oneOf])
    if (branches)
      count = multiply(
        count,
        branches.reduce((sum, branch) => sum + alternatives(branch, schemas), 0),
      )
  return count
}

const multiply = (count: number, more: number): number => (count * more > most ? count : count * more)

/** Each named schema is counted once; one that contains itself stands for one alternative there. */
function alternativesOf(key: string, schemas: Schemas): number {
  const known = counted.get(schemas) ?? new Map<string, number>()
  counted.set(schemas, known)
  const count = known.get(key)
  if (count !== undefined) return count
  known.set(key, 1)
  const target = schemas.get(key)?.schema
  const found = target ? alternatives(target, schemas) : 1
  known.set(key, found)
  return found
}
