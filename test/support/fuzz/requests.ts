// Requests to an operation of the document, right but for some mutations, as data that fast-check can shrink.
import fc from 'fast-check'
import { type DescribedOperation, document } from '../document-judge.ts'
import { type Template, templatesOf } from './templates.ts'

export interface FuzzedOperation {
  readonly method: string
  readonly path: string
  readonly operation: DescribedOperation
}

/** Every operation of the document. */
export const operations: readonly FuzzedOperation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, operation]) => operation.operationId !== undefined)
    .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)

/** Stands in every text that is made up, so that it can be looked for in answers. */
export const canary = 'c4n4ry'

/** A parameter's value: by index from the pool, one that the document knows, or made up. */
export type FuzzedValue =
  | { readonly kind: 'pool'; readonly index: number }
  | { readonly kind: 'text'; readonly text: string }

/** What is done to a parameter. */
export interface Mutation {
  readonly kind: 'set' | 'append' | 'drop'
  readonly name: string
  readonly value: FuzzedValue
}

export interface FuzzedRequest {
  /** The request that is right. */
  readonly template: Template
  readonly mutations: readonly Mutation[]
  /** The credentials. */
  readonly authorization: 'right' | 'basic' | 'wrong basic' | 'malformed' | 'bearer' | 'dpop' | 'two' | 'none'
  readonly proof: 'none' | 'fitting' | 'other' | 'garbage' | 'two'
  readonly contentType: 'right' | 'none' | 'json' | 'text' | 'with charset' | 'multipart'
  readonly body: 'right' | 'none' | 'not UTF-8' | 'garbage' | 'huge'
  /** Parameters in the query, too. */
  readonly query: 'as described' | 'all' | 'garbage'
  readonly method: 'right' | 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'HEAD'
  readonly accept: 'any' | 'jwt' | 'garbage'
  readonly origin: 'none' | 'foreign' | 'null'
  readonly pathEnd: 'right' | 'slash' | 'garbage' | 'encoded'
}

type Schema = {
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly enum?: readonly unknown[]
  readonly 'x-known-values'?: readonly unknown[]
}

/** The names that an operation takes, with the values that the document knows of each. */
export function describedParams({ operation }: FuzzedOperation): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { name, in: place, schema } of (operation.parameters ?? []) as readonly {
    name?: string
    in?: string
    schema?: Schema
  }[]) {
    if (name !== undefined && place === 'query') found.set(name, knownValues(schema ?? {}))
  }
  for (const { schema } of Object.values(operation.requestBody?.content ?? {})) collect(schema as Schema, found)
  return found
}

function collect(given: Schema, found: Map<string, readonly string[]>): void {
  const schema = resolve(given)
  for (const [name, property] of Object.entries(schema.properties ?? {})) found.set(name, knownValues(property))
  for (const part of [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) collect(part, found)
}

function knownValues(given: Schema): readonly string[] {
  const schema = resolve(given)
  const own = schema.enum ?? schema['x-known-values'] ?? []
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]
  return [...own.map(String), ...parts.flatMap(knownValues)]
}

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : (document.components.schemas[name] as Schema)
}

/** Mostly what is right, so that few things are wrong at once. */
function mostly<T>(right: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 30, arbitrary: fc.constant(right) }, { weight: 3, arbitrary: fc.constantFrom(...others) })
}

const madeUp = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 24 }).map((text) => canary + text),
  fc.constantFrom('', '0', '-1', 'true', 'null', '{}', '[]', '""', 'a'.repeat(3_000), '\u0000', '%00', '../..', '<b>'),
  fc.constantFrom('eyJhbGciOiJub25lIn0.e30.', 'a.b.c', '....', 'https://x.example/#f', 'javascript:alert(1)', '//x'),
  fc.json({ maxDepth: 2 }),
)

export function requestTo(target: FuzzedOperation): fc.Arbitrary<FuzzedRequest> {
  const described = describedParams(target)
  const names = [...described.keys()]
  const name =
    names.length === 0
      ? fc.constant('x')
      : fc.oneof(
          { weight: 12, arbitrary: fc.constantFrom(...names) },
          {
            weight: 1,
            arbitrary: fc.constantFrom('__proto__', 'constructor', 'x', 'resource', 'client_id', 'client_secret'),
          },
        )
  const mutation = name.chain((one) => {
    const known = described.get(one) ?? []
    const fromPool = { weight: 8, arbitrary: fc.record({ kind: fc.constant('pool' as const), index: fc.nat(11) }) }
    const text = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((it) => ({ kind: 'text' as const, text: it }))
    const values = known.length === 0 ? [] : [{ weight: 6, arbitrary: text(fc.constantFrom(...known)) }]
    const value = fc.oneof(fromPool, ...values, { weight: 2, arbitrary: text(madeUp) })
    const kind = fc.constantFrom('set' as const, 'set' as const, 'append' as const, 'drop' as const)
    return fc.record({ kind, name: fc.constant(one), value })
  })
  return fc.record({
    template: fc.constantFrom(...templatesOf(target.operation.operationId)),
    mutations: fc.array(mutation, { maxLength: 4 }),
    authorization: mostly(
      'right',
      'basic',
      'wrong basic',
      'malformed',
      'bearer',
      'bearer',
      'dpop',
      'two',
      'none',
      'none',
    ),
    proof: mostly('none', 'fitting', 'fitting', 'other', 'garbage', 'two'),
    contentType: mostly('right', 'none', 'json', 'text', 'with charset', 'multipart'),
    body: mostly('right', 'none', 'not UTF-8', 'garbage', 'huge'),
    query: mostly('as described', 'all', 'garbage'),
    method: mostly('right', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
    accept: mostly('any', 'jwt', 'garbage'),
    origin: mostly('none', 'foreign', 'null'),
    pathEnd: mostly('right', 'slash', 'garbage', 'encoded'),
  })
}
