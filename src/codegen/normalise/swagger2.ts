import type { ValueEncoding } from '../../lib/api.ts'
import { isJson } from '../media-types.ts'
import type { BodySpec, MediaSpec, Schema } from '../spec.ts'
import type { Context, Part } from './context.ts'
import { readMediaType } from './media-type.ts'
import { list, optional, own, strings, text } from './raw.ts'
import { normaliseSchema } from './schema.ts'
import { withoutTrailingSlashes } from './servers.ts'

/**
 * Swagger 2.0, where it differs in shape from what came later: the server in three fields, the body among the
 * parameters, the schema of a response beside its media types.
 */
export function swaggerServers(root: unknown): unknown {
  const host = text(own(root, 'host'))
  if (host === undefined) return []
  const scheme =
    strings(own(root, 'schemes')).find((each) => each === 'https') ?? strings(own(root, 'schemes'))[0] ?? 'https'
  return [{ url: withoutTrailingSlashes(`${scheme}://${host}${text(own(root, 'basePath')) ?? ''}`) }]
}

/** Splits the dereferenced parameters into those of the request line and headers, and those of the body. */
export function splitSwaggerParameters(parameters: readonly Part[]): { rest: Part[]; body: Part[] } {
  const isBody = ({ node }: Part): boolean => own(node, 'in') === 'body' || own(node, 'in') === 'formData'
  return { rest: parameters.filter((part) => !isBody(part)), body: parameters.filter(isBody) }
}

export function readSwaggerBody(
  context: Context,
  root: Part,
  operation: Part,
  parameters: readonly Part[],
): BodySpec | undefined {
  if (parameters.length === 0) return undefined
  const consumes = mediaTypes(context, operation, root, 'consumes')
  const whole = parameters.find(({ node }) => own(node, 'in') === 'body')
  if (whole) {
    const schema = normaliseSchema(context, { ...whole, node: own(whole.node, 'schema') ?? {} })
    const content = consumes.length > 0 ? consumes : ['application/json']
    return {
      required: own(whole.node, 'required') === true,
      ...optional('description', text(own(whole.node, 'description'))),
      content: content.map((mediaType) => ({ mediaType, schema, encodings: new Map() })),
    }
  }
  return readSwaggerForm(context, operation, parameters, consumes)
}

/** Form fields are parameters one by one, each its own schema (a boolean `required` says nothing there); together they are the object that a form is today. */
function readSwaggerForm(
  context: Context,
  operation: Part,
  fields: readonly Part[],
  consumes: readonly string[],
): BodySpec {
  const named = fields.map((part) => ({ name: text(own(part.node, 'name')) ?? '', part }))
  const required = named.filter(({ part }) => own(part.node, 'required') === true).map(({ name }) => name)
  const schema: Schema = {
    node: operation.node,
    types: ['object'],
    properties: new Map(named.map(({ name, part }) => [name, normaliseSchema(context, part)])),
    ...(required.length > 0 ? { required } : {}),
  }
  const hasFile = named.some(({ part }) => own(part.node, 'type') === 'file')
  const form = 'application/x-www-form-urlencoded'
  const declared = consumes.filter((each) => each === form || each.startsWith('multipart/'))
  const content = hasFile ? ['multipart/form-data'] : declared.length > 0 ? declared : [form]
  const encodings = new Map(
    named
      .map(({ name, part }) => [name, swaggerEncoding(part.node, 'form')] as const)
      .filter(([, encoding]) => Object.keys(encoding).length > 0),
  )
  return {
    required: required.length > 0,
    content: content.map((mediaType) => ({ mediaType, schema, encodings: mediaType === form ? encodings : new Map() })),
  }
}

const separators: Readonly<Record<string, ValueEncoding['style']>> = { ssv: 'spaceDelimited', pipes: 'pipeDelimited' }

/** `collectionFormat`, whose default is a list joined by commas. */
export function swaggerEncoding(parameter: unknown, defaultStyle: 'form' | 'simple'): ValueEncoding {
  if (own(parameter, 'type') !== 'array' || defaultStyle === 'simple') return {}
  const format = text(own(parameter, 'collectionFormat')) ?? 'csv'
  if (format === 'multi') return {}
  const style = Object.hasOwn(separators, format) ? separators[format] : undefined
  return style === undefined ? { explode: false } : { style }
}

/** The media types of a response are those that the operation produces. */
export function readSwaggerContent(
  context: Context,
  root: Part,
  operation: Part,
  response: Part,
  status: string,
): MediaSpec[] {
  const node = own(response.node, 'schema')
  if (node === undefined) return []
  const schema = normaliseSchema(context, { ...response, node })
  const json = 'application/json'
  const produces = mediaTypes(context, operation, root, 'produces')
  // Who downloads a file has only the file's type in `produces`; what goes wrong is told in JSON all the same.
  const isError = !status.startsWith('2')
  const isComplete = produces.length > 0 && (!isError || produces.some(isJson))
  return (isComplete ? produces : [...produces, json]).map((mediaType) => ({
    mediaType,
    schema,
    encodings: new Map(),
  }))
}

function mediaTypes(context: Context, operation: Part, root: Part, field: 'consumes' | 'produces'): string[] {
  const { node } = list(own(operation.node, field)).length > 0 ? operation : root
  return [...new Set(strings(own(node, field)).map((each) => readMediaType(context, node, each)))]
}
