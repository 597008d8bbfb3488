import { verify } from '@noble/secp256k1'
import { decodeBase64url } from '../../lib/base64url.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { decodePoint } from './ec-point.ts'

const size = 32

/**
 * Whether a signature is one of this key over this digest, by a library: for platforms whose WebCrypto is all that
 * there is, since it has no such curve.
 *
 * @param digest SHA-256 of what was signed
 * @param signature r and s side by side, 64 bytes (RFC 7518 3.4); s of either half, as JWS does not choose
 * @returns `undefined` for what is no key of the curve
 * @see SEC 1 4.1.4, RFC 8812 3.2
 */
export function verifySecp256k1(jwk: Jwk, digest: Uint8Array, signature: Uint8Array): boolean | undefined {
  const key = pointOf(jwk)
  if (!key) return undefined
  // The library throws for another length.
  if (signature.length !== 2 * size) return false
  return verify(signature, digest, key, { prehash: false, lowS: false })
}

/** Uncompressed, and certain to be on the curve. */
function pointOf({ kty, crv, x, y }: Jwk): Uint8Array | undefined {
  if (kty !== 'EC' || crv !== 'secp256k1') return undefined
  const [xBytes, yBytes] = [x, y].map((member) => (typeof member === 'string' ? decodeBase64url(member) : undefined))
  if (xBytes?.length !== size || yBytes?.length !== size) return undefined
  const bytes = Uint8Array.from([4, ...xBytes, ...yBytes])
  return decodePoint(bytes, 'secp256k1') && bytes
}
