import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createClientKeys } from '../../src/atproto/client/client-keys.ts'
import {
  type AtprotoClientOptions,
  AtprotoError,
  createAtprotoClient,
  createClientAssertion,
  createClientMetadata,
  createLoopbackClientId,
  validateClientMetadata,
} from '../../src/atproto/index.ts'
import { ConfigurationError } from '../../src/errors/index.ts'
import { caught } from '../support/caught.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aClientKey } from './rig.ts'

const clientId = 'https://app.hoster.dev/client-metadata.json'
const redirectUri = 'https://app.hoster.dev/callback'
const key = await aClientKey()

describe('a client’s metadata document', () => {
  it('has everything that servers look for', () => {
    const about = {
      client_name: 'App',
      client_uri: 'https://app.hoster.dev',
      logo_uri: 'https://app.hoster.dev/logo.png',
      tos_uri: 'https://app.hoster.dev/tos',
      policy_uri: 'https://app.hoster.dev/policy',
    }
    const document = createClientMetadata({
      clientId,
      redirectUri,
      extraRedirectUris: ['https://app.hoster.dev/b'],
      scopes: ['transition:generic'],
      keys: [key],
      about,
    })
    const { d, ...open } = key
    expect(document).toEqual({
      client_id: clientId,
      application_type: 'web',
      redirect_uris: [redirectUri, 'https://app.hoster.dev/b'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'atproto transition:generic',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [{ ...open, alg: 'ES256', use: 'sig' }] },
      dpop_bound_access_tokens: true,
      ...about,
    })
    expect(JSON.stringify(document)).not.toContain(d)
    expect(validateClientMetadata(JSON.parse(JSON.stringify(document)), clientId)).toEqual(document)
  })

  it('names its keys or where they are, not both', () => {
    const jwksUri = 'https://app.hoster.dev/jwks.json'
    const document = createClientMetadata({ clientId, redirectUri, keys: [key], jwksUri })
    expect(document).toMatchObject({ jwks_uri: jwksUri })
    expect(document).not.toHaveProperty('jwks')
    expect(() => createClientMetadata({ clientId, redirectUri, jwks: createClientKeys([key]).jwks, jwksUri })).toThrow(
      TypeError,
    )
  })

  it('of a public client has no keys', () => {
    const document = createClientMetadata({ clientId, redirectUri })
    expect(document).toMatchObject({ token_endpoint_auth_method: 'none', scope: 'atproto' })
    expect(document).not.toHaveProperty('token_endpoint_auth_signing_alg')
  })

  it('of a native client comes back to its own scheme, its own host or this machine', () => {
    const native = (uri: string) => createClientMetadata({ clientId, redirectUri: uri, applicationType: 'native' })
    for (const uri of [
      'dev.hoster.app:/callback',
      redirectUri,
      'http://127.0.0.1/callback',
      'http://[::1]:8080/callback',
    ]) {
      expect(native(uri).redirect_uris).toEqual([uri])
    }
    for (const uri of [
      'dev.hoster.app://callback',
      'com.other.app:/callback',
      'https://other.dev/callback',
      'http://localhost/callback',
    ]) {
      expect(caught(AtprotoError, () => native(uri)).code).toBe('invalid_client_metadata')
    }
  })

  it.each([
    ['an unknown option', { redirectUris: [redirectUri] }],
    ['an unknown word about it', { about: { name: 'App' } }],
    ['a client_id that is no https URL', { clientId: 'http://app.hoster.dev/client.json' }],
  ])('is not made with %s', (_, options) => {
    expect(() => createClientMetadata({ clientId, redirectUri, ...options } as never)).toThrow(TypeError)
  })
})

