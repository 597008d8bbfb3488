import { AccessError, type AccessErrorCode } from '../errors/access.ts'
import { AuthentypeError } from '../errors/base.ts'
import type { TokenCheck } from '../errors/protocol.ts'
import {
  accessErrorStatus,
  buildChallenges,
  type ChallengeContext,
  type Refused,
} from '../protocol/access-challenge.ts'
import type { CheckFailure } from '../protocol/token-checks.ts'

/** The checks whose failure is not the token's. */
const codes: Readonly<Record<string, AccessErrorCode>> = {
  token_in_query: 'invalid_request',
  token_in_body: 'invalid_request',
  authorization: 'invalid_request',
  credentials: 'missing_credentials',
  dpop_proof: 'invalid_dpop_proof',
  dpop_replay: 'invalid_dpop_proof',
  dpop_nonce: 'use_dpop_nonce',
  acr: 'insufficient_user_authentication',
  max_age: 'insufficient_user_authentication',
  scope: 'insufficient_scope',
}

/** The error of a check that failed. */
export function refuseAccess(message: string, failure: CheckFailure): AccessError {
  const code = codes[failure.check] ?? 'invalid_token'
  return new AccessError(code, `access token ${message}`, { ...failure, status: accessErrorStatus[code] })
}

/**
 * What was thrown while a request was judged, as its refusal. That keys, an issuer or the store cannot be had is no
 * fault of the client's, and nobody gets in meanwhile.
 *
 * @throws whatever is not this library's: a mistake in the program
 */
export function toAccessError(error: unknown, checks: readonly TokenCheck[]): AccessError {
  if (error instanceof AccessError) return error
  if (!(error instanceof AuthentypeError)) throw error
  const message = `the access token cannot be judged just now: ${error.code}; the cause says why`
  return new AccessError('unavailable', message, {
    status: accessErrorStatus.unavailable,
    check: 'available',
    checks,
    clause: 'RFC 9110 15.6.4',
    expected: 'keys, issuer and store within reach',
    actual: error.code,
    cause: error,
  })
}

/** @param nonce the newest one, where the resource asks for nonces */
export function buildRefusal(refused: Refused, context: ChallengeContext, nonce: string | undefined): Response {
  // RFC 9111 3.5, and RFC 9449 8.2: a nonce is for one.
  const headers = new Headers({ 'cache-control': 'no-store' })
  for (const challenge of buildChallenges(refused, context)) headers.append('www-authenticate', challenge)
  if (nonce !== undefined) headers.set('dpop-nonce', nonce)
  return new Response(null, { status: accessErrorStatus[refused.code], headers })
}
