const prime = 2n ** 255n - 19n
/** The y of a point of order 8; the other one is its negative. */
const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, prime - 1n, orderEight, prime - orderEight])

/**
 * Whether an encoded Ed25519 point (RFC 8032 5.1.2) lies in the small subgroup or is not the one canonical
 * encoding. For such a key a single signature verifies for many messages, and libraries disagree.
 */
export function isSmallOrderEd25519(encoded: Uint8Array): boolean {
  let y = 0n
  for (let i = encoded.length - 1; i >= 0; i--) y = (y << 8n) | BigInt(encoded[i]!)
  // The highest bit is the sign of x.
  y &= (1n << 255n) - 1n
  return y >= prime || smallOrder.has(y)
}
