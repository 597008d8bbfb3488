import type { NamedSchema, Schema } from '../../spec.ts'
import { indent, stringLiteral } from '../text.ts'
import type { ValidationMode } from './conditions.ts'
import { helper } from './helpers.ts'

/** What the statements of one validator share. */
export interface Scope {
  readonly mode: ValidationMode
  readonly schemas: ReadonlyMap<string, NamedSchema>
  /** Statements for a subschema: the emitters of one keyword call back for what is inside it. */
  statements(schema: Schema, spot: Spot): string
  /** The validator of a named schema, called on an expression; undefined where everything fits it. */
  call(key: string, value: string): string | undefined
  titleOf(key: string): string
  /** A variable name that is not used yet in this validator. */
  fresh(letter: string): string
  patternSkipped(schema: Schema): void
  unevaluatedSkipped(schema: Schema): void
}

/** A place in the value: a JavaScript expression for it, and one for its JSON Pointer. */
export interface Spot {
  readonly value: string
  /** Expressions to be joined by `+`; literal ones already escaped and quoted. */
  readonly path: readonly string[]
  /** What the compiler knows of the value from statements before, as `narrowings` has it. */
  readonly narrowed?: readonly string[]
}

export function failure(expected: string, { value, path }: Spot): string {
  return `return ${helper('fail')}(${path.length > 0 ? path.join(' + ') : "''"}, ${stringLiteral(expected)}, ${value})`
}

export function failIf(condition: string, expected: string, spot: Spot): string {
  if (condition === 'false') return ''
  return condition === 'true' ? `${failure(expected, spot)}\n` : `if (${condition}) ${failure(expected, spot)}\n`
}

/** What follows a certain failure would be unreachable, and there the compiler knows the type of nothing. */
export const alwaysFails = (body: string): boolean => /(?:^|\n)return [^\n]*\n$/.test(body)

/** Statements one after the other, up to those that fail whatever comes. */
export function sequence(pieces: readonly string[]): string {
  const last = pieces.findIndex(alwaysFails)
  return (last === -1 ? pieces : pieces.slice(0, last + 1)).join('')
}

/** Conditions of failure, each with what was expected. */
export type Bounds = readonly (readonly [condition: string, expected: string])[]

export function failIfAny(bounds: Bounds, spot: Spot): string {
  return sequence(bounds.map(([condition, expected]) => failIf(condition, expected, spot)))
}

/** Statements over a value that is bound to a variable first, so that it is read once. */
export function bound(schema: Schema, expression: string, path: readonly string[], scope: Scope): string {
  const name = scope.fresh('v')
  const body = scope.statements(schema, { value: name, path })
  return body === '' ? '' : `const ${name}: unknown = ${expression}\n${body}`
}

/** Statements under a condition; a single check joins the condition. */
export function when(condition: string, body: string): string {
  const single = /^if \((?<check>[^\n]*)\) (?<then>return [^\n]*)\n$/.exec(body)?.groups
  if (body === '') return ''
  if (!single || / \|\| /.test(condition)) return `if (${condition}) {\n${indent(body)}}\n`
  const check = single.check!
  return `if (${condition} && ${/ \|\| /.test(check) && !check.startsWith('!(') ? `(${check})` : check}) ${single.then}\n`
}

/** The place of a property. Adjacent literal pieces of a path are one literal. */
export function pathTo(spot: Spot, name: string): readonly string[] {
  const piece = stringLiteral(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  const last = spot.path.at(-1)
  return last?.startsWith("'") ? [...spot.path.slice(0, -1), last.slice(0, -1) + piece.slice(1)] : [...spot.path, piece]
}

/** An expression that is true where the value fits, and statements that it needs before it. */
export function fits(schema: Schema, value: string, scope: Scope): { readonly before: string; readonly test: string } {
  if (schema.never) return { before: '', test: 'false' }
  if (schema.ref !== undefined) {
    const call = scope.call(resolveKey(schema, scope) ?? schema.ref, value)
    return { before: '', test: call === undefined ? 'true' : `!${call}` }
  }
  const body = scope.statements(schema, { value: 'value', path: [] })
  if (body === '') return { before: '', test: 'true' }
  const name = scope.fresh('t')
  const before = `const ${name} = (value: unknown): ValidationFailure | undefined => {\n${indent(alwaysFails(body) ? body : `${body}return undefined\n`)}}\n`
  return { before, test: `!${name}(${value})` }
}

/** The schema behind a chain of references that alias-cycles.ts has made finite. */
export function resolveAlias(schema: Schema, scope: Scope): Schema {
  const key = resolveKey(schema, scope)
  return (key === undefined ? undefined : scope.schemas.get(key)?.schema) ?? schema
}

/** The key of the last named schema of such a chain; undefined for a schema that is no reference. */
export function resolveKey(schema: Schema, scope: Scope): string | undefined {
  let key = schema.ref
  for (let next = key; next !== undefined; next = scope.schemas.get(next)?.schema.ref) key = next
  return key
}
