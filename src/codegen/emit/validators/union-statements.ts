import type { Schema } from '../../spec.ts'
import { indent } from '../text.ts'
import { describe } from './describe.ts'
import { failIf, fits, type Scope, type Spot, when } from './scope.ts'

/** `anyOf`, `oneOf`, `not` and `if`: keywords that ask whether a value fits, rather than where it does not. */
export function unionStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const { anyOf, oneOf } = schema
  if (scope.mode === 'lenient')
    return [anyOf, oneOf].map((branches) => (branches ? anyOfStatement(branches, schema, spot, scope) : '')).join('')
  return [
    anyOf ? anyOfStatement(anyOf, schema, spot, scope) : '',
    oneOf ? oneOfStatement(oneOf, schema, spot, scope) : '',
    notStatement(schema, spot, scope),
    conditionalStatement(schema, spot, scope),
  ].join('')
}

const isNull = (schema: Schema): boolean => schema.types?.length === 1 && schema.types[0] === 'null'

function anyOfStatement(branches: readonly Schema[], schema: Schema, spot: Spot, scope: Scope): string {
  const solid = branches.filter((branch) => !isNull(branch))
  // `anyOf: [X, null]` is how a nullable X is written; the failure of X itself says more than that none fits.
  if (solid.length === 1) {
    const body = scope.statements(solid[0]!, spot)
    return branches.length === 1 ? body : when(`${spot.value} !== null`, body)
  }
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  if (tests.some(({ test }) => test === 'true')) return ''
  const expected = describe({ node: schema.node, anyOf: branches }, scope.titleOf)
  return (
    tests.map(({ before }) => before).join('') +
    failIf(`!(${tests.map(({ test }) => test).join(' || ')})`, expected, spot, scope)
  )
}

function oneOfStatement(branches: readonly Schema[], schema: Schema, spot: Spot, scope: Scope): string {
  if (branches.length === 1) return scope.statements(branches[0]!, spot)
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  const count = tests.map(({ test }) => `Number(${test})`).join(' + ')
  const expected = `exactly one of ${describe({ node: schema.node, oneOf: branches }, scope.titleOf)}`
  return tests.map(({ before }) => before).join('') + failIf(`${count} !== 1`, expected, spot, scope)
}

function notStatement(schema: Schema, spot: Spot, scope: Scope): string {
  if (!schema.not) return ''
  const { before, test } = fits(schema.not, spot.value, scope)
  return before + failIf(test, 'a value that the schema does not exclude', spot, scope)
}

function conditionalStatement(schema: Schema, spot: Spot, scope: Scope): string {
  if (!schema.if) return ''
  const then = schema.then ? scope.statements(schema.then, spot) : ''
  const otherwise = schema.else ? scope.statements(schema.else, spot) : ''
  if (then === '' && otherwise === '') return ''
  const { before, test } = fits(schema.if, spot.value, scope)
  if (test === 'true') return then
  return `${before}if (${test}) {\n${indent(then)}}${otherwise === '' ? '' : ` else {\n${indent(otherwise)}}`}\n`
}
