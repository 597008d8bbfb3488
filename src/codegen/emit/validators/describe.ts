import type { Schema } from '../../spec.ts'

/** What a schema asks for, in words, for `ValidationFailure.expected`. */
export function describe(schema: Schema, titleOf: (key: string) => string): string {
  if (schema.never) return 'nothing'
  if (schema.ref !== undefined) return titleOf(schema.ref)
  if (schema.enum) return list(schema.enum.map((value) => JSON.stringify(value)))
  if (schema.types) return list(schema.types.map((type) => (type === 'array' ? arrayOf(schema, titleOf) : type)))
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return list([...new Set(branches.map((branch) => describe(branch, titleOf)))])
  return 'another value'
}

function arrayOf(schema: Schema, titleOf: (key: string) => string): string {
  const item =
    schema.items && (schema.items.ref !== undefined || schema.items.types) ? describe(schema.items, titleOf) : undefined
  return item === undefined ? 'array' : `array of ${item}`
}

/** `a, b or c`, cut where it is longer than anyone reads. */
function list(words: readonly string[]): string {
  const shown = words.length > 8 ? [...words.slice(0, 7), `${words.length - 7} others`] : words
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}