describe('another’s document', () => {
  const document = createClientMetadata({ clientId, redirectUri, keys: [key] }) as Readonly<Record<string, unknown>>
  const { jwks } = document as unknown as { jwks: { keys: JWK[] } }
  const faultOf = (changes: object, at = clientId) =>
    caught(AtprotoError, () => validateClientMetadata({ ...document, ...changes }, at))

  it('may leave the method out, where it is a public client’s, and name keys of other kinds', () => {
    const { token_endpoint_auth_method, token_endpoint_auth_signing_alg, jwks: _, ...open } = document
    expect(validateClientMetadata(open, clientId)).toEqual(open)
    const rsa = { kty: 'RSA', kid: 'r', n: 'AQAB', e: 'AQAB' }
    const other = { ...document, token_endpoint_auth_signing_alg: 'RS256', jwks: { keys: [rsa] } }
    expect(validateClientMetadata(other, clientId)).toEqual(other)
  })

  it.each([
    ['no object', () => caught(AtprotoError, () => validateClientMetadata('x', clientId))],
    ['another client_id', () => faultOf({ client_id: `${clientId}?` })],
    ['no client_id', () => faultOf({ client_id: undefined })],
    ['an unknown application_type', () => faultOf({ application_type: 'desktop' })],
    ['no grant_types', () => faultOf({ grant_types: undefined })],
    ['grant_types without code', () => faultOf({ grant_types: ['refresh_token'] })],
    ['grant_types with others', () => faultOf({ grant_types: ['authorization_code', 'implicit'] })],
    ['no response_types', () => faultOf({ response_types: undefined })],
    ['response_type for response_types', () => faultOf({ response_types: undefined, response_type: 'code' })],
    ['another response type', () => faultOf({ response_types: ['token'] })],
    ['no scope', () => faultOf({ scope: undefined })],
    ['a scope without atproto', () => faultOf({ scope: 'transition:generic' })],
    ['a list of scopes', () => faultOf({ scope: ['atproto'] })],
    ['no redirect_uris', () => faultOf({ redirect_uris: undefined })],
    ['an empty list of redirect_uris', () => faultOf({ redirect_uris: [] })],
    ['a web redirect without TLS', () => faultOf({ redirect_uris: ['http://app.hoster.dev/callback'] })],
    ['a web redirect to this machine', () => faultOf({ redirect_uris: ['http://127.0.0.1/callback'] })],
    ['a redirect with a fragment', () => faultOf({ redirect_uris: [`${redirectUri}#`] })],
    ['a redirect with a user', () => faultOf({ redirect_uris: ['https://a@app.hoster.dev/'] })],
    ['unbound tokens', () => faultOf({ dpop_bound_access_tokens: false })],
    ['nothing said of binding', () => faultOf({ dpop_bound_access_tokens: undefined })],
    ['a secret’s method', () => faultOf({ token_endpoint_auth_method: 'client_secret_basic' })],
    ['no algorithm', () => faultOf({ token_endpoint_auth_signing_alg: undefined })],
    ['the algorithm none', () => faultOf({ token_endpoint_auth_signing_alg: 'none' })],
    ['a secret', () => faultOf({ client_secret: 'hush' })],
    ['neither jwks nor jwks_uri', () => faultOf({ jwks: undefined })],
    ['both jwks and jwks_uri', () => faultOf({ jwks_uri: 'https://app.hoster.dev/jwks' })],
    ['a private key', () => faultOf({ jwks: { keys: [key] } })],
    ['a key without kid', () => faultOf({ jwks: { keys: jwks.keys.map(({ kid, ...rest }) => rest) } })],
    ['an empty key set', () => faultOf({ jwks: { keys: [] } })],
    ['a key set that is none', () => faultOf({ jwks: [] })],
    ['a jwks_uri without TLS', () => faultOf({ jwks: undefined, jwks_uri: 'http://app.hoster.dev/jwks' })],
    ['a client_uri of another host', () => faultOf({ client_uri: 'https://bank.dev' })],
    ['a logo without TLS', () => faultOf({ logo_uri: 'http://app.hoster.dev/logo' })],
    ['a name that is no text', () => faultOf({ client_name: 42 })],
  ])('with %s is refused', (_, fault) => {
    const error = fault()
    expect(error.code).toBe('invalid_client_metadata')
    expect(error.message).not.toContain('hush')
    expect(error.message).not.toContain(key.d)
  })

  it.each([
    'http://app.hoster.dev/c.json',
    'https://app.hoster.dev',
    'https://app.hoster.dev/',
    'https://app.hoster.dev:8443/c.json',
    'https://127.0.0.1/c.json',
    'https://[::1]/c.json',
    'https://localhost/c.json',
    'https://app.hoster.dev/c.json#x',
    'https://u@app.hoster.dev/c.json',
    'https://app.hoster.dev/a/../c.json',
    'https://APP.hoster.dev/c.json',
    'app',
  ])('at %s is refused', (at) => {
    expect(faultOf({ client_id: at }, at).code).toBe('invalid_client_metadata')
  })
})

