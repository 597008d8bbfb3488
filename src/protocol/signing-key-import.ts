import { importSigningKey } from '#signatures'
import { signingAlgorithmOf } from '../lib/signatures/key-rules.ts'
import type { AsymmetricAlgorithm, Jwk, SigningKey, SigningKeyInput } from '../lib/signatures/types.ts'

/** Imports a key on first use and keeps it; a failure is not kept. */
export function createKeyImport(key: SigningKeyInput): () => Promise<SigningKey> {
  let imported: Promise<SigningKey> | undefined
  return () => {
    imported ??= (async () => importSigningKey(key))().catch((error: unknown) => {
      imported = undefined
      throw error
    })
    return imported
  }
}

/** The algorithm that a key will sign with, known before it is imported. */
export function algorithmOfInput(key: SigningKeyInput): AsymmetricAlgorithm {
  return 'kty' in key ? signingAlgorithmOf(key as Jwk) : (key.alg as AsymmetricAlgorithm)
}
