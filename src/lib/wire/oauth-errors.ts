import { type OAuthErrorBody, OAuthResponseError } from '../../errors/response.ts'
import type { Answer, Operation } from '../api.ts'
import { excerptOf, isJson, parseJson } from '../media-type.ts'
import { parseRetryAfter } from '../retry-after.ts'
import { type Runtime, systemClock } from '../runtime.ts'
import { findChallengeError } from '../www-authenticate.ts'

/**
 * An OAuth error, if the answer is one: a body with an `error` (RFC 6749 5.2), else a challenge with one
 * (RFC 6750 3). With a status of success it is one, too, where it is not what the document has for that status: some
 * servers refuse with 200. The description stays out of the message, since servers quote what they were sent.
 */
export function readOAuthError(
  operation: Operation,
  answer: Answer,
  bytes?: ArrayBuffer,
  runtime?: Pick<Runtime, 'now'>,
): OAuthResponseError | undefined {
  const fromBody = readOAuthBody(operation, answer, bytes, runtime)
  if (fromBody || answer.status < 400) return fromBody
  const body = challengeBody(answer.headers)
  return body && toOAuthError(operation, answer, body, runtime)
}

/** As `readOAuthError`, for operations without credentials: nobody challenges them. */
export function readOAuthBody(
  operation: Operation,
  answer: Answer,
  bytes?: ArrayBuffer,
  runtime?: Pick<Runtime, 'now'>,
): OAuthResponseError | undefined {
  const body =
    answer.body ?? (bytes && isJson(answer.contentType) ? parseJson(new TextDecoder().decode(bytes))?.value : undefined)
  return isOAuthError(body) ? toOAuthError(operation, answer, body, runtime) : undefined
}

function toOAuthError(
  { id: operation }: Operation,
  { status, headers }: Answer,
  body: OAuthErrorBody,
  { now }: Pick<Runtime, 'now'> = systemClock,
): OAuthResponseError {
  const name = /^[\w.:/-]{1,60}$/.test(body.error) ? `"${body.error}"` : 'an OAuth error'
  const message = `${operation} was answered with ${name}, status ${status}`
  const retryAfter = parseRetryAfter(headers, now())
  const options = { operation, status, headers, body }
  return new OAuthResponseError(message, retryAfter === undefined ? options : { ...options, retryAfter })
}

function isOAuthError(body: unknown): body is OAuthErrorBody {
  return typeof (body as { error?: unknown } | null | undefined)?.error === 'string'
}

function challengeBody(headers: Headers): OAuthErrorBody | undefined {
  const { error, error_description, error_uri } = findChallengeError(headers)?.parameters ?? {}
  if (error === undefined) return undefined
  return {
    error,
    ...(error_description !== undefined && { error_description }),
    ...(error_uri !== undefined && { error_uri }),
  }
}

/** The start of an error page, of which there is much to learn at a token endpoint. */
export function excerpt(status: number, contentType: string, bytes: ArrayBuffer): { excerpt?: string } {
  return excerptOf(status, contentType, new TextDecoder().decode(bytes))
}
