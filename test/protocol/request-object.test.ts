import { describe, expect, it } from 'vitest'
import { importVerificationKey, verify } from '#signatures'
import { ConfigurationError } from '../../src/errors/configuration.ts'
import type { AuthorizationParameters } from '../../src/protocol/authorization-request.ts'
import { createEncryptor } from '../../src/protocol/encryption.ts'
import {
  assertRequestObjectSupported,
  createRequestObjectMaker,
  type RequestObjectOptions,
  wrapRequestObject,
} from '../../src/protocol/request-object.ts'
import { caught } from '../support/caught.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { clientId, issuer, now, privateJwk, publicJwk } from '../support/id-token.ts'

const key = privateJwk('P-256', { kid: 'k1' })
const parameters: AuthorizationParameters = {
  client_id: clientId,
  response_type: 'code',
  redirect_uri: 'https://app.example/callback',
  scope: 'openid',
  state: 's',
  code_challenge: 'c',
  code_challenge_method: 'S256',
  max_age: 60,
  claims: { id_token: { acr: { essential: true } } },
  authorization_details: [{ type: 't' }],
  resource: ['https://api.example'],
}

const runtime = createFakeRuntime()

async function make(options: Partial<RequestObjectOptions> = {}, pushed = false) {
  const context = { clientId, issuer, runtime, pushed, keys: () => [] }
  const jwt = await createRequestObjectMaker({ key, ...options }).make(parameters, context)
  const [header, claims] = jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>)
  return { jwt, header: header!, claims: claims! }
}

describe('a request object', () => {
  it('has every parameter as JSON has it, and says from whom and for whom (RFC 9101 4)', async () => {
    const { header, claims } = await make()
    expect(header).toEqual({ alg: 'ES256', typ: 'oauth-authz-req+jwt', kid: 'k1' })
    expect(claims).toMatchObject({
      iss: clientId,
      aud: issuer,
      client_id: clientId,
      iat: now,
      nbf: now,
      exp: now + 300,
    })
    expect(claims).toMatchObject({ max_age: 60, claims: parameters.claims, authorization_details: [{ type: 't' }] })
    expect(claims.resource).toBe('https://api.example')
    expect(claims).not.toHaveProperty('sub')
  })

  it('is signed with the key of the client', async () => {
    const { jwt } = await make()
    const at = jwt.lastIndexOf('.')
    const signature = new Uint8Array(Buffer.from(jwt.slice(at + 1), 'base64url'))
    const publicKey = await importVerificationKey(publicJwk('P-256'), 'ES256')
    expect(await verify(publicKey, jwt.slice(0, at), signature)).toBe(true)
  })

  it('can be sent once through the browser, and has no jti where it is pushed', async () => {
    expect((await make()).claims.jti).not.toBe((await make()).claims.jti)
    expect((await make({}, true)).claims).not.toHaveProperty('jti')
  })

  it('has no claims of its own from the application', async () => {
    const { make: makeWith } = createRequestObjectMaker({ key })
    const context = { clientId, issuer, runtime, pushed: true, keys: () => [] }
    await expect(makeWith({ ...parameters, sub: clientId }, context)).rejects.toThrow(/"sub"/)
  })

  it('takes audience, kid and lifetime of the options', async () => {
    const { header, claims } = await make({ audience: 'https://as.example', kid: 'k2', lifetime: 60 })
    expect(header.kid).toBe('k2')
    expect(claims).toMatchObject({ aud: 'https://as.example', exp: now + 60 })
  })

  it.each([{ key: undefined }, { lifetime: 0 }, { lifetime: 3601 }, { lifetime: 1.5 }, { sub: 'x' }])(
    'is not made with %o',
    (options) => {
      expect(() => createRequestObjectMaker({ key, ...options } as never)).toThrow(TypeError)
    },
  )

  it('stands alone where it is pushed, and beside what OpenID wants in a URL', () => {
    expect(wrapRequestObject('jwt', parameters, true)).toEqual({ client_id: clientId, request: 'jwt' })
    expect(wrapRequestObject('jwt', parameters, false)).toEqual({
      client_id: clientId,
      request: 'jwt',
      response_type: 'code',
      scope: 'openid',
    })
    const { scope, ...plain } = parameters
    expect(scope).toBe('openid')
    expect(wrapRequestObject('jwt', plain, false)).toEqual({ client_id: clientId, request: 'jwt' })
  })

  it('is held against what the server takes', () => {
    const signed = createRequestObjectMaker({ key })
    const encrypted = createRequestObjectMaker({ key, encryptor: createEncryptor() })
    const field = (metadata: object, maker: typeof signed | undefined, pushed = false) =>
      caught(ConfigurationError, () => assertRequestObjectSupported(metadata, maker, pushed)).field
    expect(field({ require_signed_request_object: true }, undefined)).toBe('require_signed_request_object')
    expect(field({ request_parameter_supported: false }, signed)).toBe('request_parameter_supported')
    const [sign, alg, enc] = ['signing_alg', 'encryption_alg', 'encryption_enc'].map(
      (name) => `request_object_${name}_values_supported`,
    )
    expect(field({ [sign!]: ['PS256'] }, signed)).toBe(sign)
    expect(field({ [alg!]: ['ECDH-ES'] }, encrypted)).toBe(alg)
    expect(field({ [enc!]: ['A128GCM'] }, encrypted)).toBe(enc)
    assertRequestObjectSupported({ request_parameter_supported: false }, signed, true)
    assertRequestObjectSupported({ [alg!]: ['ECDH-ES'] }, signed, false)
    assertRequestObjectSupported({}, undefined, false)
  })
})
