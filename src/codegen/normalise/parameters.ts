import type { ValueEncoding } from '../../lib/api.ts'
import type { ParameterPlace, ParameterSpec, Schema } from '../spec.ts'
import type { Context, Part } from './context.ts'
import { expandQueryString } from './query-string.ts'
import { entries, isRawObject, oneOf, optional, own, text } from './raw.ts'
import { normaliseSchema } from './schema.ts'
import { swaggerEncoding } from './swagger2.ts'

const places: Readonly<Record<string, ParameterPlace>> = {
  path: 'path',
  query: 'query',
  header: 'headers',
  cookie: 'cookies',
}
const styles = ['form', 'simple', 'label', 'matrix', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const

/** Parameters of the path item, then of the operation; a later one takes the place of an earlier. */
export function readParameters(
  context: Context,
  operation: Part,
  given: readonly Part[],
  path: string,
): ParameterSpec[] {
  const parameters = new Map<string, ParameterSpec>()
  for (const part of given.flatMap((each) => expandQueryString(context, each))) {
    const parameter = readParameter(context, operation, part)
    if (!parameter) continue
    const { place, name } = parameter
    if (place !== 'path' || path.includes(`{${name}}`)) parameters.set(`${place} ${name}`, parameter)
    else {
      const message = `the path parameter "${name}" is left out: ${path} has no place for it`
      context.diagnostics.warn('invalid_document', part.node, message, 'name it in the path, or declare it elsewhere')
    }
  }
  for (const [, name] of path.matchAll(/\{([^{}]+)\}/g)) {
    if (name === undefined || parameters.has(`path ${name}`)) continue
    context.diagnostics.warn(
      'invalid_document',
      operation.node,
      `the path parameter "${name}" is not declared; it is taken as a string`,
      'declare it under parameters',
    )
    parameters.set(`path ${name}`, {
      place: 'path',
      name,
      required: true,
      schema: { node: operation.node, types: ['string'] },
      encoding: {},
    })
  }
  return [...parameters.values()]
}

function readParameter(context: Context, operation: Part, part: Part): ParameterSpec | undefined {
  const { node } = part
  const given = text(own(node, 'in')) ?? ''
  const place = Object.hasOwn(places, given) ? places[given] : undefined
  const name = text(own(node, 'name'))
  if (!place || name === undefined) {
    if (node !== undefined)
      context.diagnostics.warn(
        'invalid_document',
        isRawObject(node) ? node : operation.node,
        `a parameter in "${given}" is left out`,
        'parameters have a name and are in path, query, header or cookie',
      )
    return undefined
  }
  // OpenAPI 3.1 4.8.12.2.1: these three headers are described elsewhere, and set by the transport.
  if (place === 'headers' && ['accept', 'content-type', 'authorization'].includes(name.toLowerCase())) return undefined
  const content = entries(own(node, 'content'))[0]
  const isSwagger = context.dialect === 2
  const schemaNode = content ? own(content[1], 'schema') : isSwagger ? node : own(node, 'schema')
  const defaultStyle = place === 'query' || place === 'cookies' ? 'form' : 'simple'
  const schema: Schema = schemaNode === undefined ? { node } : normaliseSchema(context, { ...part, node: schemaNode })
  return {
    place,
    name,
    required: place === 'path' || own(node, 'required') === true,
    schema,
    encoding: content
      ? { style: 'json' }
      : isSwagger
        ? swaggerEncoding(node, defaultStyle)
        : readEncoding(node, defaultStyle),
    ...optional('description', text(own(node, 'description')) ?? schema.description),
    ...optional('deprecated', own(node, 'deprecated') === true ? (true as const) : undefined),
  }
}

/** What departs from the default style of a place. */
export function readEncoding(node: unknown, defaultStyle: 'form' | 'simple'): ValueEncoding {
  const style = oneOf(own(node, 'style'), styles) ?? defaultStyle
  const explode = own(node, 'explode')
  return {
    ...(style === defaultStyle ? {} : { style }),
    ...(typeof explode === 'boolean' && explode !== (style === 'form') ? { explode } : {}),
    ...(own(node, 'allowReserved') === true ? { allowReserved: true } : {}),
  }
}
