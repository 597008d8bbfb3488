import type { Operation, OperationInput, RequestParts } from '../api.ts'

/**
 * The body of a request, written as the operation says for its content type, which becomes a header field.
 *
 * @throws TypeError for a content type that is not documented, or a body that cannot be written
 */
export function writeBody(
  { id, body: writers = {}, encodings }: Operation,
  { body, contentType }: OperationInput,
  request: RequestParts,
): void {
  if (body === undefined) return
  const mediaType = contentType ?? Object.keys(writers)[0] ?? ''
  const write = writers[mediaType]
  if (!write) throw new TypeError(`${id}: no body of content type "${mediaType}" is documented`)
  const written = write(body, mediaType, encodings?.body)
  request.body = written.body
  request.duplex = 'half'
  if (written.contentType) request.headers.set('content-type', written.contentType)
}
