import type { Schema } from '../../spec.ts'
import { indent } from '../text.ts'
import { describe } from './describe.ts'
import { narrowings, soleBranch } from './narrowings.ts'
import { alwaysFails, failIf, fits, type Scope, type Spot, sequence, when } from './scope.ts'

/** `anyOf`, `oneOf`, `not` and `if`: keywords that ask whether a value fits, rather than where it does not. */
export function unionStatements(schema: Schema, spot: Spot, scope: Scope): string[] {
  const { anyOf, oneOf } = schema
  if (scope.mode === 'lenient')
    return [
      anyOf ? anyOfStatement(anyOf, schema, spot, scope) : '',
      oneOf ? anyOfStatement(oneOf, schema, afterwards(spot, anyOf, scope), scope) : '',
    ]
  const last = afterwards(afterwards(spot, anyOf, scope), oneOf, scope)
  return [
    anyOf ? anyOfStatement(anyOf, schema, spot, scope) : '',
    oneOf ? oneOfStatement(oneOf, schema, afterwards(spot, anyOf, scope), scope) : '',
    notStatement(schema, spot, scope),
    conditionalStatement(schema, last, scope),
  ]
}

/** The place with what a union of one branch has narrowed. */
function afterwards(spot: Spot, branches: readonly Schema[] | undefined, scope: Scope): Spot {
  const branch = soleBranch(branches)
  return branch ? { ...spot, narrowed: [...(spot.narrowed ?? []), ...narrowings(branch, scope)] } : spot
}

function anyOfStatement(branches: readonly Schema[], schema: Schema, spot: Spot, scope: Scope): string {
  // The failure of the only branch itself says more than that none fits.
  const sole = soleBranch(branches)
  if (sole) {
    const body = scope.statements(sole, spot)
    return branches.length === 1 ? body : when(`${spot.value} !== null`, body)
  }
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  if (tests.some(({ test }) => test === 'true')) return ''
  const expected = describe({ node: schema.node, anyOf: branches }, scope.titleOf)
  const possible = tests.filter(({ test }) => test !== 'false')
  const condition = possible.length === 0 ? 'true' : `!(${possible.map(({ test }) => test).join(' || ')})`
  return tests.map(({ before }) => before).join('') + failIf(condition, expected, spot)
}

function oneOfStatement(branches: readonly Schema[], schema: Schema, spot: Spot, scope: Scope): string {
  if (branches.length === 1) return scope.statements(branches[0]!, spot)
  const tests = branches.map((branch) => fits(branch, spot.value, scope))
  const count = tests.map(({ test }) => `Number(${test})`).join(' + ')
  const expected = `exactly one of ${describe({ node: schema.node, oneOf: branches }, scope.titleOf)}`
  return tests.map(({ before }) => before).join('') + failIf(`${count} !== 1`, expected, spot)
}

function notStatement(schema: Schema, spot: Spot, scope: Scope): string {
  if (!schema.not) return ''
  const { before, test } = fits(schema.not, spot.value, scope)
  return before + failIf(test, 'a value that the schema does not exclude', spot)
}

function conditionalStatement(schema: Schema, spot: Spot, scope: Scope): string {
  if (!schema.if) return ''
  const then = schema.then ? scope.statements(schema.then, spot) : ''
  const otherwise = schema.else ? scope.statements(schema.else, spot) : ''
  if (then === '' && otherwise === '') return ''
  const { before, test } = fits(schema.if, spot.value, scope)
  if (test === 'true') return then
  if (test === 'false') return otherwise
  // Where both fail, the compiler must see that nothing comes behind them.
  if (alwaysFails(then)) return sequence([`${before}if (${test}) {\n${indent(then)}}\n`, otherwise])
  return `${before}if (${test}) {\n${indent(then)}}${otherwise === '' ? '' : ` else {\n${indent(otherwise)}}`}\n`
}
