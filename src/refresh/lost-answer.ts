import { NetworkError, TimeoutError } from '../errors/network.ts'
import { ResponseError } from '../errors/response.ts'

/**
 * Whether the request may have been carried out although no answer can be read: a lost connection, a deadline, a
 * success cut short. Any other answer says that the refresh token was not used up.
 */
export function isAnswerLost(error: unknown): boolean {
  if (error instanceof NetworkError || error instanceof TimeoutError) return true
  return error instanceof ResponseError && error.status >= 200 && error.status < 300
}