describe('the client of development', () => {
  it('is named by its redirect URIs and scopes', () => {
    const id = createLoopbackClientId({
      redirectUris: ['http://127.0.0.1:3000/callback', 'http://[::1]/cb'],
      scopes: ['transition:generic'],
    })
    const { origin, searchParams } = new URL(id)
    expect(origin).toBe('http://localhost')
    expect(searchParams.getAll('redirect_uri')).toEqual(['http://127.0.0.1:3000/callback', 'http://[::1]/cb'])
    expect(searchParams.get('scope')).toBe('atproto transition:generic')
    expect(id).not.toContain('+')
  })

  it.each([
    'http://localhost/callback',
    'https://127.0.0.1/callback',
    'http://127.0.0.2/',
    'http://127.0.0.1.evil.dev/',
    'http://127.0.0.1:3000@evil.dev/',
    'http://127.0.0.1/#x',
  ])('comes back to no %s', (uri) => {
    expect(() => createLoopbackClientId({ redirectUris: [uri] })).toThrow(TypeError)
  })

  it('needs a redirect URI', () => {
    expect(() => createLoopbackClientId({ redirectUris: [] })).toThrow(TypeError)
  })
})

describe('createAtprotoClient', () => {
  const create = (options: Partial<AtprotoClientOptions>) =>
    createAtprotoClient({ baseUrl: 'https://app.hoster.dev', ...options })

  it('derives id and redirect URI from its base URL', () => {
    expect(create({})).toMatchObject({ clientId, redirectUri })
    expect(create({ baseUrl: 'https://app.hoster.dev/' })).toMatchObject({ clientId, redirectUri })
    expect(create({ baseUrl: new URL('https://app.hoster.dev/at') }).clientId).toBe(
      'https://app.hoster.dev/at/client-metadata.json',
    )
  })

  it.each([
    ['a port', { baseUrl: 'https://app.hoster.dev:8443' }],
    ['plain http', { baseUrl: 'http://app.hoster.dev' }],
    ['a query', { baseUrl: 'https://app.hoster.dev?a' }],
    ['nothing', { baseUrl: undefined }],
    ['localhost for 127.0.0.1', { localhost: true, baseUrl: 'http://localhost:3000' }],
    ['an https URL with localhost', { localhost: true }],
    ['a timeout of nothing', { timeout: 0 }],
    ['an empty list of keys', { key: [] }],
    ['two keys of one name', { key: [key, key] }],
    ['a key that is none', { key: 'secret' }],
    ['a jwksUri without a key', { jwksUri: 'https://app.hoster.dev/jwks.json' }],
    ['an unknown option', { clientId }],
    ['an unknown option of sessions', { sessions: { store: {} } }],
  ])('refuses %s', (_, options) => {
    expect(() => create(options as never)).toThrow(TypeError)
  })

  it('puts atproto before the scopes, and refuses what is no scope', () => {
    expect(create({ scopes: ['transition:email'] }).clientMetadata.scope).toBe('atproto transition:email')
    expect(create({ scopes: ['transition:email', 'atproto'] }).clientMetadata.scope).toBe('atproto transition:email')
    expect(caught(AtprotoError, () => create({ scopes: ['openid'] })).code).toBe('invalid_permission')
  })

  it('publishes all of its keys, and only their public halves', async () => {
    const other = await aClientKey('key-2')
    const { clientMetadata, jwks } = create({ key: [key, other] })
    expect(clientMetadata.jwks).toEqual(jwks)
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(['key-1', 'key-2'])
    for (const one of jwks.keys) expect(one).not.toHaveProperty('d')
    expect(create({ key, jwksUri: 'https://app.hoster.dev/jwks.json' }).clientMetadata).not.toHaveProperty('jwks')
  })
})

