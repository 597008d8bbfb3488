import type { Schema } from '../../spec.ts'
import { indent } from '../text.ts'
import { describe } from './describe.ts'
import { helper } from './helpers.ts'
import { bound, failIf, failIfAny, fits, type Scope, type Spot, sequence, when } from './scope.ts'

/** Checks of a value that is known to be an array. */
export function arrayStatements(schema: Schema, spot: Spot, scope: Scope): string {
  const prefix = (schema.prefixItems ?? []).map((item, index) =>
    when(
      `${spot.value}.length > ${index}`,
      bound(item, `${spot.value}[${index}]`, [...spot.path, `'/${index}'`], scope),
    ),
  )
  const items = schema.items ? loop(schema.items, schema.prefixItems?.length ?? 0, spot, scope) : ''
  return sequence([
    scope.mode === 'strict' ? strictBounds(schema, spot) : '',
    ...prefix,
    items,
    scope.mode === 'strict' ? containsStatement(schema, spot, scope) : '',
  ])
}

function strictBounds({ minItems, maxItems, uniqueItems }: Schema, spot: Spot): string {
  const bounds: [string, string][] = []
  if (minItems !== undefined && minItems > 0)
    bounds.push([`${spot.value}.length < ${minItems}`, `at least ${minItems} items`])
  if (maxItems !== undefined) bounds.push([`${spot.value}.length > ${maxItems}`, `at most ${maxItems} items`])
  if (uniqueItems) bounds.push([`!${helper('isUnique')}(${spot.value})`, 'items without repetition'])
  return failIfAny(bounds, spot)
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
  const { minContains = 1, maxContains } = schema
  const name = scope.fresh('n')
  const conditions = [
    ...(minContains > 0 ? [`${name} < ${minContains}`] : []),
    ...(maxContains === undefined ? [] : [`${name} > ${maxContains}`]),
  ]
  if (conditions.length === 0) return ''
  const counted =
    test === 'true' || test === 'false'
      ? `const ${name}: number = ${test === 'true' ? `${spot.value}.length` : '0'}\n`
      : `const ${name} = ${spot.value}.filter((item: unknown) => ${test}).length\n`
  return (
    before +
    counted +
    failIf(conditions.join(' || '), `an array that contains ${describe(schema.contains, scope.titleOf)}`, spot)
  )
}
