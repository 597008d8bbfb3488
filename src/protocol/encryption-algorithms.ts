/**
 * The JWE algorithms that this library takes, in both directions. RSA1_5 is left out for its padding oracles and
 * PBES2 for the work that a stranger could demand with it (RFC 8725 3.2, draft-ietf-jose-deprecate-none-rsa15).
 */

/** How the content key comes to the recipient (RFC 7518 4.1, RFC 8037 3.2). */
export type KeyManagementAlgorithm =
  | 'RSA-OAEP'
  | 'RSA-OAEP-256'
  | 'RSA-OAEP-384'
  | 'RSA-OAEP-512'
  | 'ECDH-ES'
  | 'ECDH-ES+A128KW'
  | 'ECDH-ES+A192KW'
  | 'ECDH-ES+A256KW'
  | SymmetricKeyAlgorithm

/** Those for a secret that both sides know: OIDC Core 10.2 makes it of the client secret. */
export type SymmetricKeyAlgorithm = 'dir' | 'A128KW' | 'A192KW' | 'A256KW' | 'A128GCMKW' | 'A192GCMKW' | 'A256GCMKW'

/** What the content itself is encrypted with (RFC 7518 5.1). All of them tell when a bit was changed. */
export type ContentEncryptionAlgorithm =
  | 'A128CBC-HS256'
  | 'A192CBC-HS384'
  | 'A256CBC-HS512'
  | 'A128GCM'
  | 'A192GCM'
  | 'A256GCM'

/** Bits of the key of each; a CBC key has its MAC key beside it (RFC 7518 5.2.2.1). */
const contentKeyBits: Readonly<Record<ContentEncryptionAlgorithm, number>> = {
  'A128CBC-HS256': 256,
  'A192CBC-HS384': 384,
  'A256CBC-HS512': 512,
  A128GCM: 128,
  A192GCM: 192,
  A256GCM: 256,
}

const asymmetricKty: Readonly<Record<string, readonly string[]>> = {
  'RSA-OAEP': ['RSA'],
  'RSA-OAEP-256': ['RSA'],
  'RSA-OAEP-384': ['RSA'],
  'RSA-OAEP-512': ['RSA'],
  'ECDH-ES': ['EC', 'OKP'],
  'ECDH-ES+A128KW': ['EC', 'OKP'],
  'ECDH-ES+A192KW': ['EC', 'OKP'],
  'ECDH-ES+A256KW': ['EC', 'OKP'],
}

/** RFC 7518 6.2.1.1, RFC 8037 3.2: the curves that keys are agreed on. */
const agreementCurves: readonly unknown[] = ['P-256', 'P-384', 'P-521', 'X25519']

const wrappingKeyBits: Readonly<Record<string, number>> = {
  A128KW: 128,
  A192KW: 192,
  A256KW: 256,
  A128GCMKW: 128,
  A192GCMKW: 192,
  A256GCMKW: 256,
}

export function isContentEncryptionAlgorithm(value: unknown): value is ContentEncryptionAlgorithm {
  return typeof value === 'string' && Object.hasOwn(contentKeyBits, value)
}

export function isSymmetricKeyAlgorithm(value: unknown): value is SymmetricKeyAlgorithm {
  return typeof value === 'string' && (value === 'dir' || Object.hasOwn(wrappingKeyBits, value))
}

export function isKeyManagementAlgorithm(value: unknown): value is KeyManagementAlgorithm {
  return isSymmetricKeyAlgorithm(value) || (typeof value === 'string' && Object.hasOwn(asymmetricKty, value))
}

/** Whether a JWK may serve an asymmetric algorithm: its type, curve, `use` and own `alg` (RFC 7517 4). */
export function isEncryptionJwk(
  jwk: { readonly kty: string; readonly [member: string]: unknown },
  alg: KeyManagementAlgorithm,
): boolean {
  if (asymmetricKty[alg]?.includes(jwk.kty) !== true) return false
  if (jwk.kty !== 'RSA' && !agreementCurves.includes(jwk.crv)) return false
  if (jwk.use !== undefined && jwk.use !== 'enc') return false
  return jwk.alg === undefined || jwk.alg === alg
}

/** Bits of the shared secret that an algorithm needs: of the wrapping key, or of the content key for `dir`. */
export function sharedKeyBits(alg: SymmetricKeyAlgorithm, enc: ContentEncryptionAlgorithm): number {
  return wrappingKeyBits[alg] ?? contentKeyBits[enc]
}
