/**
 * Encryption of signed JWTs to the server. Like decryption a module of its own, so that an application that sends
 * no encrypted request objects does not carry jose's JWE.
 */
import type { JWK } from 'jose'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { importJWK } from 'jose/key/import'
import { ConfigurationError } from '../errors/configuration.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { Jwk } from '../lib/signatures/types.ts'
import {
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isEncryptionJwk,
  isKeyManagementAlgorithm,
  isSymmetricKeyAlgorithm,
  type KeyManagementAlgorithm,
  type SymmetricKeyAlgorithm,
} from './encryption-algorithms.ts'

/** Encrypts a signed JWT to the server. A value, made by `createEncryptor`. */
export interface Encryptor {
  readonly alg: KeyManagementAlgorithm
  readonly enc: ContentEncryptionAlgorithm
  /**
   * @param keys the server's key set
   * @throws ConfigurationError `unusable_key` where the set has none to encrypt to
   */
  readonly encrypt: (jwt: string, keys: readonly Jwk[]) => Promise<string>
}

/** How `createEncryptor` encrypts for the server (RFC 7516). */
export interface EncryptorOptions {
  /** Held against the server's `request_object_encryption_alg_values_supported`. @default 'RSA-OAEP-256' */
  readonly alg?: Exclude<KeyManagementAlgorithm, SymmetricKeyAlgorithm>
  /** @default 'A256GCM' */
  readonly enc?: ContentEncryptionAlgorithm
}

const defaults = { alg: 'RSA-OAEP-256', enc: 'A256GCM' } as const

/**
 * Makes an encryptor: to the first key of the server's set that fits the algorithm.
 *
 * @throws TypeError for unknown options and for algorithms that are not of this library
 * @see RFC 7516 5.1, RFC 9101 6.1
 * @example
 * const requestObject = { key: privateJwk, encryptor: createEncryptor({ alg: 'ECDH-ES' }) }
 */
export function createEncryptor(options: EncryptorOptions = {}): Encryptor {
  assertKnownOptions('createEncryptor', options, ['alg', 'enc'])
  const { alg, enc } = { ...defaults, ...options }
  if (!isKeyManagementAlgorithm(alg) || isSymmetricKeyAlgorithm(alg)) {
    throw new TypeError('createEncryptor: "alg" must be RSA-OAEP-256, ECDH-ES or another asymmetric JWE algorithm')
  }
  if (!isContentEncryptionAlgorithm(enc))
    throw new TypeError('createEncryptor: "enc" must be A256GCM, A128CBC-HS256, ...')
  return Object.freeze({
    alg,
    enc,
    encrypt: async (jwt: string, keys: readonly Jwk[]) => {
      const jwk = keys.find((key) => isEncryptionJwk(key, alg))
      if (!jwk) throw noKey(alg, keys.length)
      // RFC 7519 5.2: cty says that what is inside is a JWT again.
      const header = { alg, enc, cty: 'JWT', ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) }
      return await new CompactEncrypt(new TextEncoder().encode(jwt))
        .setProtectedHeader(header)
        .encrypt(await importPublicKey(jwk, alg))
    },
  })
}

async function importPublicKey(jwk: Jwk, alg: string): Promise<CryptoKey | Uint8Array> {
  try {
    return await importJWK(jwk as JWK, alg)
  } catch (cause) {
    throw unusable(`the server's encryption key is not valid for ${alg}`, alg, 'refused by the platform', cause)
  }
}

function noKey(alg: string, count: number): ConfigurationError {
  return unusable(`none of the server's ${count} keys is for encryption by ${alg}`, alg, `${count} other keys`)
}

function unusable(message: string, alg: string, actual: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('unusable_key', message, {
    field: 'jwks',
    clause: 'RFC 7517 4',
    expected: `a public key for ${alg}`,
    actual,
    cause,
  })
}
