/** base64url without padding (RFC 4648 5, as RFC 7515 2 uses it), strict in both directions. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const values = new Int16Array(128).fill(-1)
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i

const textEncoder = new TextEncoder()

export function encodeBase64url(input: Uint8Array | string): string {
  const bytes = typeof input === 'string' ? textEncoder.encode(input) : input
  let text = ''
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]! + alphabet[(word >> 6) & 63]! + alphabet[word & 63]!
  }
  if (i + 1 === bytes.length) {
    const word = bytes[i]! << 16
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]!
  } else if (i + 2 === bytes.length) {
    const word = (bytes[i]! << 16) | (bytes[i + 1]! << 8)
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]! + alphabet[(word >> 6) & 63]!
  }
  return text
}

/** The bytes, or `undefined` for text that is not the one canonical form: padding, other characters, stray bits. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const rest = text.length % 4
  if (rest === 1) return undefined
  const bytes = new Uint8Array((text.length * 3) >> 2)
  let at = 0
  let word = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? values[code]! : -1
    if (value < 0) return undefined
    word = (word << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (word >> bits) & 255
      word &= (1 << bits) - 1
    }
  }
  return word === 0 ? bytes : undefined
}
