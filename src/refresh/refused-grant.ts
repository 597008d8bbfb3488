import { OAuthResponseError } from '../errors/response.ts'

/** Whether the server says that the refresh token is worth nothing: only a well-formed `invalid_grant` does (RFC 6749 5.2). */
export function isGrantRefused(error: unknown): boolean {
  const isWellFormed = error instanceof OAuthResponseError && (error.status === 400 || error.status === 401)
  return isWellFormed && error.error === 'invalid_grant'
}
