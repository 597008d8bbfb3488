import type { JsonType, Schema } from '../../spec.ts'
import { jsonLiteral, stringLiteral, valueKey } from '../text.ts'
import { helper } from './helpers.ts'

/** How much of a schema the validators hold a value to; `lenient` forgives what providers get wrong. */
export type ValidationMode = 'strict' | 'lenient'

const inherited = new Set(Object.getOwnPropertyNames(Object.prototype))

/**
 * The rest of a declaration that reads a property that may be absent. Names that every object inherits must be its own,
 * and the compiler takes them for what is inherited.
 */
export function readProperty(object: string, name: string): string {
  const access = `${object}[${stringLiteral(name)}]`
  return inherited.has(name)
    ? `: unknown = Object.hasOwn(${object}, ${stringLiteral(name)}) ? ${access} : undefined`
    : ` = ${access}`
}

/** True where the value has none of the types. */
export function wrongType(types: readonly JsonType[], value: string, mode: ValidationMode): string {
  const effective = types.includes('number') ? types.filter((type) => type !== 'integer') : types
  return effective.map((type) => wrongSingleType(type, value, mode)).join(' && ')
}

function wrongSingleType(type: JsonType, value: string, mode: ValidationMode): string {
  switch (type) {
    case 'null':
      return `${value} !== null`
    case 'array':
      return `!Array.isArray(${value})`
    case 'object':
      return `!${helper('isObject')}(${value})`
    case 'integer':
      return mode === 'strict' ? `!Number.isInteger(${value})` : `typeof ${value} !== 'number'`
    case 'string':
    case 'number':
    case 'boolean':
      return `typeof ${value} !== '${type}'`
  }
}

/** True where the value is none of the listed ones. */
export function notListed(values: readonly unknown[], value: string): string {
  return values
    .map((each) => {
      const literal = jsonLiteral(each)
      return literal === undefined ? `!${helper('equal')}(${value}, ${deepLiteral(each)})` : `${value} !== ${literal}`
    })
    .join(' && ')
}

function deepLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(deepLiteral).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${valueKey(key)}: ${deepLiteral(each)}`)
      .join(', ')} }`
  return jsonLiteral(value) ?? 'null'
}

/** The bounds of a string that is known to be one: condition of failure, and what was expected. */
export function stringBounds(schema: Schema, value: string): [string, string][] {
  const bounds: [string, string][] = []
  const length = `${helper('codePoints')}(${value})`
  if (schema.minLength !== undefined && schema.minLength > 0)
    bounds.push([`${length} < ${schema.minLength}`, `at least ${schema.minLength} characters`])
  if (schema.maxLength !== undefined)
    bounds.push([`${length} > ${schema.maxLength}`, `at most ${schema.maxLength} characters`])
  return bounds
}

/** The bounds of a number that is known to be one. */
export function numberBounds(schema: Schema, value: string): [string, string][] {
  const bounds: [string, string][] = []
  if (schema.minimum !== undefined) bounds.push([`${value} < ${schema.minimum}`, `at least ${schema.minimum}`])
  if (schema.maximum !== undefined) bounds.push([`${value} > ${schema.maximum}`, `at most ${schema.maximum}`])
  if (schema.exclusiveMinimum !== undefined)
    bounds.push([`${value} <= ${schema.exclusiveMinimum}`, `more than ${schema.exclusiveMinimum}`])
  if (schema.exclusiveMaximum !== undefined)
    bounds.push([`${value} >= ${schema.exclusiveMaximum}`, `less than ${schema.exclusiveMaximum}`])
  const { multipleOf } = schema
  if (multipleOf !== undefined && multipleOf > 0)
    bounds.push([
      // 19.99 / 0.01 is 1998.9999999999998.
      Number.isInteger(multipleOf)
        ? `!Number.isInteger(${value} / ${multipleOf})`
        : `!${helper('isMultiple')}(${value}, ${multipleOf})`,
      `a multiple of ${multipleOf}`,
    ])
  return bounds
}
