import { describe, expect, it } from 'vitest'
import { applyMtlsAliases, assertCertificateBindingSupported } from '../../src/protocol/mtls-endpoints.ts'

const metadata = {
  issuer: 'https://as.example',
  authorization_endpoint: 'https://as.example/authorize',
  token_endpoint: 'https://as.example/token',
  revocation_endpoint: 'https://as.example/revoke',
  mtls_endpoint_aliases: {
    token_endpoint: 'https://mtls.as.example/token',
    authorization_endpoint: 'https://mtls.as.example/authorize',
    jwks_uri: 'https://mtls.as.example/jwks',
    x_endpoint: 'https://mtls.as.example/x',
  },
}

describe('applyMtlsAliases', () => {
  it('puts aliases in the place of endpoints that the client itself calls, and of no others (RFC 8705 5)', () => {
    expect(applyMtlsAliases(metadata)).toEqual({ ...metadata, token_endpoint: 'https://mtls.as.example/token' })
  })

  it('leaves metadata without aliases as it is', () => {
    const { mtls_endpoint_aliases: _, ...plain } = metadata
    expect(applyMtlsAliases(plain)).toBe(plain)
  })
})

describe('assertCertificateBindingSupported', () => {
  it('wants a server that says that it binds tokens (RFC 8705 3.3)', () => {
    assertCertificateBindingSupported({ ...metadata, tls_client_certificate_bound_access_tokens: true })
    expect(() => assertCertificateBindingSupported(metadata)).toThrow(/tls_client_certificate_bound_access_tokens/)
  })
})
