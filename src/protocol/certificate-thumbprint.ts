import { encodeBase64url } from '../lib/base64url.ts'

const pem = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/

/**
 * `x5t#S256`: the SHA-256 of a certificate's DER, base64url.
 *
 * @param certificate DER, or PEM text of which the first certificate, the client's own, is taken; PEM may be
 *   percent-encoded, as proxies hand it on
 * @throws TypeError for text that holds no certificate
 * @see RFC 8705 3.1
 */
export async function certificateThumbprint(certificate: Uint8Array | string): Promise<string> {
  const der = typeof certificate === 'string' ? decodePem(certificate) : certificate
  if (!(der instanceof Uint8Array) || der.length === 0) {
    throw new TypeError('certificate: expected a certificate as DER bytes or PEM text')
  }
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(der))))
}

function decodePem(text: string): Uint8Array | undefined {
  const base64 = pem.exec(unescaped(text))?.[1]?.replace(/\s/g, '')
  if (base64 === undefined) return undefined
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    // Not base64, so no certificate.
    return undefined
  }
}

function unescaped(text: string): string {
  if (!/^-*BEGIN%20/i.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: then it is not an encoded one.
    return text
  }
}
