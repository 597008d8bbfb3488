import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  jwtVerify,
} from 'jose'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors/index.ts'
import type { Jwk } from '../../src/lib/signatures/types.ts'
import type { PrivateKeyJwtOptions } from '../../src/protocol/client-assertion.ts'
import { privateKeyJwt } from '../../src/protocol/client-assertion.ts'
import { createFakeRuntime, fakeNow } from '../support/fake-runtime.ts'

const issuer = 'https://as.example/tenant'
const context = { clientId: 'my-app', issuer, runtime: createFakeRuntime() }

async function aKey(alg: string, members: object = {}): Promise<Jwk> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, ...members } as unknown as Jwk
}

async function anAssertion(key: Jwk, options?: PrivateKeyJwtOptions): Promise<string> {
  const { parameters = {} } = await privateKeyJwt(key, options).authenticate(context)
  return parameters.client_assertion ?? ''
}

describe('privateKeyJwt', () => {
  it('speaks as the client to the issuer for sixty seconds (RFC 7523 3, rfc7523bis)', async () => {
    const assertion = await anAssertion(await aKey('ES256', { kid: 'key-1' }))
    const iat = fakeNow / 1000
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', typ: 'client-authentication+jwt', kid: 'key-1' })
    expect(decodeJwt(assertion)).toEqual({
      iss: 'my-app',
      sub: 'my-app',
      aud: issuer,
      iat,
      exp: iat + 60,
      jti: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'Ed25519'])('signs with %s what others verify', async (alg) => {
    const key = await aKey(alg)
    const { d: _, p, q, dp, dq, qi, ...jwk } = key
    const { protectedHeader } = await jwtVerify(await anAssertion(key), createLocalJWKSet({ keys: [jwk as JWK] }), {
      issuer: 'my-app',
      subject: 'my-app',
      audience: issuer,
      currentDate: new Date(fakeNow),
    })
    expect(protectedHeader.alg).toBe(alg)
  })

  it('makes another jti for each attempt, retries included', async () => {
    const clientAuth = privateKeyJwt(await aKey('ES256'))
    const jtis = new Set<unknown>()
    for (let i = 0; i < 5; i++) {
      const { parameters = {} } = await clientAuth.authenticate(context)
      jtis.add(decodeJwt(parameters.client_assertion ?? '').jti)
    }
    expect(jtis.size).toBe(5)
  })

  it('names the kind of assertion, and the client for servers that look it up by the parameter', async () => {
    const { parameters, headers } = await privateKeyJwt(await aKey('ES256')).authenticate(context)
    expect(parameters).toMatchObject({
      client_id: 'my-app',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    expect(headers).toBeUndefined()
  })

  it('leaves kid out where the key has none', async () => {
    expect(decodeProtectedHeader(await anAssertion(await aKey('ES256')))).not.toHaveProperty('kid')
  })

  it('takes another audience, lifetime, typ and kid where an older server wants them', async () => {
    const options = { audience: `${issuer}/token`, lifetime: 30, typ: 'JWT', kid: 'other' } as const
    const assertion = await anAssertion(await aKey('ES256', { kid: 'key-1' }), options)
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'other' })
    expect(decodeJwt(assertion)).toMatchObject({ aud: `${issuer}/token`, exp: fakeNow / 1000 + 30 })
  })

  it('tells its algorithm before anything is signed', async () => {
    expect(privateKeyJwt(await aKey('PS256')).signingAlg).toBe('PS256')
    expect(privateKeyJwt(await aKey('ES384', { alg: undefined })).signingAlg).toBe('ES384')
  })

  it('refuses an RSA key that is bound to no algorithm', async () => {
    const key = await aKey('RS256', { alg: undefined })
    expect(() => privateKeyJwt(key)).toThrow(ConfigurationError)
  })

  it('refuses a public key, without showing it', async () => {
    const { d: _, ...publicJwk } = await aKey('ES256')
    await expect(anAssertion(publicJwk as Jwk)).rejects.toMatchObject({ code: 'unusable_key' })
  })

  it('refuses unknown options and senseless lifetimes', async () => {
    const key = await aKey('ES256')
    expect(() => privateKeyJwt(key, { audiance: 'x' } as never)).toThrow('audiance')
    for (const lifetime of [0, -1, 1.5, Number.NaN]) expect(() => privateKeyJwt(key, { lifetime })).toThrow(TypeError)
  })
})
