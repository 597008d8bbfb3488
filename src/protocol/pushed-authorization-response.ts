import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import type { Notice } from './notice.ts'

/** The reference that stands for a pushed request. */
export interface PushedRequest {
  /** For the `request_uri` parameter; good for one use. */
  readonly requestUri: string
  /** Milliseconds since the epoch; past it the request must be pushed anew. */
  readonly expiresAt: number
  readonly notices: readonly Notice[]
}

export interface PushedAuthorizationAnswer {
  readonly status: number
  /** The parsed JSON body. */
  readonly body: unknown
}

const clause = 'RFC 9126 2.2'

/**
 * Judges the answer to a pushed authorization request.
 *
 * @param receivedAt milliseconds since the epoch
 * @throws ProtocolError `invalid_par_response`
 * @see RFC 9126 2.2
 */
export function judgePushedAuthorizationResponse(answer: PushedAuthorizationAnswer, receivedAt: number): PushedRequest {
  const { status, body } = answer
  if (status !== 201 && status !== 200) {
    throw refuse(`the answer to a pushed authorization request has status ${status}`, '201', status)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the answer to a pushed authorization request is no JSON object', 'object', jsonType(body))
  }
  const { request_uri: requestUri, expires_in: expiresIn, error } = body as Record<string, unknown>
  if (error !== undefined) {
    const actual = typeof error === 'string' ? printable(error, 100) : jsonType(error)
    throw refuse(`a pushed authorization request was answered ${status} with the error "${actual}"`, 'no error', actual)
  }
  // RFC 3986 4.3: a URI has a scheme; white space and controls have no place in one.
  if (typeof requestUri !== 'string' || !/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(requestUri)) {
    const actual = typeof requestUri === 'string' ? 'a string that is no URI' : jsonType(requestUri)
    throw refuse(`"request_uri" must be a URI; it is ${actual}`, 'URI', actual)
  }
  // RFC 9126 2.2: the lifetime in seconds as a positive integer.
  if (typeof expiresIn !== 'number' || !Number.isSafeInteger(expiresIn) || expiresIn <= 0) {
    const actual = typeof expiresIn === 'number' ? expiresIn : jsonType(expiresIn)
    throw refuse(`"expires_in" must be a positive whole number; it is ${actual}`, 'positive integer', actual)
  }
  return { requestUri, expiresAt: receivedAt + expiresIn * 1000, notices: status === 201 ? [] : [statusNotice(status)] }
}

/** Whether the browser can still be sent with it, or the request is to be pushed anew. */
export function isPushedRequestLive(request: PushedRequest, now: number): boolean {
  return now < request.expiresAt
}

function statusNotice(actual: number): Notice {
  return {
    code: 'par_status',
    message: `a pushed authorization request was answered ${actual} instead of 201`,
    clause,
    expected: 201,
    actual,
  }
}

function refuse(message: string, expected: unknown, actual: unknown): ProtocolError {
  return new ProtocolError('invalid_par_response', message, { clause, expected, actual })
}
