import type { JsonType, Schema } from '../../spec.ts'
import { regularExpression } from '../text.ts'
import { arrayStatements } from './array-statements.ts'
import { notListed, numberBounds, stringBounds, wrongType } from './conditions.ts'
import { describe } from './describe.ts'
import { objectStatements } from './object-statements.ts'
import { isLinearPattern } from './safe-pattern.ts'
import { failIf, failIfAny, resolveAlias, resolveKey, type Scope, type Spot, when } from './scope.ts'
import { unionStatements } from './union-statements.ts'

/** Statements that return a failure where the value does not fit, and fall through where it does. */
export function statements(schema: Schema, spot: Spot, scope: Scope): string {
  if (schema.never) return failIf('true', 'nothing', spot, scope)
  if (schema.ref !== undefined) return referenceStatements(schema, spot, scope)
  return [
    schema.types
      ? failIf(wrongType(schema.types, spot.value, scope.mode, scope.use), describeTypes(schema, scope), spot, scope)
      : '',
    scope.mode === 'strict' ? scalarStatements(schema, spot, scope) : '',
    guarded('array', arrayStatements(schema, spot, scope), schema, spot, scope),
    guarded('object', objectStatements(schema, spot, scope), schema, spot, scope),
    ...(schema.allOf ?? []).map((part) => scope.statements(part, spot)),
    unionStatements(schema, spot, scope),
  ].join('')
}

function describeTypes({ enum: _enum, ...schema }: Schema, scope: Scope): string {
  return describe(schema, scope.titleOf)
}

/** A scalar is judged in place: shorter than a call, and its failure names a type that a reader knows. */
function referenceStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const target = resolveAlias(schema, scope)
  if (target.ref === undefined && isScalar(target)) return scope.statements(target, spot)
  const key = resolveKey(schema, scope)
  const call = key === undefined ? undefined : scope.call(key, spot.value)
  if (call === undefined) return ''
  const name = scope.fresh('f')
  const failed = `const ${name} = ${call}\nif (${name}) return `
  if (spot.path.length === 0) return `${failed}${name}\n`
  scope.use('at')
  return `${failed}at(${spot.path.join(' + ')}, ${name})\n`
}

function isScalar(schema: Schema): boolean {
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

function scalarStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const listed = schema.enum ? enumStatement(schema.enum, schema, spot, scope) : ''
  const strings = failIfAny(
    [...stringBounds(schema, spot.value, scope.use), ...patternBound(schema, spot, scope)],
    spot,
    scope,
  )
  const numbers = failIfAny(numberBounds(schema, spot.value), spot, scope)
  return listed + guarded('string', strings, schema, spot, scope) + guarded('number', numbers, schema, spot, scope)
}

/** Values of another type than the schema's can never come; the compiler would refuse to compare them. */
function enumStatement(values: readonly unknown[], schema: Schema, spot: Spot, scope: Scope): string {
  const possible = [...new Set(values)].filter(
    (value) => !schema.types || schema.types.some((type) => isOfType(value, type)),
  )
  return failIf(
    possible.length === 0 ? 'true' : notListed(possible, spot.value, scope.use),
    describe(schema, scope.titleOf),
    spot,
    scope,
  )
}

function isOfType(value: unknown, type: JsonType): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}

function patternBound(schema: Schema, spot: Spot, scope: Scope): [string, string][] {
  if (schema.pattern === undefined) return []
  if (isLinearPattern(schema.pattern))
    return [[`!${regularExpression(schema.pattern)}.test(${spot.value})`, 'a string of the documented pattern']]
  scope.patternSkipped(schema)
  return []
}

/** Keywords of one type say nothing about values of others. */
function guarded(
  type: 'string' | 'number' | 'array' | 'object',
  body: string,
  schema: Schema,
  spot: Spot,
  scope: Scope,
): string {
  if (body === '') return ''
  const accepted = type === 'number' ? ['number', 'integer'] : [type]
  // Number.isInteger narrows nothing for the compiler, so bounds of integers keep their guard.
  if (schema.types?.length === 1 && schema.types[0] === type) return body
  if (schema.types && !schema.types.some((each) => accepted.includes(each))) return ''
  const guard = wrongType([type], spot.value, scope.mode, scope.use)
  return when(guard.startsWith('!') ? guard.slice(1) : guard.replace('!==', '==='), body)
}
