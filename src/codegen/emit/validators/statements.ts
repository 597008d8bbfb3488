import type { NamedSchema, Schema } from '../../spec.ts'
import { indent, stringLiteral } from '../text.ts'
import {
  type Helper,
  notListed,
  numberBounds,
  readProperty,
  stringBounds,
  type ValidationMode,
  wrongType,
} from './conditions.ts'
import { describe } from './describe.ts'
import { isLinearPattern } from './safe-pattern.ts'

/** What the statements of one validator share. */
export interface Scope {
  readonly mode: ValidationMode
  readonly schemas: ReadonlyMap<string, NamedSchema>
  use(helper: Helper): void
  /** The validator of a named schema, called on an expression; undefined where everything fits it. */
  call(key: string, value: string): string | undefined
  titleOf(key: string): string
  /** A variable name that is not used yet in this validator. */
  fresh(letter: string): string
  patternSkipped(schema: Schema): void
}

/** A place in the value: a JavaScript expression for it, and one for its JSON Pointer. */
interface Spot {
  readonly value: string
  /** Pieces to be joined by `+`; literal ones already escaped and quoted. */
  readonly path: readonly string[]
}

/** Statements that return a failure where the value does not fit, and fall through where it does. */
export function statements(schema: Schema, spot: Spot, scope: Scope): string {
  if (schema.never) return failIf('true', 'nothing', spot, scope)
  if (schema.ref !== undefined) return callStatement(schema.ref, spot, scope)
  return [
    typeStatement(schema, spot, scope),
    scope.mode === 'strict' && schema.enum
      ? failIf(notListed(schema.enum, spot.value, scope.use), describe(schema, scope.titleOf), spot, scope)
      : '',
    guarded('string', stringStatements(schema, spot, scope), schema, spot, scope),
    guarded(
      'number',
      scope.mode === 'strict' ? boundStatements(numberBounds(schema, spot.value), spot, scope) : '',
      schema,
      spot,
      scope,
    ),
    guarded('array', arrayStatements(schema, spot, scope), schema, spot, scope),
    guarded('object', objectStatements(schema, spot, scope), schema, spot, scope),
    ...(schema.allOf ?? []).map((part) => statements(part, spot, scope)),
    anyOfStatement(schema, spot, scope),
    oneOfStatement(schema, spot, scope),
    scope.mode === 'strict' ? conditionalStatements(schema, spot, scope) : '',
  ].join('')
}

function failure(expected: string, { value, path }: Spot, scope: Scope): string {
  scope.use('fail')
  return `return fail(${path.length > 0 ? path.join(' + ') : "''"}, ${stringLiteral(expected)}, ${value})`
}

function failIf(condition: string, expected: string, spot: Spot, scope: Scope): string {
  return condition === 'true'
    ? `${failure(expected, spot, scope)}\n`
    : `if (${condition}) ${failure(expected, spot, scope)}\n`
}

function boundStatements(bounds: readonly (readonly [string, string])[], spot: Spot, scope: Scope): string {
  return bounds.map(([condition, expected]) => failIf(condition, expected, spot, scope)).join('')
}

function callStatement(key: string, spot: Spot, scope: Scope): string {
  const call = scope.call(key, spot.value)
  if (call === undefined) return ''
  const name = scope.fresh('f')
  if (spot.path.length === 0) return `const ${name} = ${call}\nif (${name}) return ${name}\n`
  scope.use('at')
  return `const ${name} = ${call}\nif (${name}) return at(${spot.path.join(' + ')}, ${name})\n`
}

function typeStatement(schema: Schema, spot: Spot, scope: Scope): string {
  return schema.types
    ? failIf(
        wrongType(schema.types, spot.value, scope.mode, scope.use),
        describe({ ...schema, enum: undefined } as unknown as Schema, scope.titleOf),
        spot,
        scope,
      )
    : ''
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
  const only =
    schema.types?.length === 1 &&
    (schema.types[0] === type || (type === 'number' && schema.types[0] === 'integer' && scope.mode === 'lenient'))
  if (only) return body
  if (schema.types && !schema.types.includes(type) && !(type === 'number' && schema.types.includes('integer')))
    return ''
  const guard = wrongType([type], spot.value, scope.mode, scope.use)
  const positive = guard.startsWith('!') ? guard.slice(1) : guard.replace('!==', '===')
  return `if (${positive}) {\n${indent(body)}}\n`
}

