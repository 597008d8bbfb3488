import { decodeBase64url, encodeBase64url } from '../../lib/base64url.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { decodeBase58, encodeBase58 } from './base58.ts'
import { type CurveName, decodePoint, encodePoint } from './ec-point.ts'

/** Multicodec of compressed public keys, as varints: p256-pub (0x1200) and secp256k1-pub (0xe7). */
const prefixes: Readonly<Record<CurveName, readonly [number, number]>> = {
  'P-256': [0x80, 0x24],
  secp256k1: [0xe7, 0x01],
}
const curveNames = Object.keys(prefixes) as readonly CurveName[]

/**
 * A public key as JWK, or `undefined` for what is no key of the two curves.
 *
 * @param multikey multibase `z`, base58: multicodec and compressed point
 * @see AT Protocol Cryptography, "Public Key Encoding"; Controlled Identifiers 2.2.2
 */
export function parseMultikey(multikey: unknown): Jwk | undefined {
  const bytes = decodeMultibase(multikey)
  const curve = curveNames.find((name) => prefixes[name].every((byte, i) => bytes?.[i] === byte))
  // The form is always compressed: a point in another would be a second spelling of the same key.
  if (!bytes || curve === undefined || bytes.length !== 35) return undefined
  return toJwk(bytes.subarray(2), curve)
}

/**
 * A key in a form from before Multikey: the curve is told by the type of the verification method, and there is no
 * multicodec. The point is uncompressed; compressed ones are taken, too.
 *
 * @see AT Protocol DID, "Legacy Representation"
 */
export function parseLegacyKey(multibase: unknown, curve: CurveName): Jwk | undefined {
  const bytes = decodeMultibase(multibase)
  return bytes && toJwk(bytes, curve)
}

/** @throws TypeError for a JWK that is on neither curve */
export function encodeMultikey(jwk: Jwk): string {
  const { crv, x, y } = jwk
  const [xBytes, yBytes] = [x, y].map((member) => (typeof member === 'string' ? decodeBase64url(member) : undefined))
  const curve = curveNames.find((name) => name === crv)
  if (curve === undefined || xBytes?.length !== 32 || yBytes?.length !== 32) {
    throw new TypeError('encodeMultikey: "jwk" must be a key on P-256 or secp256k1')
  }
  return `z${encodeBase58(Uint8Array.from([...prefixes[curve], ...encodePoint(xBytes, yBytes)]))}`
}

function decodeMultibase(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' && text.startsWith('z') ? decodeBase58(text.slice(1)) : undefined
}

function toJwk(point: Uint8Array, curve: CurveName): Jwk | undefined {
  const coordinates = decodePoint(point, curve)
  return coordinates && { kty: 'EC', crv: curve, x: encodeBase64url(coordinates.x), y: encodeBase64url(coordinates.y) }
}
