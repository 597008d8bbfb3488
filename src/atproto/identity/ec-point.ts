/**
 * Points of the two curves of the AT Protocol, from bytes to coordinates. WebCrypto knows no secp256k1 and not every
 * platform takes compressed points, so this is arithmetic; only on public keys, so its time need not be constant.
 */

export type CurveName = 'P-256' | 'secp256k1'

interface Curve {
  readonly p: bigint
  readonly a: bigint
  readonly b: bigint
}

/** y² = x³ + ax + b over the field of p (SEC 2 2.4.1, 2.4.2). */
const curves: Readonly<Record<CurveName, Curve>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    a: -3n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  secp256k1: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    a: 0n,
    b: 7n,
  },
}

const size = 32

/**
 * The coordinates of a public key, 32 bytes each, or `undefined` for what is no point of the curve.
 *
 * @param bytes compressed (33 bytes) or uncompressed (65 bytes)
 * @see SEC 1 2.3.4
 */
export function decodePoint(
  bytes: Uint8Array,
  curve: CurveName,
): { readonly x: Uint8Array<ArrayBuffer>; readonly y: Uint8Array<ArrayBuffer> } | undefined {
  const { p } = curves[curve]
  const [form] = bytes
  const x = toNumber(bytes.subarray(1, 1 + size))
  if (x >= p) return undefined
  const square = rightSide(x, curves[curve])
  if (form === 4 && bytes.length === 1 + 2 * size) {
    const y = toNumber(bytes.subarray(1 + size))
    return y < p && (y * y) % p === square ? { x: toBytes(x), y: toBytes(y) } : undefined
  }
  if ((form !== 2 && form !== 3) || bytes.length !== 1 + size) return undefined
  // Both primes are 3 modulo 4, where this is a root if there is one.
  const root = power(square, (p + 1n) / 4n, p)
  if ((root * root) % p !== square) return undefined
  const y = (root & 1n) === BigInt(form & 1) ? root : p - root
  return { x: toBytes(x), y: toBytes(y) }
}

/** SEC 1 2.3.3, compressed. */
export function encodePoint(x: Uint8Array, y: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([2 + (y[y.length - 1]! & 1), ...x])
}

function rightSide(x: bigint, { p, a, b }: Curve): bigint {
  return ((((x * x + a) * x + b) % p) + p) % p
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus
  }
  return result
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function toBytes(number: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => Number((number >> BigInt(8 * (size - 1 - i))) & 255n))
}
