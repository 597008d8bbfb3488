import type { Schema } from '../../spec.ts'
import { regularExpression } from '../text.ts'
import { arrayStatements } from './array-statements.ts'
import { notListed, numberBounds, stringBounds, wrongType } from './conditions.ts'
import { describe } from './describe.ts'
import { helper } from './helpers.ts'
import { isOfType, isScalar, narrowings, objectOnly, ownNarrowings } from './narrowings.ts'
import { objectStatements } from './object-statements.ts'
import { isLinearPattern } from './safe-pattern.ts'
import { failIf, failIfAny, resolveAlias, resolveKey, type Scope, type Spot, sequence, when } from './scope.ts'
import { unionStatements } from './union-statements.ts'

/** Statements that return a failure where the value does not fit, and fall through where it does. */
export function statements(schema: Schema, spot: Spot, scope: Scope): string {
  if (schema.never) return failIf('true', 'nothing', spot)
  if (schema.ref !== undefined) return referenceStatements(schema, spot, scope)
  const conclusions = spot.narrowed ? narrowings(schema, scope) : []
  // Equal ones do no harm to each other.
  if (conclusions.length > 0 && new Set([...(spot.narrowed ?? []), ...conclusions]).size > 1)
    return underNewName(schema, spot, scope)
  const known = [...(spot.narrowed ?? []), ...ownNarrowings(schema, scope.mode)]
  return sequence([
    schema.types ? failIf(wrongType(schema.types, spot.value, scope.mode), describeTypes(schema, scope), spot) : '',
    scope.mode === 'strict' ? scalarStatements(schema, spot, scope) : '',
    guarded('array', () => arrayStatements(schema, spot, scope), schema, spot, scope),
    guarded(
      'object',
      () => objectStatements(schema, { ...spot, narrowed: [...known, objectOnly] }, scope),
      schema,
      spot,
      scope,
    ),
    ...composed(schema, known, spot, scope),
  ])
}

/** Two parts of a schema may contradict each other; the compiler then refuses the comparisons of the second. */
function underNewName(schema: Schema, { value, path }: Spot, scope: Scope): string {
  const name = scope.fresh('u')
  const body = statements(schema, { value: name, path }, scope)
  return body === '' ? '' : `const ${name}: unknown = ${value}\n${body}`
}

/** The parts of `allOf` and the unions, each told what those before it have narrowed. */
function composed(schema: Schema, own: readonly string[], spot: Spot, scope: Scope): string[] {
  const known = [...own]
  const told = (): Spot => (known.length > 0 ? { ...spot, narrowed: [...known] } : spot)
  const parts = (schema.allOf ?? []).map((part) => {
    const text = scope.statements(part, told())
    known.push(...narrowings(part, scope))
    return text
  })
  return [...parts, ...unionStatements(schema, told(), scope)]
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
  return `${failed}${helper('at')}(${spot.path.join(' + ')}, ${name})\n`
}

function scalarStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const listed = schema.enum ? enumStatement(schema.enum, schema, spot, scope) : ''
  const strings = failIfAny([...stringBounds(schema, spot.value), ...patternBound(schema, spot, scope)], spot)
  const numbers = failIfAny(numberBounds(schema, spot.value), spot)
  return sequence([
    listed,
    guarded('string', () => strings, schema, spot, scope),
    guarded('number', () => numbers, schema, spot, scope),
  ])
}

/** Values of another type than the schema's can never come; the compiler would refuse to compare them. */
function enumStatement(values: readonly unknown[], schema: Schema, spot: Spot, scope: Scope): string {
  const possible = [...new Set(values)].filter(
    (value) => !schema.types || schema.types.some((type) => isOfType(value, type)),
  )
  return failIf(possible.length === 0 ? 'true' : notListed(possible, spot.value), describe(schema, scope.titleOf), spot)
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
  make: () => string,
  schema: Schema,
  spot: Spot,
  scope: Scope,
): string {
  const accepted = type === 'number' ? ['number', 'integer'] : [type]
  if (schema.types && !schema.types.some((each) => accepted.includes(each))) return ''
  // Of listed values, none of that type is left.
  if (scope.mode === 'strict' && schema.enum && !schema.enum.some((value) => isOfType(value, type))) return ''
  const body = make()
  // Number.isInteger narrows nothing for the compiler, so bounds of integers keep their guard.
  if (schema.types?.length === 1 && schema.types[0] === type) return body
  const guard = wrongType([type], spot.value, scope.mode)
  return when(guard.startsWith('!') ? guard.slice(1) : guard.replace('!==', '==='), body)
}