function stringStatements(schema: Schema, spot: Spot, scope: Scope): string {
  if (scope.mode === 'lenient') return ''
  const pattern = schema.pattern
  if (pattern === undefined) return boundStatements(stringBounds(schema, spot.value, scope.use), spot, scope)
  if (!isLinearPattern(pattern)) {
    scope.patternSkipped(schema)
    return boundStatements(stringBounds(schema, spot.value, scope.use), spot, scope)
  }
  const test = failIf(
    `!new RegExp(${stringLiteral(pattern)}, 'u').test(${spot.value})`,
    'a string of the documented pattern',
    spot,
    scope,
  )
  return boundStatements(stringBounds(schema, spot.value, scope.use), spot, scope) + test
}

function arrayStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const { value } = spot
  const strict = scope.mode === 'strict'
  const bounds: [string, string][] = []
  if (strict && schema.minItems)
    bounds.push([`${value}.length < ${schema.minItems}`, `at least ${schema.minItems} items`])
  if (strict && schema.maxItems !== undefined)
    bounds.push([`${value}.length > ${schema.maxItems}`, `at most ${schema.maxItems} items`])
  if (strict && schema.uniqueItems) {
    scope.use('isUnique')
    bounds.push([`!isUnique(${value})`, 'items without repetition'])
  }
  const prefix = (schema.prefixItems ?? []).map((item, index) => {
    const body = bound(item, `${value}[${index}]`, [...spot.path, `'/${index}'`], scope)
    return body === '' ? '' : `if (${value}.length > ${index}) {\n${indent(body)}}\n`
  })
  const items = schema.items ? loop(schema.items, schema.prefixItems?.length ?? 0, spot, scope) : ''
  return (
    boundStatements(bounds, spot, scope) +
    prefix.join('') +
    items +
    (strict ? containsStatement(schema, spot, scope) : '')
  )
}

/** Statements over a value that is bound to a variable first, so that it is read once. */
function bound(schema: Schema, expression: string, path: readonly string[], scope: Scope): string {
  const name = scope.fresh('v')
  const body = statements(schema, { value: name, path }, scope)
  return body === '' ? '' : `const ${name}: unknown = ${expression}\n${body}`
}

function loop(items: Schema, from: number, spot: Spot, scope: Scope): string {
  const index = scope.fresh('i')
  const body = bound(items, `${spot.value}[${index}]`, [...spot.path, "'/'", index], scope)
  return body === ''
    ? ''
    : `for (let ${index} = ${from}; ${index} < ${spot.value}.length; ${index}++) {\n${indent(body)}}\n`
}

function containsStatement(schema: Schema, spot: Spot, scope: Scope): string {
  if (!schema.contains) return ''
  const { before, test } = fits(schema.contains, 'item', scope)
  const least = schema.minContains ?? 1
  const most = schema.maxContains
  const name = scope.fresh('n')
  const counted = `const ${name} = ${spot.value}.filter((item: unknown) => ${test}).length\n`
  const condition = [
    ...(least > 0 ? [`${name} < ${least}`] : []),
    ...(most === undefined ? [] : [`${name} > ${most}`]),
  ].join(' || ')
  return condition === ''
    ? ''
    : before +
        counted +
        failIf(condition, `an array that contains ${describe(schema.contains, scope.titleOf)}`, spot, scope)
}

/** The URLs to which a client sends a request or a browser; other formats are the provider's affair. */
const endpointName = /(^|_)endpoint$|(^|_)jwks_uri$|^registration_client_uri$|^verification_uri(_complete)?$/

function objectStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const strict = scope.mode === 'strict'
  const bounds: [string, string][] = []
  if (strict && schema.minProperties)
    bounds.push([
      `Object.keys(${spot.value}).length < ${schema.minProperties}`,
      `at least ${schema.minProperties} properties`,
    ])
  if (strict && schema.maxProperties !== undefined)
    bounds.push([
      `Object.keys(${spot.value}).length > ${schema.maxProperties}`,
      `at most ${schema.maxProperties} properties`,
    ])
  const undeclared = (schema.required ?? []).filter((name) => !schema.properties?.has(name))
  return [
    boundStatements(bounds, spot, scope),
    // What nothing declares is more often a mistake in the document than a promise.
    ...(strict ? undeclared : []).map((name) => presence(name, spot, scope)),
    ...[...(schema.properties ?? [])].map(([name, property]) =>
      propertyStatements(name, property, schema.required?.includes(name) === true, spot, scope),
    ),
    strict || schema.additionalProperties ? keyStatements(schema, spot, scope) : '',
    strict ? dependentStatements(schema, spot, scope) : '',
  ].join('')
}

function presence(name: string, spot: Spot, scope: Scope): string {
  const at = { value: 'undefined', path: pathTo(spot, name) }
  return failIf(`!Object.hasOwn(${spot.value}, ${stringLiteral(name)})`, 'a value', at, scope)
}

/** Adjacent literal pieces of a path are one literal. */
function pathTo(spot: Spot, name: string): readonly string[] {
  const piece = stringLiteral(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  const last = spot.path.at(-1)
  return last?.startsWith("'") ? [...spot.path.slice(0, -1), last.slice(0, -1) + piece.slice(1)] : [...spot.path, piece]
}

function propertyStatements(name: string, property: Schema, required: boolean, spot: Spot, scope: Scope): string {
  const variable = scope.fresh('v')
  const at: Spot = { value: variable, path: pathTo(spot, name) }
  const body = statements(property, at, scope) + urlStatement(name, property, at, scope)
  const read = `const ${variable} = ${readProperty(spot.value, name)}\n`
  if (required) {
    // Most types refuse undefined by themselves; what fits everything does not.
    const refusesAbsence = property.types !== undefined && property.ref === undefined
    const absent = refusesAbsence
      ? ''
      : failIf(`${variable} === undefined`, describe(property, scope.titleOf), at, scope)
    return read + absent + body
  }
  if (body === '') return ''
  // A provider that sends null for what it has not means that it is absent.
  return `${read}if (${variable} ${scope.mode === 'lenient' ? '!= null' : '!== undefined'}) {\n${indent(body)}}\n`
}

function urlStatement(name: string, property: Schema, spot: Spot, scope: Scope): string {
  const target = property.ref === undefined ? property : scope.schemas.get(property.ref)?.schema
  if (target?.format !== 'uri' || !endpointName.test(name)) return ''
  scope.use('isUrl')
  return failIf(`typeof ${spot.value} === 'string' && !isUrl(${spot.value})`, 'URL', spot, scope)
}

/** Checks that go over the names that came: `additionalProperties`, `patternProperties`, `propertyNames`. */
function keyStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const key = scope.fresh('k')
  const path = [...spot.path, `token(${key})`]
  const patterns = scope.mode === 'strict' ? [...(schema.patternProperties ?? [])] : []
  const safe = patterns.filter(([pattern]) => isLinearPattern(pattern))
  if (safe.length < patterns.length) scope.patternSkipped(schema)
  const matches = ([pattern]: readonly [string, Schema]): string =>
    `new RegExp(${stringLiteral(pattern)}, 'u').test(${key})`
  const patterned = safe.map((each) =>
    wrap(`if (${matches(each)})`, bound(each[1], `${spot.value}[${key}]`, path, scope)),
  )
  // Where a pattern cannot be run, no one can say which names are additional.
  const additional =
    schema.additionalProperties && safe.length === patterns.length
      ? additionalStatements(schema, schema.additionalProperties, key, path, spot, scope)
      : ''
  const known = [...(schema.properties?.keys() ?? [])].map((name) => `${key} !== ${stringLiteral(name)}`)
  const isAdditional = [...known, ...safe.map((each) => `!${matches(each)}`)].join(' && ')
  const names =
    scope.mode === 'strict' && schema.propertyNames ? statements(schema.propertyNames, { value: key, path }, scope) : ''
  const body =
    names + patterned.join('') + (isAdditional === '' ? additional : wrap(`if (${isAdditional})`, additional))
  if (body === '') return ''
  if (body.includes(`token(${key})`)) scope.use('token')
  return `for (const ${key} of Object.keys(${spot.value})) {\n${indent(body)}}\n`
}

