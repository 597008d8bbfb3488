/**
 * ECDSA signatures between their two forms: R and S of fixed length side by side (JWS, RFC 7518 3.4) and the
 * DER SEQUENCE of two INTEGERs that OpenSSL works with. By hand, because node:crypto's own conversion
 * (`dsaEncoding: 'ieee-p1363'`) costs 30 µs a call on Node 24 and this one well under 1 µs.
 */

/** Longer than any: two INTEGERs of 67 bytes. Written anew by each call, since allocating costs more than converting. */
const der = new Uint8Array(144)

/**
 * `raw` has an even length; each half becomes a minimal positive INTEGER (X.690 8.3.2).
 *
 * @returns a view that is good until the next call
 */
export function ecdsaRawToDer(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length >> 1
  const rFrom = firstSignificant(raw, 0, half)
  const sFrom = firstSignificant(raw, half, raw.length)
  const rPad = raw[rFrom]! >> 7
  const sPad = raw[sFrom]! >> 7
  const rLength = half - rFrom + rPad
  const sLength = raw.length - sFrom + sPad
  const body = 4 + rLength + sLength
  // P-521 alone is long enough for the two-byte length form.
  const long = body > 127 ? 1 : 0
  let at = 0
  der[at++] = 0x30
  if (long) der[at++] = 0x81
  der[at++] = body
  der[at++] = 0x02
  der[at++] = rLength
  if (rPad) der[at++] = 0
  for (let i = rFrom; i < half; i++) der[at++] = raw[i]!
  der[at++] = 0x02
  der[at++] = sLength
  if (sPad) der[at++] = 0
  for (let i = sFrom; i < raw.length; i++) der[at++] = raw[i]!
  return der.subarray(0, at)
}

/** For our own signatures only: trusts that it is what a crypto library made. `size` is bytes of a coordinate. */
export function ecdsaDerToRaw(signature: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const raw = new Uint8Array(2 * size)
  let at = signature[1] === 0x81 ? 4 : 3
  for (let end = size; end <= 2 * size; end += size) {
    const length = signature[at]!
    const next = at + 1 + length
    // A leading zero byte (the sign) may make the INTEGER one longer than the coordinate.
    for (let i = next - 1, to = end - 1; i > at && to >= end - size; i--, to--) raw[to] = signature[i]!
    at = next + 1
  }
  return raw
}

/** The last byte stays, so that zero is one zero byte. */
function firstSignificant(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end - 1 && bytes[at] === 0) at++
  return at
}
