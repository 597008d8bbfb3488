import { ResponseError } from '../errors/response.ts'
import type { Answer, Operation, Refuse } from '../lib/api.ts'
import { mediaTypeOf } from '../lib/media-type.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createApiError } from './answer-errors.ts'

/**
 * Holds an answer against the operation's description: status, content type, JSON, schema.
 *
 * @param url of the request, without its query
 * @param bytes the body of `response`, which has been read
 * @param throws whether a documented error is thrown, too
 * @throws ResponseError for what the document does not describe
 * @throws the operation's own kind of error (OAuthResponseError) where that is one all the same
 */
export function readAnswer(
  operation: Operation,
  url: string,
  response: Response,
  bytes: ArrayBuffer,
  throws?: boolean,
  runtime?: Runtime,
): Answer {
  const { clause, responses } = operation
  const { status, headers, ok } = response
  const hasBody = bytes.byteLength > 0
  const contentType = hasBody ? mediaTypeOf(headers) : ''
  const answer = { ok, status, body: undefined as unknown, headers, contentType }
  const explain = (error: Error): Error => operation.readError?.(error, operation, answer, bytes, runtime) ?? error
  const refuse: Refuse = (code, expected, actual = contentType || (hasBody ? 'no content type' : 'no body')) =>
    explain(
      new ResponseError(code, `${operation.id}: expected ${expected}, got ${actual} with status ${status}`, {
        url,
        status,
        contentType,
        clause,
        expected,
        actual,
        response,
      }),
    )

  const content = responses[status] ?? responses[`${`${status}`[0]}XX`] ?? (ok ? undefined : responses.default)
  if (!content)
    throw refuse(ok || status >= 400 ? 'unexpected_status' : 'redirect_refused', `status ${keysOf(responses)}`)
  const types = keysOf(content)
  // Where the document has no body, one that comes has no meaning (RFC 7009 2.2).
  if (hasBody && types) {
    answer.body = operation.read?.(content, answer, bytes, refuse)
    if (answer.body === undefined) throw refuse('unexpected_content_type', types)
  } else if (types && ok && !('' in content)) throw refuse('invalid_body', types)
  if (throws && !ok) throw explain(createApiError(operation, answer))
  return answer
}

const keysOf = (record: object): string => Object.keys(record).filter(Boolean).join(' or ')
