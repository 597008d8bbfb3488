import { ResponseError } from '../errors/response.ts'
import type { Answer, Operation, Refuse } from '../lib/api.ts'
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
  { url }: Request,
  response: Response,
  bytes: ArrayBuffer,
  runtime?: Runtime,
): Answer {
  const { clause, responses } = operation
  const { status, headers, ok } = response
  const hasBody = bytes.byteLength > 0
  const contentType = hasBody ? mediaTypeOf(headers) : ''
  const answer = { ok, status, body: undefined as unknown, headers, contentType }
  const refuse: Refuse = (code, expected, actual = contentType || (hasBody ? 'no content type' : 'no body')) =>
    operation.readError?.(operation, answer, bytes, runtime) ??
    new ResponseError(code, `${operation.id}: expected ${expected}, got ${actual} with status ${status}`, {
      url: withoutQuery(url),
      status,
      contentType,
      clause,
      expected,
      actual,
      response,
      ...operation.excerpt?.(status, contentType, bytes),
    })

  const statuses = Object.keys(responses)
  // `default` stands for a success only where the document lists none: else it is the model of errors.
  const others = ok && statuses.some((key) => key[0] === '2') ? undefined : responses.default
  const content = responses[status] ?? responses[`${`${status}`[0]}XX`] ?? others
  if (!content)
    throw refuse(ok || status >= 400 ? 'unexpected_status' : 'redirect_refused', `status ${statuses.join(', ')}`)
  const types = Object.keys(content).filter(Boolean).join(' or ')
  // Where the document has no body, one that comes has no meaning (RFC 7009 2.2).
  if (hasBody && types) {
    // Specifications of OAuth say by which type an answer comes (RFC 6749 5.1); of an error, what it says is enough.
    const isTyped = contentType || !ok || clause === undefined
    answer.body = isTyped ? operation.read?.(content, contentType, bytes, refuse) : undefined
    if (answer.body === undefined) throw refuse('unexpected_content_type', types)
  } else if (types && ok && status !== 204 && !('' in content)) throw refuse('invalid_body', types)
  return answer
}
