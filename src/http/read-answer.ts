import { ResponseError, type ResponseErrorCode } from '../errors/response.ts'
import type { Answer, Operation } from '../lib/api.ts'
import { mediaTypeOf } from '../lib/media-type.ts'
import type { Runtime } from '../lib/runtime.ts'
import { withoutQuery } from './network-errors.ts'

/**
 * Holds an answer against the operation's description: status, content type, JSON, schema.
 *
 * @param bytes the body of `response`, which has been read
 * @throws ResponseError for what the document does not describe
 * @throws the operation's own kind of error (OAuthResponseError) where that is one all the same
 */
export function readAnswer(
  operation: Operation,
  { url, method }: Request,
  response: Response,
  bytes: ArrayBuffer,
  runtime?: Runtime,
): Answer {
  const { id, clause, responses, read, readError, excerpt } = operation
  const { status, headers, ok } = response
  const contentType = bytes.byteLength ? mediaTypeOf(headers) : ''
  const answer = { ok, status, body: undefined as unknown, headers, contentType }
  const unfit = (
    code: ResponseErrorCode,
    expected: string,
    actual: string = contentType || (bytes.byteLength ? 'no content type' : 'no body'),
  ): Error =>
    readError?.(operation, answer, bytes, runtime) ??
    new ResponseError(code, `${id}: expected ${expected}, got ${actual} with status ${status}`, {
      url: withoutQuery(url),
      status,
      contentType,
      clause,
      expected,
      actual,
      response,
      ...excerpt?.(status, contentType, bytes),
    })

  const statuses = Object.keys(responses)
  // `default` stands for a success only where the document lists none: else it is the model of errors.
  const others = ok && statuses.some((key) => key[0] === '2') ? undefined : responses.default
  const content = responses[status] ?? responses[`${Math.floor(status / 100)}XX`] ?? others
  const code = ok || status >= 400 ? 'unexpected_status' : 'redirect_refused'
  if (!content) throw unfit(code, `status ${statuses.join(', ')}`)
  const types = Object.keys(content).filter(Boolean).join(' or ')
  // Where the document has no body, one that comes has no meaning (RFC 7009 2.2).
  if (!bytes.byteLength || !types) {
    if (types && ok && status !== 204 && method !== 'HEAD' && !('' in content)) throw unfit('invalid_body', types)
    return answer
  }
  // Specifications of OAuth say by which type an answer comes (RFC 6749 5.1); of an error, what it says is enough.
  const isUntyped = ok && clause !== undefined && contentType === ''
  const found = isUntyped ? undefined : read?.(content, contentType, bytes)
  if (!found) throw unfit('unexpected_content_type', types)
  const { body, failure } = found
  if (failure === null) throw unfit('invalid_json', 'JSON', 'something else')
  if (failure) throw unfit('invalid_body', `${failure.expected} at "${failure.path}"`, failure.actualType)
  answer.body = body
  return answer
}
