/**
 * Binds a JWK to one algorithm, before any crypto library sees it.
 *
 * `node:crypto` ignores the JWS `alg`: it would verify ES256 with a P-384 key, EdDSA with Ed448, PS256 with
 * any salt and RS256 with e = 1. So whatever these rules let through is all that either side of the seam
 * imports; that a point lies on its curve is left to the import.
 */
import { ConfigurationError } from '../../errors/configuration.ts'
import { decodeBase64url } from '../base64url.ts'
import { jsonType, printable } from '../printable.ts'
import { type AlgorithmRule, algorithmRule, isAsymmetricAlgorithm, isSameAlgorithm } from './algorithms.ts'
import { isSmallOrderEd25519 } from './ed25519-points.ts'
import type { AsymmetricAlgorithm, Jwk, KeyAllowances, SymmetricAlgorithm } from './types.ts'

/** The first member of a key that does not fit. Never holds key material. */
export interface KeyFault {
  readonly member: string
  readonly expected: string
  readonly actual: string
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const rsaPrivateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi']

/** Why `jwk` cannot verify signatures of `alg`, or `undefined` where it can. */
export function findVerificationKeyFault(
  jwk: Jwk,
  alg: AsymmetricAlgorithm,
  allowances: KeyAllowances = {},
): KeyFault | undefined {
  // RFC 7517 9.2: whoever publishes a private key has lost it.
  const present = privateMembers.find((member) => Object.hasOwn(jwk, member))
  return (
    findBindingFault(jwk, alg, 'verify') ??
    (present === undefined ? undefined : fault(present, 'absent from a public key', 'present')) ??
    findPublicFault(jwk, algorithmRule(alg), allowances)
  )
}

/** Why `jwk` cannot sign with `alg`, or `undefined` where it can. */
export function findSigningKeyFault(jwk: Jwk, alg: AsymmetricAlgorithm): KeyFault | undefined {
  const rule = algorithmRule(alg)
  return findBindingFault(jwk, alg, 'sign') ?? findPublicFault(jwk, rule) ?? findPrivateFault(jwk, rule)
}

/** Throws where a rule found a fault. */
export function assertUsableKey(fault: KeyFault | undefined, alg: string): void {
  if (fault) throw unusableKey(fault.member, `for ${alg} ${fault.expected}`, fault.actual)
}

/** A key that satisfies every rule of its members and is refused by the platform: not on its curve, an inconsistent RSA key. */
export function refusedByPlatform(alg: string, cause: unknown): ConfigurationError {
  return unusableKey('key', `valid for ${alg}`, 'refused by the platform', cause)
}

/** RFC 7518 3.2: a MAC key has at least the size of the hash output. */
export function assertSecretLength(bytes: Uint8Array, alg: SymmetricAlgorithm): void {
  const { size } = algorithmRule(alg)
  if (bytes.length < size) throw unusableKey('secret', `of at least ${size} bytes for ${alg}`, `${bytes.length} bytes`)
}

/** The algorithm of a private JWK that is given without one: its own `alg`, else the one that its curve has. */
export function signingAlgorithmOf(jwk: Jwk): AsymmetricAlgorithm {
  const { alg, crv } = jwk
  if (isAsymmetricAlgorithm(alg)) return alg
  const byCurve = {
    'P-256': 'ES256',
    'P-384': 'ES384',
    'P-521': 'ES512',
    secp256k1: 'ES256K',
    Ed25519: 'EdDSA',
  } as const
  if (alg === undefined && Object.hasOwn(byCurve, String(crv))) return byCurve[crv as keyof typeof byCurve]
  throw unusableKey('alg', 'a registered asymmetric JWS algorithm to bind the key to', shown(alg))
}

function unusableKey(field: string, expected: string, actual: string, cause?: unknown): ConfigurationError {
  const message = `key member "${field}" is ${actual}; expected it ${expected}`
  const clause = 'RFC 7517 4, RFC 7518 6, RFC 8037 2'
  return new ConfigurationError('unusable_key', message, { field, clause, expected, actual, cause })
}

function fault(member: string, expected: string, actual: string): KeyFault {
  return { member, expected, actual }
}

/** RFC 7517 4.1 to 4.4. */
function findBindingFault(jwk: Jwk, alg: AsymmetricAlgorithm, operation: 'sign' | 'verify'): KeyFault | undefined {
  const { kty, crv } = algorithmRule(alg)
  const { alg: own, use, key_ops: operations } = jwk
  if (jwk.kty !== kty) return fault('kty', kty, shown(jwk.kty))
  if (crv && jwk.crv !== crv) return fault('crv', crv, shown(jwk.crv))
  if (own !== undefined && !isSameAlgorithm(own, alg)) return fault('alg', `${alg} or absent`, shown(own))
  if (use !== undefined && use !== 'sig') return fault('use', 'sig or absent', shown(use))
  const fits = Array.isArray(operations) && operations.includes(operation)
  if (operations === undefined || (fits && new Set(operations).size === operations.length)) return undefined
  return fault('key_ops', `a list of distinct operations with ${operation}, or absent`, 'another')
}

function findPublicFault(
  jwk: Jwk,
  { kty, size }: AlgorithmRule,
  { rsaExponent3 = false }: KeyAllowances = {},
): KeyFault | undefined {
  if (kty === 'RSA')
    return findModulusFault(jwk) ?? (rsaExponent3 && jwk.e === 'Aw' ? undefined : findExponentFault(jwk))
  // RFC 7518 6.2.1.2: the full size of the field, leading zeros included.
  const short = findLengthFault(jwk, 'x', size) ?? (kty === 'EC' ? findLengthFault(jwk, 'y', size) : undefined)
  // RFC 8032 5.1.7 leaves these to us: with a point of small order, one signature fits many messages.
  if (short || kty === 'EC' || !isSmallOrderEd25519(decodedMember(jwk, 'x')!)) return short
  return fault('x', 'a point of full order, canonically encoded', 'another')
}

function findPrivateFault(jwk: Jwk, { kty, size }: AlgorithmRule): KeyFault | undefined {
  if (kty !== 'RSA') return findLengthFault(jwk, 'd', size)
  if (jwk.oth !== undefined) return fault('oth', 'absent: a key of two primes', 'present')
  const missing = rsaPrivateMembers.find((member) => !decodedMember(jwk, member)?.length)
  return missing === undefined ? undefined : fault(missing, 'canonical base64url', 'absent or malformed')
}

function findLengthFault(jwk: Jwk, member: string, length: number): KeyFault | undefined {
  const bytes = decodedMember(jwk, member)
  return bytes?.length === length ? undefined : fault(member, `${length} bytes in canonical base64url`, counted(bytes))
}

function findModulusFault(jwk: Jwk): KeyFault | undefined {
  const modulus = decodedMember(jwk, 'n')
  const bits = modulus?.length ? modulus.length * 8 - Math.clz32(modulus[0]!) + 24 : 0
  const canonical = modulus?.length && modulus[0] !== 0
  if (canonical && bits >= 2048 && bits <= 8192 && isOdd(modulus)) return undefined
  return fault('n', 'an odd number of 2048 to 8192 bits in canonical base64url', counted(modulus))
}

function findExponentFault(jwk: Jwk): KeyFault | undefined {
  const exponent = decodedMember(jwk, 'e')
  const value = exponent?.reduce((sum, byte) => sum * 256 + byte, 0) ?? 0
  // FIPS 186-5 5.4. Larger ones are no use to honest servers, cost time each time, and split the platforms.
  if (exponent?.length && exponent[0] !== 0 && value >= 65537 && value < 2 ** 32 && isOdd(exponent)) return undefined
  return fault(
    'e',
    'an odd number from 65537 to 2^32 in canonical base64url',
    exponent ? String(value) : counted(exponent),
  )
}

function isOdd(bytes: Uint8Array): boolean {
  return (bytes[bytes.length - 1]! & 1) === 1
}

function decodedMember(jwk: Jwk, member: string): Uint8Array | undefined {
  const value = jwk[member]
  return typeof value === 'string' ? decodeBase64url(value) : undefined
}

function counted(bytes: Uint8Array | undefined): string {
  return bytes ? `${bytes.length} bytes` : 'not canonical base64url'
}

function shown(value: unknown): string {
  return typeof value === 'string' ? printable(value, 40) : jsonType(value)
}
