import type { AsymmetricAlgorithm, SignatureAlgorithm, SymmetricAlgorithm } from './types.ts'

export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** What a JWS algorithm demands of its key and its signature. */
export interface AlgorithmRule {
  readonly kind: 'ecdsa' | 'eddsa' | 'rsa' | 'rsa-pss' | 'hmac'
  readonly kty: 'EC' | 'OKP' | 'RSA' | 'oct'
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'Ed25519'
  readonly hash: HashName
  /**
   * Bytes: of a coordinate (ecdsa, eddsa), else of the digest, which is also the PSS salt (RFC 7518 3.5) and
   * the least length of a MAC key (RFC 7518 3.2).
   */
  readonly size: number
}

const rules = new Map<string, AlgorithmRule>()
for (const bits of [256, 384, 512] as const) {
  const hash: HashName = `SHA-${bits}`
  const size = bits / 8
  const crv = bits === 512 ? 'P-521' : (`P-${bits}` as const)
  rules.set(`ES${bits}`, { kind: 'ecdsa', kty: 'EC', crv, hash, size: bits === 512 ? 66 : size })
  rules.set(`RS${bits}`, { kind: 'rsa', kty: 'RSA', hash, size })
  rules.set(`PS${bits}`, { kind: 'rsa-pss', kty: 'RSA', hash, size })
  rules.set(`HS${bits}`, { kind: 'hmac', kty: 'oct', hash, size })
}
// RFC 8812 3.2
rules.set('ES256K', { kind: 'ecdsa', kty: 'EC', crv: 'secp256k1', hash: 'SHA-256', size: 32 })
for (const name of ['EdDSA', 'Ed25519']) {
  // RFC 8032 5.1: Ed25519 hashes with SHA-512, so that is also the hash of at_hash and its like.
  rules.set(name, { kind: 'eddsa', kty: 'OKP', crv: 'Ed25519', hash: 'SHA-512', size: 32 })
}

/** The rule of a known algorithm. */
export function algorithmRule(alg: SignatureAlgorithm): AlgorithmRule {
  const rule = rules.get(alg)
  if (!rule) throw new TypeError(`alg: "${String(alg)}" is not a JWS algorithm of this library`)
  return rule
}

/** Compared exactly: `rs256` and `none` are no algorithms. */
export function isSignatureAlgorithm(value: unknown): value is SignatureAlgorithm {
  return typeof value === 'string' && rules.has(value)
}

export function isSymmetricAlgorithm(value: unknown): value is SymmetricAlgorithm {
  return isSignatureAlgorithm(value) && algorithmRule(value).kind === 'hmac'
}

export function isAsymmetricAlgorithm(value: unknown): value is AsymmetricAlgorithm {
  return isSignatureAlgorithm(value) && algorithmRule(value).kind !== 'hmac'
}

/** RFC 9864 2.2: `Ed25519` is the exact name of what `EdDSA` with an Ed25519 key means. */
export function isSameAlgorithm(one: string, other: string): boolean {
  return one === other || [one, other].every((alg) => alg === 'EdDSA' || alg === 'Ed25519')
}
