/** base64url without padding (RFC 4648 5, as RFC 7515 2 uses it), strict in both directions. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const values = new Int16Array(128).fill(-1)
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text is encoded as UTF-8. */
export function encodeBase64url(input: Uint8Array | string): string {
  if (typeof input === 'string') return encodeText(input)
  let text = ''
  let i = 0
  for (; i + 2 < input.length; i += 3) {
    const word = (input[i]! << 16) | (input[i + 1]! << 8) | input[i + 2]!
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]! + alphabet[(word >> 6) & 63]! + alphabet[word & 63]!
  }
  if (i + 1 === input.length) {
    const word = input[i]! << 16
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]!
  } else if (i + 2 === input.length) {
    const word = (input[i]! << 16) | (input[i + 1]! << 8)
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

/**
 * The text that was encoded as UTF-8, or `undefined` for what `decodeBase64url` refuses and for invalid UTF-8.
 *
 * Not by way of bytes where the text is ASCII, as nearly every JWT is: allocating the array alone would cost
 * more than the rest together.
 */
export function decodeBase64urlText(text: string): string | undefined {
  if (!/^[\w-]*$/.test(text) || !hasCanonicalEnd(text)) return undefined
  const latin1 = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1
  try {
    return textDecoder.decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0)))
  } catch {
    // Invalid UTF-8, which is the caller's to report.
    return undefined
  }
}

/** Whether the last character's bits beyond the last byte are zero, which `atob` does not ask for. */
function hasCanonicalEnd(text: string): boolean {
  const rest = text.length & 3
  if (rest === 0) return true
  const last = values[text.charCodeAt(text.length - 1)]!
  return rest === 1 ? false : (last & (rest === 2 ? 15 : 3)) === 0
}

function encodeText(text: string): string {
  if (!/^[\x00-\x7f]*$/.test(text)) return encodeBase64url(textEncoder.encode(text))
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
