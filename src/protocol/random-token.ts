import { encodeBase64url } from '../lib/base64url.ts'
import type { Runtime } from '../lib/runtime.ts'

/**
 * 32 random bytes as 43 base64url characters: verifiers, states, nonces, `jti`s.
 *
 * RFC 6749 10.10 asks that guessing one succeed with a probability of at most 2^-160; this is 2^-256.
 */
export function createRandomToken(runtime: Runtime): string {
  return encodeBase64url(runtime.randomBytes(32))
}
