import { digest, importVerificationKey, verify } from '#signatures'
import { ConfigurationError } from '../../errors/configuration.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { verifySecp256k1 } from './secp256k1-signature.ts'

/** What accounts sign with: the curve of their key says which. */
export type AccountAlgorithm = 'ES256' | 'ES256K'

/**
 * Whether a signature is one of an account's key: by the platform, and for ES256K where that has no such curve, by a
 * library.
 *
 * @param data the JWS signing input, ASCII
 * @throws ConfigurationError `unusable_key`
 */
export async function verifyAccountSignature(
  jwk: Jwk,
  alg: AccountAlgorithm,
  data: string,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    return await verify(await importVerificationKey(jwk, alg), data, signature)
  } catch (error) {
    if (alg !== 'ES256K' || !(error instanceof ConfigurationError)) throw error
    const verdict = verifySecp256k1(jwk, await digest('SHA-256', data), signature)
    // It is the key, then, and not the platform.
    if (verdict === undefined) throw error
    return verdict
  }
}
