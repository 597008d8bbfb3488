import { decodeBase64url } from '../../lib/base64url.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { decodePoint } from './ec-point.ts'

/**
 * ECDSA on secp256k1, verification alone, for platforms whose WebCrypto is all that there is: it has no such curve.
 * Key, signature and digest are public, so that nothing here need take the same time for each. Some 5 ms.
 */

/** SEC 2 2.4.1: the field, the order of the group, and its base point. */
const p = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn
const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const base: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  z: 1n,
}

/** Jacobian coordinates: x/z², y/z³; z is 0 for the point at infinity. */
interface Point {
  readonly x: bigint
  readonly y: bigint
  readonly z: bigint
}

const infinity: Point = { x: 1n, y: 1n, z: 0n }
const size = 32

/**
 * Whether a signature is one of this key over this digest.
 *
 * @param digest SHA-256 of what was signed
 * @param signature r and s side by side, 64 bytes (RFC 7518 3.4)
 * @returns `undefined` for what is no key of the curve
 * @see SEC 1 4.1.4, RFC 8812 3.2
 */
export function verifySecp256k1(jwk: Jwk, digest: Uint8Array, signature: Uint8Array): boolean | undefined {
  const key = pointOf(jwk)
  if (!key) return undefined
  if (signature.length !== 2 * size) return false
  const [r, s] = [toNumber(signature.subarray(0, size)), toNumber(signature.subarray(size))]
  if (r < 1n || r >= n || s < 1n || s >= n) return false
  const inverse = invert(s, n)
  const [u1, u2] = [(toNumber(digest) * inverse) % n, (r * inverse) % n]
  const { x, z } = addMultiples(u1, base, u2, key)
  if (z === 0n) return false
  const back = invert(z, p)
  return modulo(x * back * back, p) % n === r
}

function pointOf({ kty, crv, x, y }: Jwk): Point | undefined {
  if (kty !== 'EC' || crv !== 'secp256k1') return undefined
  const [xBytes, yBytes] = [x, y].map((member) => (typeof member === 'string' ? decodeBase64url(member) : undefined))
  if (xBytes?.length !== size || yBytes?.length !== size) return undefined
  const point = decodePoint(Uint8Array.from([4, ...xBytes, ...yBytes]), 'secp256k1')
  return point && { x: toNumber(point.x), y: toNumber(point.y), z: 1n }
}

/** Both at once, from the highest bit: one doubling serves the two. */
function addMultiples(u1: bigint, one: Point, u2: bigint, other: Point): Point {
  const both = add(one, other)
  let sum = infinity
  for (let bit = 8n * BigInt(size) - 1n; bit >= 0n; bit--) {
    sum = double(sum)
    const [first, second] = [(u1 >> bit) & 1n, (u2 >> bit) & 1n]
    if (first && second) sum = add(sum, both)
    else if (first) sum = add(sum, one)
    else if (second) sum = add(sum, other)
  }
  return sum
}

function double({ x, y, z }: Point): Point {
  const yy = (y * y) % p
  const s = (4n * x * yy) % p
  const m = (3n * x * x) % p
  const x3 = modulo(m * m - 2n * s, p)
  return { x: x3, y: modulo(m * (s - x3) - 8n * yy * yy, p), z: (2n * y * z) % p }
}

function add(one: Point, other: Point): Point {
  if (one.z === 0n) return other
  if (other.z === 0n) return one
  const [z1, z2] = [(one.z * one.z) % p, (other.z * other.z) % p]
  const [u1, u2] = [(one.x * z2) % p, (other.x * z1) % p]
  const [s1, s2] = [(one.y * z2 * other.z) % p, (other.y * z1 * one.z) % p]
  if (u1 === u2) return s1 === s2 ? double(one) : infinity
  const [h, r] = [u2 - u1, s2 - s1]
  const hh = modulo(h * h, p)
  const hhh = modulo(h * hh, p)
  const x = modulo(r * r - hhh - 2n * u1 * hh, p)
  return { x, y: modulo(r * (u1 * hh - x) - s1 * hhh, p), z: modulo(h * one.z * other.z, p) }
}

/** By Euclid's algorithm; `value` has no factor in common with the prime. */
function invert(value: bigint, prime: bigint): bigint {
  let [before, now] = [prime, modulo(value, prime)]
  let [coefficient, next] = [0n, 1n]
  while (now > 1n) {
    const quotient = before / now
    ;[before, now] = [now, before - quotient * now]
    ;[coefficient, next] = [next, coefficient - quotient * next]
  }
  return modulo(next, prime)
}

function modulo(value: bigint, prime: bigint): bigint {
  const rest = value % prime
  return rest < 0n ? rest + prime : rest
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
