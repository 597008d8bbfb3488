import { AtprotoError } from '../../errors/atproto.ts'
import { assertUsableKey, findSigningKeyFault } from '../../lib/signatures/key-rules.ts'
import { toPrivateJwk } from '../../lib/signatures/public-jwk.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import type { AtprotoKey } from '../atproto-client-types.ts'
import { parsePkcs8 } from './pkcs8.ts'

/**
 * A client key as JWK, whichever form it came in.
 *
 * @throws AtprotoError `missing_kid`, ConfigurationError `unusable_key`
 */
export function readClientKey(key: AtprotoKey): Jwk & { readonly kid: string } {
  if (typeof key !== 'object' || key === null)
    throw new TypeError('"key" must be a private JWK, or { kid, pem } or { kid, der }')
  const { kid } = key
  if (typeof kid !== 'string' || kid === '') {
    throw new AtprotoError('missing_kid', 'the client key has no "kid", by which servers find its public half', {
      clause: 'AT Protocol OAuth, "Confidential Client Authentication"',
      expected: 'a "kid"',
      actual: 'absent',
    })
  }
  const jwk = jwkOf(key)
  assertUsableKey(findSigningKeyFault(jwk, 'ES256'), 'ES256')
  return { ...toPrivateJwk(jwk), kid, alg: 'ES256' }
}

function jwkOf(key: AtprotoKey): Jwk {
  if ('pem' in key && typeof key.pem === 'string') return parsePkcs8(key.pem)
  if ('der' in key && key.der instanceof Uint8Array) return parsePkcs8(key.der)
  if ('kty' in key && typeof key.kty === 'string') return key as Jwk
  throw new TypeError('"key" must be a private JWK, or { kid, pem } or { kid, der }')
}
