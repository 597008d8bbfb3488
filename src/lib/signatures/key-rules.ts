/**
 * Binds a JWK to one algorithm, before any crypto library sees it.
 *
 * `node:crypto` ignores the JWS `alg`: it would verify ES256 with a P-384 key, EdDSA with Ed448, PS256 with
 * any salt and RS256 with e = 1. So whatever these rules let through is all that either side of the seam
 * imports; that a point lies on its curve is left to the import.
 */
import { ConfigurationError } from '../../errors/configuration.ts'
import { decodeBase64url } from '../base64url.ts'
import { type AlgorithmRule, algorithmRule, isAsymmetricAlgorithm, isSameAlgorithm } from './algorithms.ts'
import { isSmallOrderEd25519 } from './ed25519-points.ts'
import type { AsymmetricAlgorithm, Jwk, SymmetricAlgorithm } from './types.ts'

/** The first member of a key that does not fit. Never holds key material. */
export interface KeyFault {
  readonly member: string
  readonly expected: string
  readonly actual: string
  readonly clause: string
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const rsaPrivateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi']
const leastModulusBits = 2048
const mostModulusBits = 8192
// Larger exponents are no use to honest servers, cost time on each verification, and split the platforms.
const mostExponentBytes = 4

/** Why `jwk` cannot verify signatures of `alg`, or `undefined` where it can. */
export function findVerificationKeyFault(jwk: Jwk, alg: AsymmetricAlgorithm): KeyFault | undefined {
  const present = privateMembers.find((member) => Object.hasOwn(jwk, member))
  return (
    findBindingFault(jwk, alg, 'verify') ??
    (present === undefined ? undefined : fault(present, 'absent from a public key', 'present', 'RFC 7517 9.2')) ??
    findPublicFault(jwk, algorithmRule(alg))
  )
}

/** Why `jwk` cannot sign with `alg`, or `undefined` where it can. */
export function findSigningKeyFault(jwk: Jwk, alg: AsymmetricAlgorithm): KeyFault | undefined {
  const rule = algorithmRule(alg)
  return findBindingFault(jwk, alg, 'sign') ?? findPublicFault(jwk, rule) ?? findPrivateFault(jwk, rule)
}

/** Throws where a rule found a fault. */
export function assertUsableKey(fault: KeyFault | undefined, alg: string): void {
  if (!fault) return
  const { member, expected, actual, clause } = fault
  throw new ConfigurationError(
    'unusable_key',
    `key member "${member}" is ${actual}; ${alg} expects it ${expected} (${clause})`,
    { field: member, expected, actual },
  )
}

/** A key that satisfies every rule of its members and is refused by the platform: not on its curve, an inconsistent RSA key. */
export function unusableKey(alg: string, cause: unknown): ConfigurationError {
  return new ConfigurationError('unusable_key', `the platform refuses this key for ${alg}; see the cause`, {
    field: 'key',
    expected: `a valid key for ${alg}`,
    actual: 'refused',
    cause,
  })
}

/** RFC 7518 3.2: a MAC key has at least the size of the hash output. */
export function assertSecretLength(bytes: Uint8Array, alg: SymmetricAlgorithm): void {
  const { size } = algorithmRule(alg)
  if (bytes.length >= size) return
  throw new ConfigurationError(
    'unusable_key',
    `the client secret has ${bytes.length} bytes; ${alg} expects at least ${size} (RFC 7518 3.2)`,
    { field: 'secret', expected: `at least ${size} bytes`, actual: `${bytes.length} bytes` },
  )
}

/** The algorithm of a private JWK that is given without one: its own `alg`, else the one that its curve has. */
export function signingAlgorithmOf(jwk: Jwk): AsymmetricAlgorithm {
  const { alg } = jwk
  if (isAsymmetricAlgorithm(alg)) return alg
  if (alg === undefined) {
    const byCurve = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', Ed25519: 'EdDSA' } as const
    const { crv } = jwk
    if (typeof crv === 'string' && Object.hasOwn(byCurve, crv)) return byCurve[crv as keyof typeof byCurve]
  }
  const actual = typeof alg === 'string' ? `"${alg}"` : 'absent'
  throw new ConfigurationError(
    'unusable_key',
    `key member "alg" is ${actual}; expected a registered asymmetric JWS algorithm, so that the key can be bound to it (RFC 7517 4.4)`,
    { field: 'alg', expected: 'a registered asymmetric JWS algorithm', actual },
  )
}

function fault(member: string, expected: string, actual: string, clause: string): KeyFault {
  return { member, expected, actual, clause }
}

function findBindingFault(jwk: Jwk, alg: AsymmetricAlgorithm, operation: 'sign' | 'verify'): KeyFault | undefined {
  const rule = algorithmRule(alg)
  if (jwk.kty !== rule.kty) return fault('kty', `"${rule.kty}"`, shown(jwk.kty), 'RFC 7518 6.1')
  if (rule.crv && jwk.crv !== rule.crv) return fault('crv', `"${rule.crv}"`, shown(jwk.crv), 'RFC 7518 6.2.1.1')
  if (jwk.alg !== undefined && !(typeof jwk.alg === 'string' && isSameAlgorithm(jwk.alg, alg))) {
    return fault('alg', `"${alg}" or absent`, shown(jwk.alg), 'RFC 7517 4.4')
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') return fault('use', '"sig" or absent', shown(jwk.use), 'RFC 7517 4.2')
  return findOperationsFault(jwk.key_ops, operation)
}

function findOperationsFault(operations: unknown, operation: 'sign' | 'verify'): KeyFault | undefined {
  if (operations === undefined) return undefined
  const expected = `an array of distinct strings with "${operation}", or absent`
  if (!Array.isArray(operations)) return fault('key_ops', expected, shown(operations), 'RFC 7517 4.3')
  const fits = operations.includes(operation) && new Set(operations).size === operations.length
  return fits ? undefined : fault('key_ops', expected, JSON.stringify(operations).slice(0, 100), 'RFC 7517 4.3')
}

function findPublicFault(jwk: Jwk, rule: AlgorithmRule): KeyFault | undefined {
  switch (rule.kty) {
    case 'EC':
      return (
        findLengthFault(jwk, 'x', rule.size, 'RFC 7518 6.2.1.2') ??
        findLengthFault(jwk, 'y', rule.size, 'RFC 7518 6.2.1.3')
      )
    case 'OKP':
      return findLengthFault(jwk, 'x', rule.size, 'RFC 8037 2') ?? findPointFault(jwk)
    case 'RSA':
      return findModulusFault(jwk) ?? findExponentFault(jwk)
    case 'oct':
      return fault('kty', 'asymmetric', 'symmetric', 'RFC 7518 6.1')
  }
}

function findPrivateFault(jwk: Jwk, rule: AlgorithmRule): KeyFault | undefined {
  if (rule.kty !== 'RSA') return findLengthFault(jwk, 'd', rule.size, 'RFC 7518 6.2.2.1')
  if (jwk.oth !== undefined) return fault('oth', 'absent: two primes', 'present', 'RFC 7518 6.3.2.7')
  const missing = rsaPrivateMembers.find((member) => !decodedMember(jwk, member)?.length)
  return missing === undefined
    ? undefined
    : fault(missing, 'canonical base64url', 'absent or malformed', 'RFC 7518 6.3.2')
}

/** The parameters have the full size of the field, leading zeros included (RFC 7518 6.2.1.2). */
function findLengthFault(jwk: Jwk, member: string, length: number, clause: string): KeyFault | undefined {
  const bytes = decodedMember(jwk, member)
  if (bytes?.length === length) return undefined
  return fault(member, `${length} bytes in canonical base64url`, describeBytes(bytes), clause)
}

function findPointFault(jwk: Jwk): KeyFault | undefined {
  // RFC 8032 5.1.7 leaves these to us: with a point of small order, one signature fits many messages.
  if (!isSmallOrderEd25519(decodedMember(jwk, 'x')!)) return undefined
  return fault('x', 'a point of full order, canonically encoded', 'of small order or not canonical', 'RFC 8037 2')
}

function findModulusFault(jwk: Jwk): KeyFault | undefined {
  const modulus = decodedMember(jwk, 'n')
  const clause = 'RFC 7518 3.3, 6.3.1.1'
  const expected = `an odd number of ${leastModulusBits} to ${mostModulusBits} bits in canonical base64url`
  if (!modulus?.length || modulus[0] === 0) return fault('n', expected, describeBytes(modulus), clause)
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24
  if (bits < leastModulusBits || bits > mostModulusBits) return fault('n', expected, `of ${bits} bits`, clause)
  return isOdd(modulus) ? undefined : fault('n', expected, 'even', clause)
}

function findExponentFault(jwk: Jwk): KeyFault | undefined {
  const exponent = decodedMember(jwk, 'e')
  const clause = 'RFC 7518 6.3.1.2, FIPS 186-5 5.4'
  const expected = 'an odd number from 65537 to 2^32 in canonical base64url'
  if (!exponent?.length || exponent[0] === 0 || exponent.length > mostExponentBytes) {
    return fault('e', expected, describeBytes(exponent), clause)
  }
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0)
  return value >= 65537 && isOdd(exponent) ? undefined : fault('e', expected, String(value), clause)
}

function isOdd(bytes: Uint8Array): boolean {
  return (bytes[bytes.length - 1]! & 1) === 1
}

function decodedMember(jwk: Jwk, member: string): Uint8Array | undefined {
  const value = jwk[member]
  return typeof value === 'string' ? decodeBase64url(value) : undefined
}

function describeBytes(bytes: Uint8Array | undefined): string {
  if (!bytes) return 'absent or not canonical base64url'
  return bytes[0] === 0 ? 'with leading zeros' : `${bytes.length} bytes`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : value === undefined ? 'absent' : typeof value
}
