import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MaybePromise } from '../lib/signatures/types.ts'
import { createRandomToken } from './random-token.ts'

/**
 * A fresh code verifier: 32 random bytes, 43 characters.
 *
 * @see RFC 7636 4.1
 */
export function createCodeVerifier(runtime: Runtime): string {
  return createRandomToken(runtime)
}

/** Whether a string can be a code verifier: 43 to 128 unreserved characters (RFC 7636 4.1). */
export function isCodeVerifier(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9\-._~]{43,128}$/.test(value)
}

/**
 * The code challenge of a verifier by S256, the only method that this library knows.
 *
 * @throws TypeError for what is no code verifier
 * @see RFC 7636 4.2
 */
export function deriveCodeChallenge(verifier: string): MaybePromise<string> {
  if (!isCodeVerifier(verifier))
    throw new TypeError('"verifier" must be 43 to 128 unreserved characters (RFC 7636 4.1)')
  return andThen(digest('SHA-256', verifier), encodeBase64url)
}
