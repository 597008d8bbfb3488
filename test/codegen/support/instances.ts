/** Instances of JSON Schemas: ones that mostly fit, and mutations that mostly do not. Which is which, an oracle says. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Schema = { readonly [key: string]: unknown }

/** Repeatable randomness (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function createInstances(
  root: unknown,
  seed: number,
): { sample(schema: unknown): Json; mutate(value: Json): Json } {
  const random = createRandom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

  function resolve(ref: string): unknown {
    const tokens = decodeURIComponent(ref.slice(2)).split('/')
    return tokens.reduce<unknown>(
      (node, token) => (node as Schema)[token.replaceAll('~1', '/').replaceAll('~0', '~')],
      root,
    )
  }

  function sample(given: unknown, depth = 0): Json {
    if (typeof given !== 'object' || given === null) return pick(scalars)
    const schema = given as Schema
    if (typeof schema.$ref === 'string') return sample(resolve(schema.$ref), depth)
    if ('const' in schema) return schema.const as Json
    if (Array.isArray(schema.enum) && random() < 0.9) return pick(schema.enum) as Json
    if (Array.isArray(schema.examples) && random() < 0.7) return pick(schema.examples) as Json
    const branches = (schema.anyOf ?? schema.oneOf) as readonly unknown[] | undefined
    if (branches && random() < 0.95) return sample(pick(branches), depth + 1)
    if (Array.isArray(schema.allOf)) {
      const parts = [...schema.allOf, { ...schema, allOf: undefined }].map((part) => sample(part, depth + 1))
      return parts.every(isObject) ? Object.fromEntries(parts.flatMap((part) => Object.entries(part))) : parts[0]!
    }
    return sampleType(schema, depth)
  }

  function sampleType(schema: Schema, depth: number): Json {
    const types = [schema.type ?? (schema.properties ? 'object' : undefined)].flat()
    switch (pick(types)) {
      case 'object':
        return sampleObject(schema, depth)
      case 'array':
        return sampleArray(schema, depth)
      case 'string':
        return schema.format === 'uri' ? pick(['https://a.example/x', 'not a url']) : pick(['', 'a', 'hello', '𝒳𝒳𝒳'])
      case 'integer':
        return pick([0, 1, 7, 100, 200])
      case 'number':
        return pick([0, 0.25, 0.5, 3, 6.5])
      case 'boolean':
        return random() < 0.5
      case 'null':
        return null
      default:
        return pick(scalars)
    }
  }

  function sampleObject(schema: Schema, depth: number): Json {
    const properties = Object.entries((schema.properties ?? {}) as Schema)
    const required = (schema.required ?? []) as readonly string[]
    const chance = depth > 3 ? 0 : 0.4
    const entries: [string, Json][] = properties
      .filter(([name]) => required.includes(name) || random() < chance)
      .map(([name, property]) => [name, sample(property, depth + 1)])
    const additional = schema.additionalProperties
    if (additional && depth < 4 && random() < 0.5)
      entries.push([pick(['extra', 'x-1', '__proto__']), sample(additional, depth + 1)])
    for (const name of required) if (!entries.some(([key]) => key === name)) entries.push([name, pick(scalars)])
    return Object.fromEntries(entries)
  }

  function sampleArray(schema: Schema, depth: number): Json {
    const prefix = ((schema.prefixItems ?? []) as readonly unknown[]).map((item) => sample(item, depth + 1))
    const rest = depth > 3 ? 0 : Math.floor(random() * 3)
    return [
      ...prefix,
      ...Array.from({ length: schema.items === false ? 0 : rest }, () => sample(schema.items, depth + 1)),
    ]
  }

  /** One change somewhere in the value. */
  function mutate(value: Json): Json {
    if (Array.isArray(value) && value.length > 0 && random() < 0.8) {
      const at = Math.floor(random() * value.length)
      if (random() < 0.2) return [...value, value[at]]
      return value.map((item, index) => (index === at ? mutate(item) : item))
    }
    if (isObject(value) && random() < 0.85) return mutateObject(value)
    return pick(scalars)
  }

  function mutateObject(value: { readonly [key: string]: Json }): Json {
    const entries = Object.entries(value)
    if (entries.length === 0 || random() < 0.15)
      return Object.fromEntries([...entries, [pick(['secret', '__proto__', 'one', 'x-y']), pick(scalars)]])
    const at = Math.floor(random() * entries.length)
    if (random() < 0.3) return Object.fromEntries(entries.filter((_, index) => index !== at))
    return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? mutate(item) : item]))
  }

  return { sample: (schema) => sample(schema), mutate }
}

const scalars: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  3,
  1.5,
  1e21,
  '',
  'a',
  'longer text',
  [],
  [1],
  ['a', 'a'],
  {},
  { a: 1 },
  { x: true },
]

const isObject = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
