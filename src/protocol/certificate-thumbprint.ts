import { encodeBase64url } from '../lib/base64url.ts'

const pemForm = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/

/**
 * `x5t#S256`: the SHA-256 of a certificate's DER, base64url; `undefined` for what is no certificate.
 *
 * @param certificate DER, or PEM text of one certificate; PEM may be percent-encoded, as proxies hand it on
 * @see RFC 8705 3.1
 */
export async function certificateThumbprint(certificate: Uint8Array | string): Promise<string | undefined> {
  const der = typeof certificate === 'string' ? derOf(certificate) : certificate
  return der && isCertificate(der) ? await hashCertificate(der) : undefined
}

/** The SHA-256 of DER bytes, base64url. */
export async function hashCertificate(der: Uint8Array): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(der))))
}

/** base64 (RFC 4648 4), as in PEM and `x5c`; `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    // Not base64, so no certificate either.
    return undefined
  }
}

function derOf(pem: string): Uint8Array<ArrayBuffer> | undefined {
  const body = pemForm.exec(decodePercents(pem))?.[1]?.replace(/\s/g, '')
  return body === undefined ? undefined : decodeBase64(body)
}

function decodePercents(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: PEM has none, so it is no certificate either way.
    return text
  }
}

/** RFC 5280 4.1: one SEQUENCE over everything, that begins with the SEQUENCE of the to-be-signed part. */
function isCertificate(der: Uint8Array): boolean {
  const outer = readLength(der, 0)
  if (!outer || outer.start + outer.length !== der.length) return false
  const inner = readLength(der, outer.start)
  return inner !== undefined && inner.start + inner.length < der.length
}

function readLength(der: Uint8Array, at: number): { start: number; length: number } | undefined {
  const sequenceTag = 0x30
  const first = der[at + 1]
  if (der[at] !== sequenceTag || first === undefined) return undefined
  if (first < 0x80) return { start: at + 2, length: first }
  const bytes = first & 0x7f
  if (bytes === 0 || bytes > 3 || at + 2 + bytes > der.length) return undefined
  const length = der.subarray(at + 2, at + 2 + bytes).reduce((sum, byte) => sum * 256 + byte, 0)
  return { start: at + 2 + bytes, length }
}
