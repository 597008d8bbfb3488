// Which certificate the server believes at its TLS port: the one that the connection has proven, from whom it must be.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDevServer, type DevServer } from '../../src/dev-server/index.ts'
import { type Certificate, type Certificates, fetchWithCertificate, makeCertificates } from '../support/certificates.ts'

let known: Certificates
let strange: Certificates
let server: DevServer
beforeAll(async () => {
  // The same names by another authority of the same name.
  ;[known, strange] = [makeCertificates('app.example'), makeCertificates('app.example')]
  server = await createDevServer({ tls: known.server, clientCa: known.ca })
  const grant_types = ['client_credentials']
  server.addClient({
    client_id: 'pki',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'app.example',
    grant_types,
  })
  server.addClient({
    client_id: 'self',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [{ kty: 'EC', x5c: [derOf(known.selfSigned)] } as never] },
    grant_types,
  })
})
afterAll(() => server?.close())

function derOf({ cert }: Certificate): string {
  return new X509Certificate(cert).raw.toString('base64')
}

interface Showing {
  readonly certificate?: Certificate
  readonly headers?: Record<string, string>
}

async function askAs(clientId: 'pki' | 'self', { certificate, headers = {} }: Showing): Promise<number> {
  const send = fetchWithCertificate(known.ca, certificate)
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId })
  return (await send(new Request(`${server.mtlsOrigin}/token`, { method: 'POST', body, headers }))).status
}

describe('a client of an authority (RFC 8705 2.1)', () => {
  it('is known by a certificate of that authority', async () => {
    expect(await askAs('pki', { certificate: known.client })).toBe(200)
  })

  it('is not known by the same name from another authority, nor from nobody', async () => {
    expect(await askAs('pki', { certificate: strange.client })).toBe(401)
    expect(await askAs('pki', {})).toBe(401)
  })
})

describe('a client with a certificate of its own (RFC 8705 2.2)', () => {
  it('is known by that certificate, whoever has signed it, and by no other', async () => {
    expect(await askAs('self', { certificate: known.selfSigned })).toBe(200)
    expect(await askAs('self', { certificate: strange.selfSigned })).toBe(401)
    expect(await askAs('self', { certificate: known.client })).toBe(401)
  })
})

describe('a header field that claims to be a certificate', () => {
  const fieldsOf = (certificate: Certificate) => ({
    'client-cert': `:${derOf(certificate)}:`,
    'x-client-cert': encodeURIComponent(certificate.cert),
    'x-ssl-client-cert': encodeURIComponent(certificate.cert),
    'x-forwarded-client-cert': encodeURIComponent(certificate.cert),
  })

  it('is not believed without the option, with a certificate on the connection or without', async () => {
    for (const [clientId, own] of [
      ['pki', known.client],
      ['self', known.selfSigned],
    ] as const) {
      const headers = fieldsOf(own)
      expect(await askAs(clientId, { headers })).toBe(401)
      expect(await askAs(clientId, { headers, certificate: strange.client })).toBe(401)
    }
  })

  it('takes nothing from what the connection has proven', async () => {
    expect(await askAs('pki', { certificate: known.client, headers: fieldsOf(strange.client) })).toBe(200)
  })
})
