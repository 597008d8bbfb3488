/**
 * base64url without padding (RFC 4648 5, as RFC 7515 2 uses it), strict in both directions.
 *
 * Text goes by way of the platform's base64, which works on strings: for the short texts of JWTs allocating a
 * byte array would cost more than the conversion.
 */

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const characterCodes = textEncoder.encode(alphabet)
/** Hashes, secrets and signatures are shorter. */
const scratchBytes = 768
const scratch = new Uint8Array((scratchBytes * 4) / 3)
const ascii = /^[\x00-\x7f]*$/

/** Text is encoded as UTF-8. */
export function encodeBase64url(input: Uint8Array | string): string {
  if (typeof input !== 'string') return encodeBytes(input)
  return ascii.test(input) ? encodeByteString(input) : encodeBytes(textEncoder.encode(input))
}

/** Of bytes that are the characters of a string, as `atob` has them. */
export function encodeByteString(bytes: string): string {
  const padded = btoa(bytes)
  const text = padded.slice(0, Math.ceil((bytes.length * 4) / 3))
  // Of ASCII only ">", "?" and "~" at every third place give either, and looking costs less than a new string.
  return text.includes('+') || text.includes('/') ? text.replaceAll('+', '-').replaceAll('/', '_') : text
}

/**
 * The bytes, or `undefined` for text that is not the one canonical form: padding, other characters, stray bits.
 *
 * @param allocate gives the array to fill. @default a new one
 */
export function decodeBase64url(
  text: string,
  allocate: (length: number) => Uint8Array<ArrayBuffer> = (length) => new Uint8Array(length),
): Uint8Array<ArrayBuffer> | undefined {
  const binary = decodeByteString(text)
  if (binary === undefined) return undefined
  const bytes = allocate(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** The text that was encoded as UTF-8, or `undefined` for what `decodeBase64url` refuses and for invalid UTF-8. */
export function decodeBase64urlText(text: string): string | undefined {
  const binary = decodeByteString(text)
  if (binary === undefined || ascii.test(binary)) return binary
  try {
    return textDecoder.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)))
  } catch {
    // Invalid UTF-8, which is the caller's to report.
    return undefined
  }
}

/** Whether the text is the one canonical form of some bytes, none included. */
export function isBase64url(text: string): boolean {
  return /^[\w-]*$/.test(text) && hasCanonicalEnd(text)
}

/**
 * The bytes as the characters of a string, or `undefined` for what `decodeBase64url` refuses: `atob` alone would take
 * white space, padding and stray bits.
 */
export function decodeByteString(text: string): string | undefined {
  if (!isBase64url(text)) return undefined
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Whether the last character's bits beyond the last byte are zero (RFC 4648 3.5). */
function hasCanonicalEnd(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  const last = alphabet.indexOf(text.charAt(text.length - 1))
  return rest !== 1 && (last & (rest === 2 ? 15 : 3)) === 0
}

/** One flat string: a text that grows by a character would be kept as a chain of its pieces, thirty times its size. */
function encodeBytes(bytes: Uint8Array): string {
  const { length } = bytes
  const characters = length <= scratchBytes ? scratch : new Uint8Array(Math.ceil(length / 3) * 4)
  for (let [i, at] = [0, 0]; i < length; i += 3, at += 4) {
    // Beyond the end there are only zero bits; the characters of these alone are left off below.
    const word = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    characters[at] = characterCodes[word >> 18]!
    characters[at + 1] = characterCodes[(word >> 12) & 63]!
    characters[at + 2] = characterCodes[(word >> 6) & 63]!
    characters[at + 3] = characterCodes[word & 63]!
  }
  return textDecoder.decode(characters.subarray(0, Math.ceil((length * 4) / 3)))
}
