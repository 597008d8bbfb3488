import type { AsymmetricAlgorithm, SignatureAlgorithm, SymmetricAlgorithm } from './types.ts'

export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** What a JWS algorithm demands of its key and its signature. */
export interface AlgorithmRule {
  readonly kind: 'ecdsa' | 'eddsa' | 'rsa' | 'rsa-pss' | 'hmac'
  readonly kty: 'EC' | 'OKP' | 'RSA' | 'oct'
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519'
  readonly hash: HashName
  /**
   * Bytes: of a coordinate (ecdsa, eddsa), else of the digest, which is also the PSS salt (RFC 7518 3.5) and
   * the least length of a MAC key (RFC 7518 3.2).
   */
  readonly size: number
}

const ec = (crv: 'P-256' | 'P-384' | 'P-521', hash: HashName, size: number): AlgorithmRule => ({
  kind: 'ecdsa',
  kty: 'EC',
  crv,
  hash,
  size,
})
const sized = (kind: 'rsa' | 'rsa-pss' | 'hmac', bits: 256 | 384 | 512): AlgorithmRule => ({
  kind,
  kty: kind === 'hmac' ? 'oct' : 'RSA',
  hash: `SHA-${bits}`,
  size: bits / 8,
})
// RFC 8032 5.1: Ed25519 hashes with SHA-512, so that is also the hash of at_hash and its like.
const ed25519: AlgorithmRule = { kind: 'eddsa', kty: 'OKP', crv: 'Ed25519', hash: 'SHA-512', size: 32 }

const rules: ReadonlyMap<string, AlgorithmRule> = new Map([
  ['ES256', ec('P-256', 'SHA-256', 32)],
  ['ES384', ec('P-384', 'SHA-384', 48)],
  ['ES512', ec('P-521', 'SHA-512', 66)],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
  ['RS256', sized('rsa', 256)],
  ['RS384', sized('rsa', 384)],
  ['RS512', sized('rsa', 512)],
  ['PS256', sized('rsa-pss', 256)],
  ['PS384', sized('rsa-pss', 384)],
  ['PS512', sized('rsa-pss', 512)],
  ['HS256', sized('hmac', 256)],
  ['HS384', sized('hmac', 384)],
  ['HS512', sized('hmac', 512)],
])

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
  return one === other || (isEd25519(one) && isEd25519(other))
}

function isEd25519(alg: string): boolean {
  return alg === 'EdDSA' || alg === 'Ed25519'
}
