// Ajv 2020 as the oracle of the strict validators: the same verdict on instances that mostly fit and on mutations of
// them. Documents before 3.1 are turned into JSON Schema 2020-12 here once more, by other code than the generator's.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { isLinearPattern } from '../../../src/codegen/emit/validators/safe-pattern.ts'
import type { Validator } from '../../../src/lib/api.ts'
import { createInstances } from './instances.ts'
import { loadValidators } from './load-validators.ts'

export interface Comparison {
  readonly pairs: number
  readonly accepted: number
  /** Schemas that Ajv itself cannot compile, and why. */
  readonly skipped: readonly string[]
  readonly disagreements: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/** The rule of the generator, written once more: formats are checked where a client sends a request. */
const isEndpoint = (name: string): boolean =>
  /(^|_)endpoint$|(^|_)jwks_uri$|^registration_client_uri$|^verification_uri(_complete)?$/.test(name)

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A schema in the dialect of the oracle. What the generator understands where a document is vague is done here too: an
 * object without `type` that has properties is one, numbers in an enum of strings are strings.
 */
function convert(node: unknown, legacy: boolean, name = '', isMap = false): unknown {
  if (Array.isArray(node)) return node.map((item) => convert(item, legacy))
  if (!isJson(node)) return node
  if (isMap) return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, convert(each, legacy, key)]))
  if (typeof node.$ref === 'string' && legacy) {
    const ref = { $ref: node.$ref }
    return node.nullable === true || node['x-nullable'] === true ? { anyOf: [ref, { type: 'null' }] } : ref
  }
  const maps = ['properties', 'patternProperties', 'schemas', 'definitions', 'dependentSchemas', '$defs']
  const data = ['enum', 'const', 'default', 'example', 'examples', 'required', 'discriminator', 'xml', 'externalDocs']
  const given: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === 'example' || key === 'discriminator' || key.startsWith('x-')) continue
    // Where a branch decides what is evaluated, the generator leaves it to the application, with a warning.
    if (key === 'unevaluatedProperties' && (node.anyOf ?? node.oneOf ?? node.if ?? node.dependentSchemas)) continue
    // What the generator does not run, with a warning, nobody does here.
    if (key === 'pattern' && (typeof value !== 'string' || !isLinearPattern(value))) continue
    if (key === 'format') {
      if (value === 'uri' && isEndpoint(name)) given.format = 'endpoint'
    } else if (data.includes(key)) given[key] = value
    else given[key] = convert(value, legacy, key, maps.includes(key))
  }
  return settle(given, legacy, node)
}

function settle(given: Record<string, unknown>, legacy: boolean, node: Json): Record<string, unknown> {
  const composed = given.enum ?? given.const ?? given.anyOf ?? given.oneOf
  if (given.type === undefined && composed === undefined) {
    if (given.properties || isJson(given.additionalProperties)) given.type = 'object'
    else if (given.items || given.prefixItems) given.type = 'array'
  }
  if (given.type === 'file') given.type = 'string'
  if (given.type === 'string' && Array.isArray(given.enum))
    given.enum = given.enum.map((value) =>
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
    )
  if (!Array.isArray(given.required)) delete given.required
  if (isJson(given.properties) && Array.isArray(given.required)) {
    // What only the server reads is in no answer.
    const own = isJson(node.properties) ? node.properties : {}
    given.required = given.required.filter((each) => !(isJson(own[each]) && (own[each] as Json).writeOnly === true))
  }
  if (isJson(given.patternProperties)) {
    const patterns = Object.entries(given.patternProperties)
    const run = patterns.filter(([pattern]) => isLinearPattern(pattern))
    given.patternProperties = Object.fromEntries(run)
    // Where a pattern is not run, no one can say which names are additional.
    if (run.length < patterns.length) delete given.additionalProperties
  }
  if (!legacy) return given
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const open = given[exclusive]
    if (typeof open !== 'boolean') continue
    delete given[exclusive]
    if (!open) continue
    given[exclusive] = given[bound]
    delete given[bound]
  }
  if (node.nullable !== true && node['x-nullable'] !== true) return given
  const { nullable: _, ...rest } = given
  if (rest.allOf ?? rest.anyOf ?? rest.oneOf ?? rest.not) return { anyOf: [rest, { type: 'null' }] }
  if (rest.type === undefined) return rest
  return {
    ...rest,
    type: [rest.type, 'null'].flat(),
    ...(Array.isArray(rest.enum) ? { enum: [...rest.enum, null] } : {}),
  }
}

