import { type OAuthErrorBody, OAuthResponseError, ResponseError } from '../../errors/response.ts'
import type { Answer, Operation } from '../api.ts'
import { excerptOf, isJson, parseJson } from '../media-type.ts'
import { parseRetryAfter } from '../retry-after.ts'
import { type Runtime, systemClock } from '../runtime.ts'
import { findChallengeError } from '../www-authenticate.ts'

type Clock = Pick<Runtime, 'now'>

/**
 * An OAuth error, if the answer is one: a body with an `error` (RFC 6749 5.2), else a challenge with one
 * (RFC 6750 3). With a status of success it is one, too, where it is not what the document has for that status: some
 * servers refuse with 200. The description stays out of the message, since servers quote what they were sent.
 *
 * Else the error that it was, with the start of the page that came: at a token endpoint there is much to learn of it.
 */
export function readOAuthError(
  error: Error,
  operation: Operation,
  answer: Answer,
  bytes?: ArrayBuffer,
  runtime?: Clock,
): Error {
  const { status, headers, contentType } = answer
  const said = readOAuthBody(error, operation, answer, bytes, runtime)
  if (said !== error) return said
  const body = status < 400 ? undefined : challengeBody(headers)
  if (body) return toOAuthError(operation, answer, body, runtime)
  if (!bytes || !(error instanceof ResponseError)) return error
  return Object.assign(error, excerptOf(status, contentType, new TextDecoder().decode(bytes)))
}

/** As `readOAuthError`, for operations without credentials: nobody challenges them. */
export function readOAuthBody(
  error: Error,
  operation: Operation,
  answer: Answer,
  bytes?: ArrayBuffer,
  runtime?: Clock,
): Error {
  const body =
    answer.body ?? (bytes && isJson(answer.contentType) ? parseJson(new TextDecoder().decode(bytes))?.value : undefined)
  return isOAuthError(body) ? toOAuthError(operation, answer, body, runtime) : error
}

function toOAuthError(
  { id: operation }: Operation,
  { status, headers }: Answer,
  body: OAuthErrorBody,
  { now }: Clock = systemClock,
): OAuthResponseError {
  const name = /^[\w.:/-]{1,60}$/.test(body.error) ? `, "${body.error}"` : ''
  const retryAfter = parseRetryAfter(headers, now())
  const facts = { operation, status, headers, body, retryAfter }
  return new OAuthResponseError(`${operation} was answered with status ${status}${name}`, facts)
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
