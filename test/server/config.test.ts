import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { createServerKeys, createTokenEndpointConfig, type TokenEndpointOptions } from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { baseOptions, createClock, createRig, storeMethods } from './rig.ts'

async function options(): Promise<TokenEndpointOptions> {
  const clock = createClock()
  return baseOptions(clock, createMemoryStore({ runtime: clock }))
}

describe('createTokenEndpointConfig', () => {
  it('takes a store for clustered that says it commits within one partition alone, and for nothing else', async () => {
    const given = await options()
    const store = { ...storeMethods(given.store!), partitioned: true }
    expect(createTokenEndpointConfig(given).clustered).toBe(false)
    expect(createTokenEndpointConfig({ ...given, store }).clustered).toBe(true)
    expect(() => createTokenEndpointConfig({ ...given, store, clustered: false })).toThrow(/^clustered: /)
  })

  it.each(['issuer', 'keys', 'loadClient', 'verifyClientSecret', 'loadPrincipal'])('requires %s', async (field) => {
    const { [field as 'issuer']: _, ...rest } = await options()
    expect(() => createTokenEndpointConfig(rest as TokenEndpointOptions)).toThrow(new TypeError(`${field}: required`))
  })

  it.each<[string, object]>([
    ['issuer', { issuer: 'http://issuer.example' }],
    ['issuer', { issuer: 'https://issuer.example/?x' }],
    ['issuer', { issuer: 'nonsense' }],
    ['keys', { keys: {} }],
    ['loadClient', { loadClient: 'web' }],
    ['grants', { grants: ['implicit'] }],
    ['grants', { grants: [] }],
    ['store', { store: undefined }],
    ['store', { store: {} }],
    ['store', { store: undefined, grants: ['client_credentials'] }],
    ['loadAssertionIssuer', { grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] }],
    ['resolveLoginHint', { grants: ['urn:openid:params:grant-type:ciba'] }],
    ['fetchDocument', { clientMetadataDocuments: true }],
    ['refreshTokens.sealKey', { refreshTokens: { grace: 60 } }],
    ['refreshTokens.sealKey', { refreshTokens: { sealKey: new Uint8Array(31) } }],
    ['refreshTokens.grace', { refreshTokens: { grace: -1 } }],
    ['refreshTokens.enabled', { refreshTokens: { enabled: true }, grants: ['authorization_code'] }],
    ['dpop.nonceSecret', { dpop: { requireNonce: true } }],
    ['dpop.nonceSecret', { dpop: { nonceSecret: new Uint8Array(8) } }],
    ['dpop.algorithms', { dpop: { algorithms: ['HS256'] } }],
    ['resources', { resources: ['relative'] }],
    ['scopes', { scopes: ['two words'] }],
    ['audience', { audience: '' }],
    ['accessTokens.format', { accessTokens: { format: 'paseto' } }],
    ['accessTokens.alg', { accessTokens: { alg: 'ES384' } }],
    ['lifetimes.accessToken', { lifetimes: { accessToken: 0 } }],
    ['lifetimes.cibaRequest', { lifetimes: { cibaRequest: 601 } }],
    ['lifetimes.refreshToken', { lifetimes: { refreshToken: 8_000_000 } }],
    ['lifetimes', { lifetimes: { acessToken: 1 } }],
    ['realm', { realm: 'a"b' }],
    ['pkceRequired', { pkceRequired: 'yes' }],
    ['unknown option', { pkceRequird: true }],
  ])('names %s when it does not fit', async (field, wrong) => {
    const all = { ...(await options()), ...wrong } as TokenEndpointOptions
    expect(() => createTokenEndpointConfig(all)).toThrow(TypeError)
    expect(() => createTokenEndpointConfig(all)).toThrow(field)
  })

  it('has the defaults of the page', async () => {
    const config = createTokenEndpointConfig(await options())
    expect(config).toMatchObject({
      grants: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      dpop: { required: false, requireNonce: false },
      mtls: false,
      pkceRequired: true,
      nonceRequired: false,
      parRequired: false,
      issInResponses: true,
      httpsRequired: true,
      registration: false,
      claimsParameter: false,
      clientMetadataDocuments: false,
      realm: 'OAuth',
      refreshTokens: { enabled: true, grace: 0 },
      lifetimes: {
        accessToken: 900,
        idToken: 3600,
        refreshToken: 1_209_600,
        refreshFamily: 7_776_000,
        authorizationCode: 60,
        pushedRequest: 90,
        dpopNonce: 300,
        deviceCode: 600,
        cibaRequest: 120,
        logoutSession: 86_400,
      },
    })
  })

  it('allows http on a loopback address in development', async () => {
    const local = { ...(await options()), issuer: 'http://127.0.0.1:3000', httpsRequired: false }
    expect(createTokenEndpointConfig(local).issuer).toBe('http://127.0.0.1:3000')
  })
})

describe('createServerKeys', () => {
  it('publishes a retired key until the last token signed with it has expired', async () => {
    const clock = createClock()
    const [old, next] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')]
    const keys = await createServerKeys([old], { runtime: clock })
    const { kid } = keys.signingKey()!
    await keys.rotate(next, { keepFor: 900 })
    expect(keys.signingKey()?.kid).toBe(next.thumbprint)
    expect(keys.jwks().keys).toHaveLength(2)
    expect(keys.verificationKey('ES256', kid)).toBeDefined()
    clock.advance(900)
    expect(keys.jwks().keys).toHaveLength(1)
    expect(keys.verificationKey('ES256', kid)).toBeUndefined()
  })

  it('publishes no private member', async () => {
    const keys = await createServerKeys([await generateSigningKey('EdDSA')])
    expect(Object.keys(keys.jwks().keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })

  it('refuses no key, two of one kid, and algorithms that the server does not sign by', async () => {
    const key = await generateSigningKey('ES256')
    await expect(createServerKeys([])).rejects.toThrow(/keys/)
    await expect(createServerKeys([key, key])).rejects.toThrow(/same kid/)
    await expect(createServerKeys([await generateSigningKey('RS512')])).rejects.toThrow(/RS512/)
  })

  it('keeps tokens good through a rotation', async () => {
    const rig = await createRig()
    const first = rig.config.keys.signingKey('ES256')!.kid
    await rig.config.keys.rotate(await generateSigningKey('ES256'), { keepFor: 900 })
    expect(rig.config.keys.signingKey('ES256')!.kid).not.toBe(first)
  })
})
