import { timingSafeEqual } from '../lib/constant-time.ts'
import { certificateThumbprint, decodeBase64, hashCertificate } from '../protocol/certificate-thumbprint.ts'
import type { RegisteredClient } from './client.ts'
import { refuseRequest } from './refusal.ts'
import type { ClientCertificate } from './request.ts'

/**
 * `x5t#S256` of the client's certificate.
 *
 * @throws Refusal invalid_request for what is no certificate
 * @see RFC 8705 3.1
 */
export async function requireThumbprint({ certificate }: ClientCertificate): Promise<string> {
  const thumbprint = await certificateThumbprint(certificate)
  if (thumbprint === undefined) throw refuseRequest('the client certificate is unreadable')
  return thumbprint
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
    if (der && timingSafeEqual(await hashCertificate(der), thumbprint)) return true
  }
  return false
}
