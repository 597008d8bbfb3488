import { maxDepth, tooDeep } from '../load/depth.ts'
import type { Discriminator, JsonType, NamedSchema, Schema } from '../spec.ts'
import { isStaticAnchor } from './anchors.ts'
import { type Context, type Part, resolve, type Target } from './context.ts'
import { entries, isRawObject, optional, own, text } from './raw.ts'
import { readKeywords } from './schema-keywords.ts'

/** Keywords beside a `$ref` that only describe; any other makes the reference one part of an `allOf`. */
const annotations = new Set([
  '$ref',
  'title',
  'description',
  'summary',
  'deprecated',
  'default',
  'example',
  'examples',
  'readOnly',
  'writeOnly',
  'nullable',
  '$comment',
  'externalDocs',
  'xml',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
])

/** A schema of the document in the internal form. Subschemas come with it; references become keys. */
export function normaliseSchema(context: Context, part: Part | Target, depth = 0): Schema {
  context.spend()
  if (depth > maxDepth) throw tooDeep(part.source.name)
  const { node } = part
  if (node === true) return { node }
  if (node === false) return { node, never: true }
  if (!isRawObject(node)) {
    const name = 'title' in part ? `schema "${part.title}"` : 'a schema'
    // Only objects and arrays have a place; of anything else the schema around it does.
    const around = Array.isArray(node) ? node : ([...context.open].at(-1) ?? part.source.root)
    context.diagnostics.warn(
      'invalid_document',
      around,
      `${name} is ${node === null ? 'null' : Array.isArray(node) ? 'a list' : typeof node}; expected an object`,
      'write {} for a schema that everything fits',
    )
    return { node }
  }
  if (context.open.has(node)) {
    context.diagnostics.warn(
      'circular_schema',
      node,
      'a YAML alias leads back into its own anchor; its place is unknown',
      'use $ref for a recursive schema',
    )
    return { node }
  }
  context.open.add(node)
  const schema = normaliseObject(context, part, node, depth)
  context.open.delete(node)
  return schema
}

function normaliseObject(context: Context, part: Part, node: Readonly<Record<string, unknown>>, depth: number): Schema {
  const ref = text(own(node, '$ref')) ?? staticReference(context, node)
  if (ref !== undefined) return normaliseReference(context, part, node, ref, depth)
  if (own(node, '$dynamicRef') !== undefined || own(node, '$recursiveRef') !== undefined) {
    context.diagnostics.warn('unsupported', node, '$dynamicRef is not followed; its place is unknown', 'use $ref')
  }
  return makeNullable(context, node, readWhole(context, part, node, depth))
}

/** A `$dynamicRef` that means no more than `$ref`. */
function staticReference({ document, dialect }: Context, node: Readonly<Record<string, unknown>>): string | undefined {
  const ref = text(own(node, '$dynamicRef'))
  if (dialect < 3.1 || !ref?.startsWith('#')) return undefined
  return isStaticAnchor(document.sources.values(), ref.slice(1)) ? ref : undefined
}

function normaliseReference(
  context: Context,
  part: Part,
  node: Readonly<Record<string, unknown>>,
  ref: string,
  depth: number,
): Schema {
  const target = resolve(context, part, ref)
  const described = {
    ...optional('description', text(own(node, 'description'))),
    ...optional('deprecated', own(node, 'deprecated') === true ? (true as const) : undefined),
    ...optional('readOnly', own(node, 'readOnly') === true ? (true as const) : undefined),
    ...optional('writeOnly', own(node, 'writeOnly') === true ? (true as const) : undefined),
  }
  if (!target) return { node, ...described }
  // A chain of references to references ends here only if it ends at all; alias-cycles.ts cuts the others.
  const key = context.aliases.get(target.key) ?? target.key
  nameSchema(context, { ...target, key })
  const reference: Schema = { node, ref: key }
  // In 3.0 and 2.0 nothing beside a $ref has a meaning, but authors who write `nullable` there mean it.
  if (context.dialect < 3.1) return makeNullable(context, node, { ...reference, ...described })
  if (Object.keys(node).every((key) => annotations.has(key) || key.startsWith('x-')))
    return { ...reference, ...described }
  return readWhole(context, part, node, depth, reference)
}

function readWhole(
  context: Context,
  part: Part,
  node: Readonly<Record<string, unknown>>,
  depth: number,
  reference?: Schema,
): Schema {
  const sub = (inner: unknown): Schema => normaliseSchema(context, { source: part.source, node: inner }, depth + 1)
  return {
    node,
    ...readKeywords(context.diagnostics, node, sub, reference),
    ...optional('discriminator', readDiscriminator(context, part)),
  }
}

/** Registers the target of a reference as a named schema, once. */
export function nameSchema(context: Context, target: Target): void {
  if (context.schemas.has(target.key)) return
  context.schemas.set(target.key, undefined)
  context.pending.push(target)
}

/** Makes all registered schemas, and those that they refer to. */
export function completeSchemas(context: Context): ReadonlyMap<string, NamedSchema> {
  for (let target = context.pending.shift(); target; target = context.pending.shift()) {
    const { key, title } = target
    context.schemas.set(key, { key, title, schema: normaliseSchema(context, target) })
  }
  return new Map([...context.schemas].filter((pair): pair is [string, NamedSchema] => pair[1] !== undefined))
}

/** `nullable` of 3.0 and `x-nullable` of 2.0 add null to whatever the schema says. */
function makeNullable(context: Context, node: Readonly<Record<string, unknown>>, schema: Schema): Schema {
  if (context.dialect === 3.1 || (own(node, 'nullable') !== true && own(node, 'x-nullable') !== true)) return schema
  const composed = schema.ref !== undefined || schema.allOf || schema.anyOf || schema.oneOf || schema.not
  if (!composed) {
    if (!schema.types) return schema
    const types: readonly JsonType[] = schema.types.includes('null') ? schema.types : [...schema.types, 'null']
    return { ...schema, types, ...(schema.enum && !schema.enum.includes(null) ? { enum: [...schema.enum, null] } : {}) }
  }
  const { title, description, deprecated, readOnly, writeOnly, examples, ...rest } = schema
  return {
    node,
    ...optional('title', title),
    ...optional('description', description),
    ...optional('deprecated', deprecated),
    ...optional('readOnly', readOnly),
    ...optional('writeOnly', writeOnly),
    ...optional('examples', examples),
    anyOf: [rest, { node, types: ['null'] }],
  }
}

/** `discriminator` with its mapping resolved; names and references may both be mapped to. */
function readDiscriminator(context: Context, part: Part): Discriminator | undefined {
  const raw = own(part.node, 'discriminator')
  // Swagger 2.0 has the property's name alone.
  const propertyName = text(raw) ?? text(own(raw, 'propertyName'))
  if (propertyName === undefined) return undefined
  const mapping = new Map<string, string>()
  for (const [value, target] of entries(own(raw, 'mapping'))) {
    const given = text(target)
    if (given === undefined) continue
    const resolved = resolve(context, part, /[#/.]/.test(given) ? given : `#/components/schemas/${given}`)
    if (resolved) mapping.set(value, resolved.key)
  }
  return { propertyName, mapping }
}
