import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ClientAuth } from '../../src/protocol/client-auth.ts'
import { clientSecret } from '../../src/protocol/client-auth.ts'
import { assertClientAuthSupported, resolveClientAuth } from '../../src/protocol/client-auth-support.ts'
import { selfSignedTlsClientAuth, tlsClientAuth } from '../../src/protocol/client-auth-tls.ts'
import { clientSecretJwt } from '../../src/protocol/client-secret-jwt.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { clientId, issuer, now } from '../support/id-token.ts'

const secret = 'a client secret of more than sixty-four bytes, as HS512 wants one to be: 0123456789'
const context = { clientId, issuer, runtime: createFakeRuntime() }

async function assertionOf(clientAuth: ClientAuth) {
  const { parameters } = await clientAuth.authenticate(context)
  const assertion = parameters!.client_assertion!
  const [header, claims] = assertion
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
  return { parameters, assertion, header: header!, claims: claims! }
}

describe('clientSecretJwt', () => {
  it.each(['HS256', 'HS384', 'HS512'] as const)(
    'makes an assertion by %s, and does not send the secret',
    async (alg) => {
      const { assertion, parameters, header, claims } = await assertionOf(clientSecretJwt(secret, { alg }))
      const [head, body, mac] = assertion.split('.')
      expect(mac).toBe(
        createHmac(`sha${alg.slice(2)}`, secret)
          .update(`${head}.${body}`)
          .digest('base64url'),
      )
      expect(header).toEqual({ alg, typ: 'client-authentication+jwt' })
      expect(claims).toMatchObject({ iss: clientId, sub: clientId, aud: issuer, iat: now, exp: now + 60 })
      expect(JSON.stringify(parameters)).not.toContain(secret)
    },
  )

  it('makes another assertion each time', async () => {
    const clientAuth = clientSecretJwt(secret)
    expect((await assertionOf(clientAuth)).claims.jti).not.toBe((await assertionOf(clientAuth)).claims.jti)
  })

  it('refuses a secret that is shorter than its MAC (RFC 7518 3.2)', () => {
    expect(() => clientSecretJwt('short')).toThrow(/32 bytes/)
    expect(() => clientSecretJwt(secret.slice(0, 40), { alg: 'HS512' })).toThrow(/64 bytes/)
  })

  it.each([{ alg: 'ES256' }, { lifetime: 0 }, { kid: 'k' }])('refuses the option %o', (options) => {
    expect(() => clientSecretJwt(secret, options as never)).toThrow(TypeError)
  })

  it('is held against the algorithms of the server', () => {
    const metadata = {
      token_endpoint_auth_methods_supported: ['client_secret_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['HS512'],
    }
    expect(() => assertClientAuthSupported(metadata, 'token', clientSecretJwt(secret))).toThrow(/HS512/)
    assertClientAuthSupported(metadata, 'token', clientSecretJwt(secret, { alg: 'HS512' }))
  })
})

describe('clientSecret', () => {
  const methodAt = (...listed: string[]) =>
    resolveClientAuth(clientSecret(secret), { token_endpoint_auth_methods_supported: listed }).method

  it('is basic, and post only where the server lists that alone', () => {
    expect(resolveClientAuth(clientSecret(secret), {}).method).toBe('client_secret_basic')
    expect(methodAt('client_secret_post', 'client_secret_basic')).toBe('client_secret_basic')
    expect(methodAt('client_secret_post', 'client_secret_jwt')).toBe('client_secret_post')
  })

  it('goes by the own list of an endpoint, and by the usual one where that has none', () => {
    const metadata = {
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['client_secret_post'],
    }
    const at = (...where: ['token' | 'revocation' | 'introspection', object?]) =>
      resolveClientAuth(clientSecret(secret), { ...metadata, ...where[1] }, where[0]).method
    expect(at('token')).toBe('client_secret_basic')
    expect(at('revocation')).toBe('client_secret_post')
    assertClientAuthSupported(metadata, 'revocation', clientSecret(secret))
    expect(at('introspection')).toBe('client_secret_basic')
    expect(at('introspection', { token_endpoint_auth_methods_supported: ['client_secret_post'] })).toBe(
      'client_secret_post',
    )
    const own = { introspection_endpoint_auth_methods_supported: ['client_secret_post', 'bearer'] }
    expect(at('introspection', own)).toBe('client_secret_post')
  })

  it('is never a MAC unasked, but an error with both lists', () => {
    const metadata = { token_endpoint_auth_methods_supported: ['client_secret_jwt'] }
    expect(() => assertClientAuthSupported(metadata, 'token', clientSecret(secret))).toThrow(
      /\[client_secret_basic\].*\[client_secret_jwt\]/,
    )
  })
})

describe('authentication by certificate', () => {
  it.each([
    [tlsClientAuth(), 'tls_client_auth'],
    [selfSignedTlsClientAuth(), 'self_signed_tls_client_auth'],
  ])('names the client and sends nothing else (RFC 8705 2)', async (clientAuth, method) => {
    expect(clientAuth).toMatchObject({ method, mutualTls: true })
    expect(await clientAuth.authenticate(context)).toEqual({ parameters: { client_id: clientId } })
  })
})
