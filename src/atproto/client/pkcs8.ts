import { ConfigurationError } from '../../errors/configuration.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import type { Jwk } from '../../lib/signatures/types.ts'
import { decodePoint } from '../identity/ec-point.ts'

/** DER of AlgorithmIdentifier: id-ecPublicKey with prime256v1 (RFC 5480 2.1.1, 2.1.1.1). */
const p256Algorithm = '301306072a8648ce3d020106082a8648ce3d030107'
const size = 32

/**
 * A private key on P-256 as JWK, read where it stands: WebCrypto would be asynchronous, and the client's metadata has
 * to be there at once.
 *
 * @param key PKCS #8, as PEM text or DER bytes; with the public half in it, which OpenSSL and WebCrypto always write
 * @throws ConfigurationError `unusable_key`
 * @see RFC 5958 2, RFC 5915 3
 */
export function parsePkcs8(key: string | Uint8Array): Jwk {
  const der = typeof key === 'string' ? bytesOfPem(key) : key
  const [, algorithm, inner] = readChildren(readWhole(der, 0x30))
  if (algorithm === undefined || toHex(algorithm.whole) !== p256Algorithm) throw unusable('for P-256')
  if (inner?.tag !== 0x04) throw unusable('with a private key in it')
  const [version, secret, ...rest] = readChildren(readWhole(inner.content, 0x30))
  const d = secret?.tag === 0x04 && secret.content.length === size ? secret.content : undefined
  if (version?.content[0] !== 1 || !d) throw unusable('with 32 bytes of private key')
  const bits = rest.find(({ tag }) => tag === 0xa1)
  // A BIT STRING's first byte says how many bits at its end do not count.
  const point = bits && readWhole(bits.content, 0x03)
  const coordinates = point?.[0] === 0 ? decodePoint(point.subarray(1), 'P-256') : undefined
  if (!coordinates) throw unusable('with its public half')
  const { x, y } = coordinates
  return { kty: 'EC', crv: 'P-256', x: encodeBase64url(x), y: encodeBase64url(y), d: encodeBase64url(d) }
}

interface Element {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

/** RFC 7468 10: one block with this label, and nothing else is of interest. */
function bytesOfPem(pem: string): Uint8Array {
  const [, base64] = /-----BEGIN PRIVATE KEY-----([A-Za-z\d+/=\s]*)-----END PRIVATE KEY-----/.exec(pem) ?? []
  if (base64 === undefined) throw unusable('PEM with the label PRIVATE KEY')
  try {
    return Uint8Array.from(atob(base64.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  } catch {
    // The platform's message may quote the key.
    throw unusable('PEM in base64')
  }
}

/** One element that is all of the bytes. */
function readWhole(bytes: Uint8Array, tag: number): Uint8Array {
  const element = readElement(bytes)
  if (element?.tag !== tag || element.whole.length !== bytes.length) throw unusable('DER')
  return element.content
}

function readChildren(bytes: Uint8Array): readonly Element[] {
  const children: Element[] = []
  for (let rest = bytes; rest.length > 0; ) {
    const element = readElement(rest)
    if (!element) throw unusable('DER')
    children.push(element)
    rest = rest.subarray(element.whole.length)
  }
  return children
}

/** X.690 8.1, with lengths of up to two bytes, which no such key exceeds. */
function readElement(bytes: Uint8Array): Element | undefined {
  const [tag = 0, first = 0, second = 0, third = 0] = bytes
  const [header, length] = first < 0x80 ? [2, first] : first === 0x81 ? [3, second] : [4, second * 256 + third]
  const end = header + length
  if ((first > 0x82 && first !== 0x81) || first === 0x80 || end > bytes.length) return undefined
  return { tag, content: bytes.subarray(header, end), whole: bytes.subarray(0, end) }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function unusable(expected: string): ConfigurationError {
  const message = `the client key is no PKCS #8 private key ${expected}`
  return new ConfigurationError('unusable_key', message, {
    field: 'key',
    clause: 'RFC 5958 2',
    expected,
    actual: 'another',
  })
}
