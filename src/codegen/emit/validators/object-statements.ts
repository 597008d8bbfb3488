import { goes } from '../../directions.ts'
import type { Schema } from '../../spec.ts'
import { indent, regularExpression, stringLiteral } from '../text.ts'
import { readProperty } from './conditions.ts'
import { describe } from './describe.ts'
import { helper } from './helpers.ts'
import { isLinearPattern } from './safe-pattern.ts'
import {
  bound,
  failIf,
  failIfAny,
  failure,
  pathTo,
  resolveAlias,
  type Scope,
  type Spot,
  sequence,
  when,
} from './scope.ts'
import { closedSchema } from './unevaluated.ts'

/** Checks of a value that is known to be an object. */
export function objectStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const strict = scope.mode === 'strict'
  const undeclared = (schema.required ?? []).filter((name) => !schema.properties?.has(name))
  return sequence([
    strict ? sizeBounds(schema, spot) : '',
    // What nothing declares is more often a mistake in the document than a promise.
    ...(strict ? undeclared : []).map((name) => presence(name, spot)),
    ...[...(schema.properties ?? [])].map(([name, property]) =>
      // What only the server reads is in no answer, even where it is required (OpenAPI 3.0 4.7.24.2).
      propertyStatements(
        name,
        property,
        schema.required?.includes(name) === true && goes(property, 'response', scope.schemas),
        spot,
        scope,
      ),
    ),
    keyStatements(schema, spot, scope),
    unevaluatedStatements(schema, spot, scope),
    ...(strict ? dependentStatements(schema, spot, scope) : []),
  ])
}

function sizeBounds({ minProperties, maxProperties }: Schema, spot: Spot): string {
  const size = `Object.keys(${spot.value}).length`
  const bounds: [string, string][] = []
  if (minProperties !== undefined && minProperties > 0)
    bounds.push([`${size} < ${minProperties}`, `at least ${minProperties} properties`])
  if (maxProperties !== undefined) bounds.push([`${size} > ${maxProperties}`, `at most ${maxProperties} properties`])
  return failIfAny(bounds, spot)
}

const has = (spot: Spot, name: string): string => `Object.hasOwn(${spot.value}, ${stringLiteral(name)})`

function presence(name: string, spot: Spot): string {
  return failIf(`!${has(spot, name)}`, 'a value', { value: 'undefined', path: pathTo(spot, name) })
}

function propertyStatements(name: string, property: Schema, required: boolean, spot: Spot, scope: Scope): string {
  const variable = scope.fresh('v')
  const at: Spot = { value: variable, path: pathTo(spot, name) }
  const body = sequence([scope.statements(property, at), urlStatement(name, property, at, scope)])
  const read = `const ${variable}${readProperty(spot.value, name)}\n`
  if (required) {
    // A type refuses undefined by itself; what fits everything does not.
    const refusesAbsence = resolveAlias(property, scope).types !== undefined
    const absent = refusesAbsence ? '' : failIf(`${variable} === undefined`, describe(property, scope.titleOf), at)
    return read + absent + body
  }
  // A provider that sends null for what it has not means that it is absent.
  const present = when(`${variable} ${scope.mode === 'lenient' ? '!= null' : '!== undefined'}`, body)
  return present === '' ? '' : read + present
}

/** The URLs to which a client sends a request or a browser; other formats are the provider's affair. */
const endpointName = /(^|_)endpoint$|(^|_)jwks_uri$|^registration_client_uri$|^verification_uri(_complete)?$/

function urlStatement(name: string, property: Schema, spot: Spot, scope: Scope): string {
  if (!endpointName.test(name) || resolveAlias(property, scope).format !== 'uri') return ''
  return failIf(`typeof ${spot.value} === 'string' && !${helper('isUrl')}(${spot.value})`, 'URL', spot)
}

/** Checks that go over the names that came: `additionalProperties`, `patternProperties`, `propertyNames`. */
function keyStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const key = scope.fresh('k')
  const path = [...spot.path, `${helper('token')}(${key})`]
  const value = `${spot.value}[${key}]`
  const patterns = scope.mode === 'strict' ? [...(schema.patternProperties ?? [])] : []
  const safe = patterns.filter(([pattern]) => isLinearPattern(pattern))
  if (safe.length < patterns.length) scope.patternSkipped(schema)
  const matches = ([pattern]: readonly [string, Schema]): string => `${regularExpression(pattern)}.test(${key})`
  const patterned = safe.map((each) => when(matches(each), bound(each[1], value, path, scope)))
  // Where a pattern is not run, no one can say which names are additional.
  const knowsAll =
    schema.patternProperties === undefined || (scope.mode === 'strict' && safe.length === patterns.length)
  const additional =
    schema.additionalProperties && knowsAll
      ? additionalStatements(schema, schema.additionalProperties, value, path, scope)
      : ''
  const known = [...(schema.properties?.keys() ?? [])].map((name) => `${key} !== ${stringLiteral(name)}`)
  const isAdditional = [...known, ...safe.map((each) => `!${matches(each)}`)].join(' && ')
  const names =
    scope.mode === 'strict' && schema.propertyNames
      ? scope.statements(schema.propertyNames, { value: key, path, narrowed: ['string'] })
      : ''
  const body = sequence([names, ...patterned, isAdditional === '' ? additional : when(isAdditional, additional)])
  if (body === '') return ''
  return `for (const ${key} of Object.keys(${spot.value})) {\n${indent(body)}}\n`
}

function unevaluatedStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const { unevaluatedProperties } = schema
  if (!unevaluatedProperties || (unevaluatedProperties.never && scope.mode === 'lenient')) return ''
  const closed = closedSchema(schema, scope.schemas)
  if (closed) return keyStatements(closed, spot, scope)
  scope.unevaluatedSkipped(schema)
  return ''
}

function additionalStatements(
  schema: Schema,
  additional: Schema,
  value: string,
  path: readonly string[],
  scope: Scope,
): string {
  if (!additional.never) return bound(additional, value, path, scope)
  if (scope.mode === 'lenient') return ''
  return `${failure(schema.properties ? 'no other property' : 'no property', { value, path })}\n`
}

function dependentStatements(schema: Schema, spot: Spot, scope: Scope): string[] {
  const required = [...(schema.dependentRequired ?? [])].map(([name, names]) =>
    when(has(spot, name), sequence(names.map((each) => presence(each, spot)))),
  )
  const schemas = [...(schema.dependentSchemas ?? [])].map(([name, part]) =>
    when(has(spot, name), scope.statements(part, spot)),
  )
  return [...required, ...schemas]
}
