import { algorithmRule } from './algorithms.ts'
import type { AsymmetricAlgorithm, SignatureAlgorithm } from './types.ts'

/** The parameters that `importKey` and `generateKey` take for an algorithm (Web Cryptography API 18.2.2). */
export function keyParameters(
  alg: SignatureAlgorithm,
): RsaHashedImportParams | EcKeyImportParams | HmacImportParams | Algorithm {
  const { kind, crv, hash } = algorithmRule(alg)
  switch (kind) {
    case 'ecdsa':
      return { name: 'ECDSA', namedCurve: crv! }
    case 'eddsa':
      return { name: 'Ed25519' }
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash }
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash }
    case 'hmac':
      return { name: 'HMAC', hash }
  }
}

/** The parameters that `sign` and `verify` take for an algorithm. */
export function operationParameters(alg: SignatureAlgorithm): EcdsaParams | RsaPssParams | Algorithm {
  const { kind, hash, size } = algorithmRule(alg)
  if (kind === 'ecdsa') return { name: 'ECDSA', hash }
  // RFC 7518 3.5: the salt is as long as the digest.
  if (kind === 'rsa-pss') return { name: 'RSA-PSS', saltLength: size }
  return { name: keyParameters(alg).name }
}

export async function generateKeyPair(alg: AsymmetricAlgorithm, extractable: boolean): Promise<CryptoKeyPair> {
  const { kty } = algorithmRule(alg)
  const rsa = kty === 'RSA' && { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const parameters = { ...keyParameters(alg), ...rsa }
  return (await crypto.subtle.generateKey(parameters, extractable, ['sign', 'verify'])) as CryptoKeyPair
}