describe('a client key', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const der = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
  const jwk = pair.privateKey.export({ format: 'jwk' }) as { kty: string }

  it('is the same as JWK, PEM and DER', () => {
    const [one, two, three] = [
      { ...jwk, kid: 'k' },
      { kid: 'k', pem },
      { kid: 'k', der },
    ].map((form) => createClientKeys([form]).jwks)
    expect(two).toEqual(one)
    expect(three).toEqual(one)
  })

  it.each([
    ['JWK', jwk],
    ['PEM', { pem }],
    ['DER', { der }],
    ['JWK with an empty kid', { ...jwk, kid: '' }],
  ])('without kid, as %s, is refused', (_, form) => {
    expect(caught(AtprotoError, () => createClientKeys([form as never])).code).toBe('missing_kid')
  })

  it.each([
    [
      'of another curve',
      {
        kid: 'k',
        pem: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }) as string,
      },
    ],
    [
      'of RSA',
      {
        kid: 'k',
        pem: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }) as string,
      },
    ],
    ['in SEC 1', { kid: 'k', pem: pair.privateKey.export({ type: 'sec1', format: 'pem' }) as string }],
    ['that is public', { kid: 'k', pem: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string }],
    [
      'that is encrypted',
      {
        kid: 'k',
        pem: pair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }) as string,
      },
    ],
    ['that is cut short', { kid: 'k', der: der.subarray(0, 100) }],
    ['with something behind it', { kid: 'k', der: Uint8Array.from([...der, 0]) }],
    ['of nothing', { kid: 'k', der: new Uint8Array(0) }],
    ['that is no base64', { kid: 'k', pem: '-----BEGIN PRIVATE KEY-----\n=A=\n-----END PRIVATE KEY-----' }],
    ['as a public JWK', { ...jwk, d: undefined, kid: 'k' }],
    ['as a JWK for another algorithm', { ...jwk, alg: 'ES384', kid: 'k' }],
  ])('%s is refused', (_, form) => {
    const error = caught(ConfigurationError, () => createClientKeys([form as never]))
    expect(error.code).toBe('unusable_key')
    expect(error.cause).toBeUndefined()
  })

  it('whose DER is bent anywhere is refused or another valid key, never a crash', () => {
    for (let i = 0; i < der.length; i++) {
      for (const bit of [1, 0x80]) {
        const bent = Uint8Array.from(der)
        bent[i]! ^= bit
        try {
          createClientKeys([{ kid: 'k', der: bent }])
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError)
        }
      }
    }
  })
})

describe('a client assertion', () => {
  it('has alg and kid, the client twice, the issuer, 20 random bytes and a minute', async () => {
    const runtime = createFakeRuntime()
    const assertion = await createClientAssertion(key, clientId, 'https://auth.hoster.dev', runtime)
    const { d, ...open } = key
    const { protectedHeader, payload } = await jwtVerify(
      assertion,
      createLocalJWKSet({ keys: [{ ...open, alg: 'ES256' } as JWK] }),
      {
        currentDate: new Date(runtime.now()),
      },
    )
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'key-1' })
    const now = Math.floor(runtime.now() / 1000)
    const { jti, ...claims } = payload
    expect(claims).toEqual({ iss: clientId, sub: clientId, aud: 'https://auth.hoster.dev', iat: now, exp: now + 60 })
    expect(Buffer.from(jti!, 'base64url')).toHaveLength(20)
  })

  it('is another each time, and none without a kid', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => createClientAssertion(key, clientId, 'https://auth.hoster.dev')),
    )
    expect(one).not.toBe(other)
    const { kid, ...nameless } = key
    await expect(createClientAssertion(nameless, clientId, 'https://auth.hoster.dev')).rejects.toMatchObject({
      code: 'missing_kid',
    })
  })
})
