import type { Diagnostics } from '../diagnostics.ts'
import { isJson, isText, parseMediaType } from '../media-types.ts'
import type {
  Annotations,
  ArrayKeywords,
  JsonType,
  ObjectKeywords,
  ScalarKeywords,
  Schema,
  SchemaKeywords,
} from '../spec.ts'
import { count, entries, isRawObject, list, optional, own, strings, text } from './raw.ts'

type Raw = Readonly<Record<string, unknown>>
type Sub = (node: unknown) => Schema
type Keywords = Omit<Schema, 'node' | 'ref' | 'never' | 'discriminator'>

const jsonTypes: readonly JsonType[] = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object']

/** Every keyword of one schema object but references. `sub` makes its subschemas; `reference` is the `$ref` beside them, of 3.1. */
export function readKeywords(diagnostics: Diagnostics, raw: Raw, sub: Sub, reference?: Schema): Keywords {
  warnOfUnevaluatedItems(diagnostics, raw)
  warnOfWrongKinds(diagnostics, raw)
  const combined = readComposition(raw, sub)
  const allOf = [...(reference ? [reference] : []), ...(combined.allOf ?? [])]
  const keywords = {
    ...readObject(raw, sub),
    ...readArray(raw, sub),
    ...readScalar(raw),
    ...combined,
    ...(allOf.length > 0 ? { allOf } : {}),
    ...optional(
      'knownValues',
      Array.isArray(own(raw, 'x-known-values')) ? strings(own(raw, 'x-known-values')) : undefined,
    ),
    ...readAnnotations(raw),
  }
  const types = readTypes(diagnostics, raw, keywords)
  return { ...keywords, ...optional('types', types), ...optional('enum', readEnum(diagnostics, raw, types)) }
}

/** Which items count as evaluated depends on the branches that fit, and on each item where `contains` stands. */
function warnOfUnevaluatedItems(diagnostics: Diagnostics, raw: Raw): void {
  const given = own(raw, 'unevaluatedItems')
  if (given !== undefined && given !== true)
    diagnostics.warn('unsupported', raw, 'unevaluatedItems is not checked', 'use items where that will do')
}

function readTypes(diagnostics: Diagnostics, raw: Raw, keywords: Keywords): readonly JsonType[] | undefined {
  const given = own(raw, 'type')
  const words = Array.isArray(given) ? given : given === undefined ? [] : [given]
  // `file` is Swagger 2.0's binary string.
  const types = words
    .map((word) => (word === 'file' ? 'string' : word))
    .filter((word): word is JsonType => jsonTypes.includes(word as JsonType))
  if (types.length < words.length) {
    diagnostics.warn(
      'invalid_document',
      raw,
      `type ${JSON.stringify(given)} is not a JSON type`,
      `use one of ${jsonTypes.join(', ')}`,
    )
  }
  if (types.length > 0) return [...new Set(types)]
  return inferTypes(raw, keywords)
}

/** Authors leave `type` out where properties or items say it; what they mean is an object or an array. */
function inferTypes(raw: Raw, keywords: Keywords): readonly JsonType[] | undefined {
  if (own(raw, 'enum') !== undefined || keywords.anyOf || keywords.oneOf) return undefined
  if (keywords.properties || keywords.additionalProperties) return ['object']
  if (keywords.items || keywords.prefixItems) return ['array']
  return undefined
}

const listKeywords = ['required', 'enum', 'allOf', 'anyOf', 'oneOf', 'prefixItems']
const mapKeywords = ['properties', 'patternProperties', 'dependentRequired', 'dependentSchemas']

/**
 * What is no list or no object where the keyword is one says nothing; that is worth a line. Not `required: true`: a
 * parameter of 2.0 is its own schema.
 */