function additionalStatements(
  schema: Schema,
  additional: Schema,
  key: string,
  path: readonly string[],
  spot: Spot,
  scope: Scope,
): string {
  if (!additional.never) return bound(additional, `${spot.value}[${key}]`, path, scope)
  if (scope.mode === 'lenient') return ''
  return `${failure(schema.properties ? 'no other property' : 'no property', { value: `${spot.value}[${key}]`, path }, scope)}\n`
}

const wrap = (head: string, body: string): string => (body === '' ? '' : `${head} {\n${indent(body)}}\n`)

function dependentStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const has = (name: string): string => `Object.hasOwn(${spot.value}, ${stringLiteral(name)})`
  const required = [...(schema.dependentRequired ?? [])].map(([name, names]) =>
    wrap(`if (${has(name)})`, names.map((each) => presence(each, spot, scope)).join('')),
  )
  const schemas = [...(schema.dependentSchemas ?? [])].map(([name, part]) =>
    wrap(`if (${has(name)})`, statements(part, spot, scope)),
  )
  return [...required, ...schemas].join('')
}

/** An expression that is true where the value fits, and statements that it needs before it. */
function fits(schema: Schema, value: string, scope: Scope): { before: string; test: string } {
  if (schema.never) return { before: '', test: 'false' }
  if (schema.ref !== undefined) {
    const call = scope.call(schema.ref, value)
    return { before: '', test: call === undefined ? 'true' : `!${call}` }
  }
  const body = statements(schema, { value: 'value', path: [] }, scope)
  if (body === '') return { before: '', test: 'true' }
  const name = scope.fresh('t')
  return {
    before: `const ${name} = (value: unknown): ValidationFailure | undefined => {\n${indent(`${body}return undefined\n`)}}\n`,
    test: `!${name}(${value})`,
  }
}

function anyOfStatement(schema: Schema, spot: Spot, scope: Scope): string {
  const branches = schema.anyOf
  if (!branches) return ''
  const solid = branches.filter((branch) => !isNull(branch))
  // `anyOf: [X, null]` is how a nullable X is written; the failure of X itself says more than that none fits.
  if (solid.length === 1 && solid.length < branches.length)
    return wrap(`if (${spot.value} !== null)`, statements(solid[0]!, spot, scope))
  return unionStatement(branches, describe({ node: schema.node, anyOf: branches }, scope.titleOf), spot, scope)
}

function unionStatement(branches: readonly Schema[], expected: string, spot: Spot, scope: Scope): string {
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  if (tests.some(({ test }) => test === 'true')) return ''
  return (
    tests.map(({ before }) => before).join('') +
    failIf(`!(${tests.map(({ test }) => test).join(' || ')})`, expected, spot, scope)
  )
}

const isNull = (schema: Schema): boolean => schema.types?.length === 1 && schema.types[0] === 'null'

function oneOfStatement(schema: Schema, spot: Spot, scope: Scope): string {
  const branches = schema.oneOf
  if (!branches) return ''
  const expected = describe({ node: schema.node, oneOf: branches }, scope.titleOf)
  if (scope.mode === 'lenient') {
    const { oneOf: _oneOf, ...rest } = schema
    return anyOfStatement({ ...rest, anyOf: branches }, spot, scope)
  }
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  const count = tests.map(({ test }) => `Number(${test})`).join(' + ')
  return (
    tests.map(({ before }) => before).join('') +
    failIf(`${count} !== 1`, branches.length === 1 ? expected : `exactly one of ${expected}`, spot, scope)
  )
}

function conditionalStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const parts: string[] = []
  if (schema.not) {
    const { before, test } = fits(schema.not, spot.value, scope)
    parts.push(before, failIf(test, 'a value that the schema does not exclude', spot, scope))
  }
  if (schema.if && (schema.then || schema.else)) {
    const { before, test } = fits(schema.if, spot.value, scope)
    const then = schema.then ? statements(schema.then, spot, scope) : ''
    const otherwise = schema.else ? statements(schema.else, spot, scope) : ''
    if (then !== '' || otherwise !== '')
      parts.push(
        before,
        `if (${test}) {\n${indent(then)}}${otherwise === '' ? '' : ` else {\n${indent(otherwise)}}`}\n`,
      )
  }
  return parts.join('')
}
