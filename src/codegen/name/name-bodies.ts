import { isJson, isMultipart, isUrlEncoded } from '../media-types.ts'
import type { MediaSpec, NamedSchema, OperationSpec, Schema, Spec } from '../spec.ts'
import { functionName, pathName } from './identifiers.ts'

/** Gives inline bodies of operations a name of their own, so that each has one type and one validator. */
export function nameBodies(spec: Spec): Spec {
  const schemas = new Map(spec.schemas)
  const operations = spec.operations.map((operation) => nameBodiesOf(operation, schemas))
  return { ...spec, schemas, operations }
}

function nameBodiesOf(operation: OperationSpec, schemas: Map<string, NamedSchema>): OperationSpec {
  const base =
    operation.operationId === undefined
      ? pathName(operation.method, operation.path)
      : functionName(operation.operationId)
  const successes = operation.responses.filter(({ status, content }) => status.startsWith('2') && content.length > 0)
  const nameContent = (content: readonly MediaSpec[], place: string, title: string): readonly MediaSpec[] =>
    content.map((media, index) => {
      if (!media.schema || !isWorthAName(media, media.schema)) return media
      const key = `${operation.key} ${place} ${media.mediaType}`
      schemas.set(key, { key, title: index === 0 ? title : `${title} ${media.mediaType}`, schema: media.schema })
      return { ...media, schema: { node: media.schema.node, ref: key } }
    })
  return {
    ...operation,
    ...(operation.body
      ? { body: { ...operation.body, content: nameContent(operation.body.content, 'body', `${base} body`) } }
      : {}),
    responses: operation.responses.map((response) => {
      const isOnlySuccess = successes.length === 1 && successes[0] === response
      const title = isOnlySuccess
        ? `${base} response`
        : `${base} ${response.status === 'default' ? 'default' : response.status} response`
      return { ...response, content: nameContent(response.content, response.status, title) }
    }),
  }
}

/** A structured body that is not named already; other media types are strings and bytes to the caller. */
function isWorthAName({ mediaType }: MediaSpec, schema: Schema): boolean {
  if (!isJson(mediaType) && !isUrlEncoded(mediaType) && !isMultipart(mediaType)) return false
  const { node: _node, ref, description: _description, title: _title, examples: _examples, ...rest } = schema
  return ref === undefined && Object.keys(rest).length > 0
}