/** @param rounds for each schema; each is three pairs */
export async function compareWithAjv(
  text: string,
  output: { readonly validators: string; readonly names: string },
  rounds: number,
): Promise<Comparison> {
  const raw = parse(text, { merge: true, uniqueKeys: false, maxAliasCount: -1 }) as Json
  const legacy = !String(raw.openapi ?? '2').startsWith('3.1') && !String(raw.openapi ?? '2').startsWith('3.2')
  const isSwagger = raw.openapi === undefined
  const place = isSwagger ? 'definitions' : 'components/schemas'
  const schemas = convert(
    (isSwagger ? raw.definitions : (raw.components as Json | undefined)?.schemas) ?? {},
    legacy,
    '',
    true,
  ) as Json
  const document = isSwagger ? { definitions: schemas } : { components: { schemas } }
  const validators = await loadValidators(output.validators)
  const names = (JSON.parse(output.names) as { models: Record<string, string> }).models
  const formats = { endpoint: (value: string) => URL.canParse(value) }
  // Decimal fractions are rounded in binary: 19.99 is a multiple of 0.01.
  const multipleOfPrecision = 9
  const ajv = new Ajv2020({
    strict: false,
    multipleOfPrecision,
    logger: false,
    ownProperties: true,
    validateSchema: false,
    formats,
  })
  ajv.addSchema(document, 'document')
  const result = { pairs: 0, accepted: 0, skipped: [] as string[], disagreements: [] as string[] }
  for (const [index, name] of Object.keys(schemas).entries()) {
    const pointer = `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const $ref = `#/${encodeURI(pointer)}`
    const validate = validators[`validate${capital(names[`#/${pointer}`] ?? '')}`]
    let judge: ValidateFunction
    try {
      judge = ajv.compile({ $ref: `document${$ref}` })
    } catch (error) {
      result.skipped.push(`${name}: ${(error as Error).message.slice(0, 100)}`)
      continue
    }
    if (!validate) {
      result.skipped.push(`${name}: not generated`)
      continue
    }
    try {
      compareSchema({ name, $ref, judge, validate }, createInstances(document, index + 1), rounds, result)
    } catch (error) {
      // Schemas that are defined by each other alone; the generator cuts them, the oracle runs in circles.
      if (!(error instanceof RangeError)) throw error
      result.skipped.push(`${name}: the oracle does not end`)
    }
  }
  return result
}

interface Judged {
  readonly name: string
  readonly $ref: string
  readonly judge: ValidateFunction
  readonly validate: Validator
}

function compareSchema(
  { name, $ref, judge, validate }: Judged,
  { sample, mutate }: ReturnType<typeof createInstances>,
  rounds: number,
  result: { pairs: number; accepted: number; disagreements: string[] },
): void {
  for (let round = 0; round < rounds; round++) {
    const valid = sample({ $ref })
    const mutated = mutate(valid)
    for (const value of [valid, mutated, mutate(mutated)]) {
      const failure = validate(value)
      const verdict = judge(value)
      result.pairs++
      if (verdict) result.accepted++
      if (verdict === (failure === undefined)) continue
      const theirs = verdict ? 'valid' : JSON.stringify(judge.errors?.[0])
      const ours = JSON.stringify(failure)
      result.disagreements.push(`${name}: Ajv says ${theirs}, we say ${ours} of ${JSON.stringify(value).slice(0, 300)}`)
    }
  }
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
