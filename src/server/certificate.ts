import { timingSafeEqual } from '../lib/constant-time.ts'
import type { RegisteredClient } from './client.ts'
import { refuseRequest } from './refusal.ts'
import type { ClientCertificate } from './request.ts'
import { sha256Bytes } from './secrets.ts'

const pemForm = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/

/**
 * The SHA-256 of the certificate's DER, base64url: `x5t#S256`.
 *
 * @throws Refusal invalid_request for what is no certificate
 * @see RFC 8705 3.1
 */
export async function certificateThumbprint({ certificate }: ClientCertificate): Promise<string> {
  const der = typeof certificate === 'string' ? derOf(certificate) : certificate
  if (!der || !isCertificate(der)) throw refuseRequest('the client certificate is unreadable')
  return sha256Bytes(der)
}

function derOf(pem: string): Uint8Array<ArrayBuffer> | undefined {
  const body = pemForm.exec(pem)?.[1]?.replace(/\s/g, '')
  return body === undefined ? undefined : decodeBase64(body)
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    // Not base64, so no certificate either.
    return undefined
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

/**
 * Whether a certificate is the one that a client of tls_client_auth registered: chain trusted, and the one
 * subject member that was registered equal.
 *
 * @see RFC 8705 2.1
 */
export function isRegisteredSubject({ metadata }: RegisteredClient, certificate: ClientCertificate): boolean {
  if (certificate.chainTrusted !== true) return false
  const { san = {} } = certificate
  // RFC 8705 2.1.2: exactly one of these is registered.
  const expectations: readonly (readonly [unknown, readonly (string | undefined)[]])[] = [
    [metadata.tls_client_auth_subject_dn, [certificate.subjectDn]],
    [metadata.tls_client_auth_san_dns, san.dns ?? []],
    [metadata.tls_client_auth_san_uri, san.uri ?? []],
    [metadata.tls_client_auth_san_ip, san.ip ?? []],
    [metadata.tls_client_auth_san_email, san.email ?? []],
  ]
  const registered = expectations.filter(([expected]) => typeof expected === 'string' && expected !== '')
  if (registered.length !== 1) return false
  const [expected, actual] = registered[0]!
  return actual.some((one) => one !== undefined && timingSafeEqual(expected as string, one))
}

/** Whether a certificate is one of those that a client put into its keys (RFC 8705 2.2.2: `x5c`). */
export async function isRegisteredCertificate(jwks: object | undefined, thumbprint: string): Promise<boolean> {
  const keys = (jwks as { readonly keys?: unknown } | undefined)?.keys
  if (!Array.isArray(keys)) return false
  for (const key of keys.slice(0, 32)) {
    const chain = (key as { readonly x5c?: unknown } | null)?.x5c
    const der = Array.isArray(chain) && typeof chain[0] === 'string' ? decodeBase64(chain[0]) : undefined
    if (der && timingSafeEqual(await sha256Bytes(der), thumbprint)) return true
  }
  return false
}
