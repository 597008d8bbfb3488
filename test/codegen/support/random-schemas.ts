/** Schemas that nobody would write: keywords at random, many of which contradict each other. */
import { createRandom } from './instances.ts'

type Json = Readonly<Record<string, unknown>>

const names = ['a', 'b', 'x', 'x-1', 'secret', 'a/b', 'constructor', 'hasOwnProperty']
const values = [null, true, 0, 1, 1.5, '', 'a', 'longer text', [], [1], {}, { a: 1 }, { b: [1, { c: null }] }, '𝒳']
const patterns = ['^[a-z]+$', '^x-', '^.$', 'a', '^[^a]*$', '^x-[0-9]$']
const typeNames = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']

/** A document of schemas that refer to each other, the same for the same seed. */
export function randomDocument(seed: number, size = 12): Json {
  const random = createRandom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const chance = (of: number): boolean => random() < of
  const upTo = (count: number): number => Math.floor(random() * (count + 1))
  const some = (key: string, of: number, make: () => unknown): Json => (chance(of) ? { [key]: make() } : {})
  const ref = (): Json => ({ $ref: `#/components/schemas/S${upTo(size - 1)}` })

  function schema(depth: number): unknown {
    if (chance(0.05)) return chance(0.7)
    if (chance(0.2)) return { ...ref(), ...some('minProperties', 0.15, () => 1) }
    const kinds = depth > 3 ? [strings, numbers, listed] : [objects, objects, arrays, strings, numbers, listed]
    return { ...composition(depth), ...pick(kinds)(depth) }
  }
  function composition(depth: number): Json {
    if (depth > 2) return {}
    const list = (): unknown[] => Array.from({ length: 1 + upTo(2) }, () => schema(depth + 1))
    return {
      ...some(pick(['allOf', 'anyOf', 'oneOf']), 0.35, list),
      ...some('not', 0.1, () => schema(depth + 1)),
      ...some('if', 0.12, () => schema(depth + 1)),
      ...some('then', 0.12, () => schema(depth + 1)),
      ...some('else', 0.12, () => schema(depth + 1)),
    }
  }
  function objects(depth: number): Json {
    const sub = (): unknown => schema(depth + 1)
    const map = (make: () => unknown): Json => Object.fromEntries([[pick(names), make()]])
    return {
      type: chance(0.8) ? 'object' : ['object', pick(typeNames.slice(1))],
      properties: Object.fromEntries(names.filter(() => chance(0.3)).map((name) => [name, sub()])),
      ...some('required', 0.5, () => [...new Set([pick(names), pick(names)])]),
      ...some('additionalProperties', 0.4, () => (chance(0.4) ? false : sub())),
      ...some('patternProperties', 0.2, () => ({ [pick(patterns)]: sub() })),
      ...some('propertyNames', 0.15, sub),
      ...some('dependentRequired', 0.15, () => map(() => [pick(names)])),
      ...some('dependentSchemas', 0.15, () => map(sub)),
      ...some('minProperties', 0.15, () => upTo(2)),
      ...some('maxProperties', 0.15, () => upTo(3)),
    }
  }
  function arrays(depth: number): Json {
    const sub = (): unknown => schema(depth + 1)
    const both = { type: chance(0.8) ? 'array' : ['array', 'null'], ...some('items', 0.6, sub) }
    // Ajv 8 takes an empty array for one that contains something, where prefixItems stand beside it; and with items of
    // one type alone it overlooks others that repeat themselves.
    if (chance(0.3)) return { ...both, prefixItems: [sub(), sub()], ...some('minItems', 0.3, () => upTo(2)) }
    const least = upTo(2)
    return {
      ...both,
      ...(chance(0.3) ? { contains: sub(), minContains: least, maxContains: least + upTo(1) } : {}),
      ...some('maxItems', 0.2, () => upTo(2)),
      ...some('uniqueItems', 0.2, () => true),
    }
  }
  const strings = (): Json => ({
    ...some('type', 0.9, () => (chance(0.7) ? 'string' : ['string', pick(typeNames)])),
    ...some('minLength', 0.3, () => upTo(2)),
    ...some('maxLength', 0.3, () => upTo(5)),
    ...some('pattern', 0.3, () => pick(patterns)),
    ...some('enum', 0.2, () => [pick(['a', '', 'longer text']), 'b']),
  })
  const numbers = (): Json => ({
    ...some('type', 0.9, () => pick(['number', 'integer', ['number', 'null'], ['integer', 'string']])),
    ...some('minimum', 0.3, () => pick([0, 1, -1, 0.5])),
    ...some('maximum', 0.3, () => pick([0, 1, 3])),
    ...some('exclusiveMinimum', 0.2, () => pick([0, 1, -1])),
    ...some('exclusiveMaximum', 0.2, () => pick([3, 1.5])),
    ...some('multipleOf', 0.3, () => pick([1, 0.5, 2, 3, 0.01])),
  })
  const listed = (): Json => ({
    ...(chance(0.5) ? { const: pick(values) } : { enum: [pick(values), pick(values), pick(values)] }),
    ...some('type', 0.3, () => pick(typeNames)),
  })

  const schemas = Object.fromEntries(Array.from({ length: size }, (_, index) => [`S${index}`, schema(0)]))
  const content = (): Json => ({ content: { 'application/json': { schema: schema(0) } } })
  const post = { operationId: 'post', requestBody: content(), responses: { 200: content(), default: content() } }
  return {
    openapi: '3.1.0',
    info: { title: 'Random', version: '1' },
    paths: { '/x': { post } },
    components: { schemas },
  }
}