function warnOfWrongKinds(diagnostics: Diagnostics, raw: Raw): void {
  const warn = (key: string, expected: string): void =>
    diagnostics.warn(
      'invalid_document',
      raw,
      `"${key}" is not ${expected}; it is left out`,
      key === 'required' ? 'list the names of the required properties beside "properties"' : 'correct it, or remove it',
    )
  for (const key of listKeywords) {
    const value = own(raw, key)
    if (isOther(value, Array.isArray) && typeof value !== 'boolean') warn(key, 'a list')
  }
  for (const key of mapKeywords) if (isOther(own(raw, key), isRawObject)) warn(key, 'an object')
}

/** YAML has null for a keyword without a value, which means none. */
const isOther = (value: unknown, isKind: (value: unknown) => boolean): boolean =>
  value !== undefined && value !== null && !isKind(value)

function readEnum(
  diagnostics: Diagnostics,
  raw: Raw,
  types: readonly JsonType[] | undefined,
): readonly unknown[] | undefined {
  const given = Object.hasOwn(raw, 'const') ? [raw.const] : own(raw, 'enum')
  warnOfLostDigits(diagnostics, raw, list(given))
  if (Object.hasOwn(raw, 'const')) return [raw.const]
  if (!Array.isArray(given) || given.length === 0) return undefined
  const wantsText = types?.includes('string') === true && types.every((type) => type === 'string' || type === 'null')
  return given.map((value) => {
    if (!wantsText || (typeof value !== 'number' && typeof value !== 'boolean')) return value
    diagnostics.warn(
      'invalid_document',
      raw,
      `enum has ${value} where the type is string; it is taken as "${value}"`,
      'quote it',
    )
    return String(value)
  })
}

/** RFC 8259 6: beyond 2^53 two readers may take an integer for different ones, and JSON.parse takes the nearest it has. */
function warnOfLostDigits(diagnostics: Diagnostics, raw: Raw, values: readonly unknown[]): void {
  const lost = values.find((value) => Number.isInteger(value) && !Number.isSafeInteger(value))
  if (lost === undefined) return
  diagnostics.warn(
    'unsupported',
    raw,
    `the integer ${BigInt(lost as number)} stands for others too: JavaScript reads none beyond 2^53 exactly`,
    'make it a string',
  )
}

function readComposition(
  raw: Raw,
  sub: Sub,
): Pick<SchemaKeywords, 'allOf' | 'anyOf' | 'oneOf' | 'not' | 'if' | 'then' | 'else'> {
  const many = (key: string): readonly Schema[] | undefined => {
    const items = list(own(raw, key))
    return items.length > 0 ? items.map(sub) : undefined
  }
  const one = (key: string): Schema | undefined => (own(raw, key) === undefined ? undefined : sub(raw[key]))
  return {
    ...optional('allOf', many('allOf')),
    ...optional('anyOf', many('anyOf')),
    ...optional('oneOf', many('oneOf')),
    ...optional('not', one('not')),
    ...optional('if', one('if')),
    ...optional('then', one('then')),
    ...optional('else', one('else')),
  }
}

function readObject(raw: Raw, sub: Sub): ObjectKeywords {
  const map = (key: string): ReadonlyMap<string, Schema> | undefined => {
    const given = entries(own(raw, key))
    return given.length > 0 ? new Map(given.map(([name, node]) => [name, sub(node)])) : undefined
  }
  const required = strings(own(raw, 'required'))
  const additional = own(raw, 'additionalProperties')
  const unevaluated = own(raw, 'unevaluatedProperties')
  const dependent = entries(own(raw, 'dependentRequired'))
  return {
    ...optional('properties', map('properties')),
    ...optional('required', required.length > 0 ? [...new Set(required)] : undefined),
    ...optional('additionalProperties', additional === undefined ? undefined : sub(additional)),
    ...optional('unevaluatedProperties', isOpen(unevaluated) ? undefined : sub(unevaluated)),
    ...optional('patternProperties', map('patternProperties')),
    ...optional('propertyNames', own(raw, 'propertyNames') === undefined ? undefined : sub(raw.propertyNames)),
    ...optional(
      'dependentRequired',
      dependent.length > 0 ? new Map(dependent.map(([name, names]) => [name, strings(names)])) : undefined,
    ),
    ...optional('dependentSchemas', map('dependentSchemas')),
    ...optional('minProperties', count(own(raw, 'minProperties'))),
    ...optional('maxProperties', count(own(raw, 'maxProperties'))),
  }
}

