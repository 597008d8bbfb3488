import { ConfigurationError } from '../../errors/configuration.ts'
import { jsonType, printable } from '../printable.ts'
import { isAsymmetricAlgorithm } from './algorithms.ts'
import { signingAlgorithmOf } from './key-rules.ts'
import type { AsymmetricAlgorithm, Jwk, SigningKey, SigningKeyInput, StoredSigningKey } from './types.ts'

export interface SigningKeySource {
  readonly alg: AsymmetricAlgorithm
  readonly kid: string | undefined
  readonly source:
    | { readonly kind: 'jwk'; readonly jwk: Jwk }
    | { readonly kind: 'pair'; readonly keyPair: CryptoKeyPair }
}

/** Tells the forms of a private key apart; its `SigningKey` form is the business of the side that made it. */
export function readSigningKeyInput(input: SigningKeyInput): SigningKeySource {
  if (typeof input !== 'object' || input === null) throw new TypeError('key: expected a private JWK or a pair of keys')
  if ('publicJwk' in input && 'thumbprint' in input) {
    throw new TypeError(
      'key: this SigningKey was made by another copy or another side of this library; export it there',
    )
  }
  if (isStored(input)) return readStored(input)
  if (typeof (input as Jwk).kty !== 'string') throw new TypeError('key: expected a private JWK or a pair of keys')
  const jwk = input as Jwk
  return { alg: signingAlgorithmOf(jwk), kid: jwk.kid, source: { kind: 'jwk', jwk } }
}

function isStored(input: SigningKeyInput): input is Exclude<StoredSigningKey, SigningKey> {
  return (
    typeof (input as { jwk?: unknown }).jwk === 'object' || typeof (input as { keyPair?: unknown }).keyPair === 'object'
  )
}

function readStored(stored: StoredSigningKey): SigningKeySource {
  const { alg } = stored
  if (!isAsymmetricAlgorithm(alg)) {
    const expected = 'a registered asymmetric JWS algorithm'
    const actual = typeof alg === 'string' ? printable(alg, 40) : jsonType(alg)
    const message = `a stored key's "alg" is "${actual}"; expected ${expected}`
    throw new ConfigurationError('unusable_key', message, { field: 'alg', clause: 'RFC 7518 3.1', expected, actual })
  }
  if ('keyPair' in stored) return { alg, kid: stored.kid, source: { kind: 'pair', keyPair: stored.keyPair } }
  return { alg, kid: stored.kid ?? stored.jwk.kid, source: { kind: 'jwk', jwk: stored.jwk } }
}
