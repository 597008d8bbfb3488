import { digest } from '#signatures'
import type { HashName } from '../lib/signatures/algorithms.ts'
import { type ContentEncryptionAlgorithm, type SymmetricKeyAlgorithm, sharedKeyBits } from './encryption-algorithms.ts'

/**
 * The encryption key that a client secret stands for: the leftmost bits of its hash, by SHA-256 up to 256 bits,
 * SHA-384 up to 384, SHA-512 beyond.
 *
 * @see OIDC Core 10.2
 */
export async function deriveSharedKey(
  secret: string,
  alg: SymmetricKeyAlgorithm,
  enc: ContentEncryptionAlgorithm,
): Promise<Uint8Array> {
  const bits = sharedKeyBits(alg, enc)
  const hash: HashName = bits > 384 ? 'SHA-512' : bits > 256 ? 'SHA-384' : 'SHA-256'
  return (await digest(hash, secret)).subarray(0, bits / 8)
}