const isOpen = (schema: unknown): boolean => schema === undefined || schema === true

function readArray(raw: Raw, sub: Sub): ArrayKeywords {
  const items = own(raw, 'items')
  // Before 2020-12 a list under `items` meant what `prefixItems` means now.
  const prefix = Array.isArray(items) ? items : list(own(raw, 'prefixItems'))
  return {
    ...optional('items', items === undefined || Array.isArray(items) ? undefined : sub(items)),
    ...optional('prefixItems', prefix.length > 0 ? prefix.map(sub) : undefined),
    ...optional('contains', own(raw, 'contains') === undefined ? undefined : sub(raw.contains)),
    ...optional('minContains', count(own(raw, 'minContains'))),
    ...optional('maxContains', count(own(raw, 'maxContains'))),
    ...optional('minItems', count(own(raw, 'minItems'))),
    ...optional('maxItems', count(own(raw, 'maxItems'))),
    ...optional('uniqueItems', own(raw, 'uniqueItems') === true ? (true as const) : undefined),
  }
}

function readScalar(raw: Raw): ScalarKeywords {
  const minimum = count(own(raw, 'minimum'))
  const maximum = count(own(raw, 'maximum'))
  // 3.0 and 2.0 have a boolean beside the bound, 3.1 a bound of its own.
  const openBelow = own(raw, 'exclusiveMinimum') === true
  const openAbove = own(raw, 'exclusiveMaximum') === true
  return {
    ...optional('minLength', count(own(raw, 'minLength'))),
    ...optional('maxLength', count(own(raw, 'maxLength'))),
    ...optional('pattern', text(own(raw, 'pattern'))),
    ...optional('format', isBinary(raw) ? 'binary' : text(own(raw, 'format'))),
    ...optional('minimum', openBelow ? undefined : minimum),
    ...optional('maximum', openAbove ? undefined : maximum),
    ...optional('exclusiveMinimum', openBelow ? minimum : count(own(raw, 'exclusiveMinimum'))),
    ...optional('exclusiveMaximum', openAbove ? maximum : count(own(raw, 'exclusiveMaximum'))),
    ...optional('multipleOf', count(own(raw, 'multipleOf'))),
  }
}

/**
 * `file` of 2.0; and what took the place of `format: binary` in 3.1: a string of some media type that no encoding makes
 * text of (OpenAPI 3.1 4.8.14.2, JSON Schema 2020-12 Validation 8).
 */
function isBinary(raw: Raw): boolean {
  const mediaType = text(own(raw, 'contentMediaType'))
  if (mediaType === undefined || own(raw, 'contentEncoding') !== undefined) return own(raw, 'type') === 'file'
  const parsed = parseMediaType(mediaType)
  return parsed !== undefined && !isText(parsed) && !isJson(parsed)
}

function readAnnotations(raw: Raw): Annotations {
  const flag = (key: string): true | undefined => (own(raw, key) === true ? true : undefined)
  const examples = own(raw, 'examples')
  const given = Array.isArray(examples)
    ? examples
    : isRawObject(examples)
      ? Object.values(examples)
      : own(raw, 'example') === undefined
        ? []
        : [raw.example]
  return {
    ...optional('title', text(own(raw, 'title'))),
    ...optional('description', text(own(raw, 'description'))),
    ...optional('deprecated', flag('deprecated')),
    ...optional('readOnly', flag('readOnly')),
    ...optional('writeOnly', flag('writeOnly')),
    ...optional('default', own(raw, 'default')),
    ...optional('examples', given.length > 0 ? given : undefined),
  }
}
