import { ApiError, type OAuthErrorBody, OAuthResponseError } from '../errors/response.ts'
import type { Operation } from '../lib/api.ts'
import { findChallengeError } from '../lib/www-authenticate.ts'
import type { Answer } from './read-answer.ts'
import { parseRetryAfter } from './retry-after.ts'

/** The error that a documented error answer is thrown as. */
export function toApiError(operation: Operation, answer: Answer, now: number): ApiError {
  const message = `${operation.id} was answered with status ${answer.status}`
  return toOAuthError(operation, answer, now) ?? new ApiError(message, { operation: operation.id, ...answer })
}

/**
 * An OAuth error, if the answer is one: a body with an `error` (RFC 6749 5.2), else a challenge with one
 * (RFC 6750 3). With a status of success it is one, too, where it is not what the document has for that status: some
 * servers refuse with 200. The description stays out of the message, since servers quote what they were sent.
 */
export function toOAuthError(operation: Operation, answer: Answer, now: number): OAuthResponseError | undefined {
  const { status, headers } = answer
  const body = isOAuthError(answer.body) ? answer.body : status < 400 ? undefined : challengeBody(headers)
  if (!body) return undefined
  const name = /^[\w.:/-]{1,60}$/.test(body.error) ? `"${body.error}"` : 'an OAuth error'
  const retryAfter = parseRetryAfter(headers, now)
  return new OAuthResponseError(`${operation.id} was answered with ${name}, status ${status}`, {
    operation: operation.id,
    status,
    headers,
    body,
    ...(retryAfter !== undefined && { retryAfter }),
  })
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
