import { verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SigningKeyInput } from '../../src/lib/signatures/types.ts'
import { signBackchannelRequest } from '../../src/protocol/backchannel-signed-request.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aKeyPair, clientId, issuer, now, privateJwk } from '../support/id-token.ts'

const key = privateJwk('P-256', { kid: 'app-1', alg: 'ES256' }) as SigningKeyInput
const metadata = { backchannel_authentication_request_signing_alg_values_supported: ['ES256'] }
const context = () => ({ clientId, issuer, runtime: createFakeRuntime(), metadata })
const parameters = { scope: 'openid', login_hint: 'alice', requested_expiry: 120 }
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())

describe('a signed CIBA request (CIBA Core 7.1.1)', () => {
  it('has all parameters in it, and who says it to whom, for a while', async () => {
    const sent = await signBackchannelRequest(parameters, { key }, context())
    expect(Object.keys(sent)).toEqual(['request'])
    const [head = '', body = '', signature = ''] = sent.request.split('.')
    expect(decode(head)).toEqual({ alg: 'ES256', kid: 'app-1' })
    expect(decode(body)).toEqual({
      ...parameters,
      ...{ iss: clientId, aud: issuer, iat: now, nbf: now, exp: now + 300 },
      jti: expect.stringMatching(/^[\w-]{22,}$/),
    })
    const publicKey = { key: aKeyPair('P-256').publicKey, dsaEncoding: 'ieee-p1363' } as const
    const isGood = verify('sha256', Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))
    expect(isGood).toBe(true)
  })

  it('has another jti each time', async () => {
    const shared = context()
    const jti = async () =>
      decode((await signBackchannelRequest(parameters, { key }, shared)).request.split('.')[1]!).jti
    expect(await jti()).not.toBe(await jti())
  })

  it.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])('lets no parameter set %s', async (name) => {
    await expect(signBackchannelRequest({ ...parameters, [name]: 'x' }, { key }, context())).rejects.toThrow(TypeError)
  })

  it.each([
    ['another algorithm', { backchannel_authentication_request_signing_alg_values_supported: ['PS256'] }],
    ['no list, which means that it takes none', {}],
  ])('is not made for a server with %s', async (_, listed) => {
    const made = signBackchannelRequest(parameters, { key }, { ...context(), metadata: listed })
    await expect(made).rejects.toMatchObject({ code: 'unsupported_by_server' })
  })

  it.each([0, 3601, 1.5])('lives for whole seconds up to an hour, not %s', async (lifetime) => {
    await expect(signBackchannelRequest(parameters, { key, lifetime }, context())).rejects.toThrow(/"lifetime"/)
  })

  it('refuses an unknown option, and none for a key', async () => {
    await expect(signBackchannelRequest(parameters, { key, ttl: 1 } as never, context())).rejects.toThrow(/"ttl"/)
    await expect(signBackchannelRequest(parameters, { key: 'pem' } as never, context())).rejects.toThrow(/"key"/)
  })
})
