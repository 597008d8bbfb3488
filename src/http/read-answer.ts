import { ResponseError, type ResponseErrorCode } from '../errors/response.ts'
import type { ApiResult, Operation, ResponseContent } from '../lib/api.ts'
import { toOAuthError } from './answer-errors.ts'
import { excerptOf, isJson, isText, mediaTypeOf, parseJson } from './media-type.ts'
import { withoutQuery } from './network-errors.ts'
import { isRedirect } from './redirects.ts'

/** An answer as the document describes it. Success is a matter of the status alone. */
export type Answer = ApiResult<number, boolean, unknown>

/**
 * Holds an answer against the operation's description: status, content type, JSON, schema.
 *
 * @throws ResponseError for what the document does not describe
 * @throws OAuthResponseError where that is an OAuth error all the same
 */
export async function readAnswer(
  operation: Operation,
  request: Request,
  response: Response,
  now: number,
): Promise<Answer> {
  const { status, headers, ok } = response
  const bytes = await response.arrayBuffer()
  const contentType = bytes.byteLength > 0 ? mediaTypeOf(headers) : ''
  const text = () => new TextDecoder().decode(bytes)
  const answer = (body?: unknown): Answer => ({ ok, status, body, headers, contentType })
  const unfit = (code: ResponseErrorCode, expected: string, actual: string) =>
    toOAuthError(operation, answer(isJson(contentType) && parseJson(text())?.value), now) ??
    new ResponseError(code, `${operation.id}: expected ${expected}, got ${actual} with status ${status}`, {
      url: withoutQuery(request.url),
      status,
      contentType,
      expected,
      actual,
      ...excerptOf(status, contentType, text()),
      response,
    })

  const { responses } = operation
  const content = contentOf(responses, status, ok)
  if (!content && isRedirect(response)) throw unfit('redirect_refused', 'no redirect', 'one')
  if (!content)
    throw unfit('unexpected_status', `status ${Object.keys(responses).join(', ')}`, contentType || 'no body')
  const expected = Object.keys(content).filter(Boolean)
  // Where the document has no body, one that comes has no meaning (RFC 7009 2.2), unless it tells of an error.
  if (expected.length === 0) return answer(ok || !isJson(contentType) ? undefined : parseJson(text())?.value)
  if (bytes.byteLength === 0) {
    if (ok && status !== 204 && request.method !== 'HEAD' && !('' in content)) {
      throw unfit('invalid_body', expected.join(' or '), 'no body')
    }
    return answer()
  }
  const documented = matchType(expected, contentType)
  if (documented === undefined) throw unfit('unexpected_content_type', expected.join(' or '), contentType)
  // A range says nothing of how to read it.
  const type = documented.includes('*') ? contentType : documented
  if (isText(type)) return answer(text())
  if (!isJson(type)) return answer(new Blob([bytes], { type: contentType }))
  const parsed = parseJson(text())
  if (!parsed) throw unfit('invalid_json', 'JSON', 'something else')
  const failure = content[documented]?.(parsed.value)
  if (failure) throw unfit('invalid_body', `${failure.expected} at "${failure.path}"`, failure.actualType)
  return answer(parsed.value)
}

/** `default` stands for a success only where the document lists none: else it is the model of errors. */
function contentOf(responses: Operation['responses'], status: number, ok: boolean): ResponseContent | undefined {
  const listed = responses[status] ?? responses[`${Math.floor(status / 100)}XX`]
  if (listed || (ok && Object.keys(responses).some((key) => key.startsWith('2')))) return listed
  return responses.default
}

/** The documented type that an answer has: the same, else any JSON for JSON, else a range or plain bytes. */
function matchType(expected: readonly string[], actual: string): string | undefined {
  if (actual === '' || expected.includes(actual)) return actual || expected[0]
  return (
    expected.find((type) => isJson(type) && isJson(actual)) ??
    expected.find((type) => type.endsWith('/*') && (type === '*/*' || actual.startsWith(type.slice(0, -1)))) ??
    expected.find((type) => type === 'application/octet-stream')
  )
}
