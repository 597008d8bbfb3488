import { isUrlEncoded, parseMediaType } from '../media-types.ts'
import { type Context, dereference, type Part } from './context.ts'
import { entries, isRawObject, own, strings } from './raw.ts'

/**
 * The parameters that a parameter stands for. From 3.2 on one in `querystring` is the whole query; as a form, which is
 * what queries are, it has a parameter in each property (OpenAPI 3.2, Parameter Locations).
 */
export function expandQueryString(context: Context, parameter: Part): Part[] {
  if (own(parameter.node, 'in') !== 'querystring') return [parameter]
  const [mediaType = '', media] = entries(own(parameter.node, 'content'))[0] ?? []
  const form = dereference(context, { ...parameter, node: media })
  const schema = dereference(context, { ...form, node: own(form.node, 'schema') })
  const properties = entries(own(schema.node, 'properties'))
  if (isUrlEncoded(parseMediaType(mediaType) ?? '') && properties.length > 0) {
    const required = strings(own(schema.node, 'required'))
    return properties.map(([name, property]): Part => {
      const encoding = own(own(form.node, 'encoding'), name)
      const node = { ...(isRawObject(encoding) && encoding), name, in: 'query', required: required.includes(name) }
      return { ...schema, node: { ...node, schema: property } }
    })
  }
  context.diagnostics.warn(
    'unsupported',
    parameter.node,
    'the parameter in "querystring" is left out: its content is not a form with properties',
    'give the URL of a call by its option "url", or describe the query as application/x-www-form-urlencoded',
  )
  return []
}
