import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createOAuthClient, privateKeyJwt } from '../../src/client/index.ts'
import { createSessions } from '../../src/sessions/index.ts'
import { createWebHandler, generateSealingKey, type WebEvent, type WebHandlerOptions } from '../../src/web/index.ts'
import { aWebApp, closeRigs } from './rig.ts'

afterEach(closeRigs)

const issuer = 'https://issuer.example'
const aSessions = (redirectUri = 'https://app.example/auth/callback', clientId = 'app', at = issuer) =>
  createSessions({ client: createOAuthClient({ issuer: at, clientId, redirectUri }) })
const sessions = aSessions()
const required = { sessions, cookieKeys: [generateSealingKey()], onLogin: () => undefined, onEvent: () => {} }

describe('createWebHandler', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no onLogin', { onLogin: undefined }, /"onLogin" is required/],
    ['an unknown option', { onlogin: () => {} }, /unknown option "onlogin"/],
    ['an onLogout that is no function', { onLogout: '/' }, /"onLogout" must be a function/],
    ['no sessions', { sessions: [] }, /"sessions" must be/],
    ['two of one issuer', { sessions: [sessions, aSessions()] }, /has https:\/\/issuer.example twice/],
    ['no key', { cookieKeys: [] }, /"cookieKeys"/],
    ['no list of keys', { cookieKeys: 'x'.repeat(43) }, /"cookieKeys"/],
    ['a short key', { cookieKeys: ['secret'] }, /"cookieKeys"/],
    ['a base path with a slash at its end', { basePath: '/auth/' }, /"basePath"/],
    ['a base path that is none', { basePath: 'https://evil.example' }, /"basePath"/],
    ['a base path with dots', { basePath: '/a/..' }, /"basePath"/],
    ['a cookie name that needs quoting', { cookieName: 'a;b' }, /"cookieName"/],
    ['a lifetime that no browser keeps', { lifetime: 401 * 86_400_000 }, /"lifetime"/],
    ['a logout page elsewhere', { postLogoutRedirectUri: 'https://evil.example/x' }, /"postLogoutRedirectUri"/],
    ['plain http', { sessions: aSessions('http://127.0.0.1:3000/callback') }, /must be https/],
    ['a symmetric key to publish', { jwks: [{ kty: 'oct', k: 'c2VjcmV0' }] }, /asymmetric/],
    ['a metadata document of no client', { clientMetadata: {} }, /no client's "clientId"/],
    [
      'redirect URIs of two origins',
      { sessions: [sessions, aSessions('https://other.example/callback', 'app', 'https://b.example')] },
      /one origin/,
    ],
  ])('refuses %s', (_, options, message) => {
    const all = { ...required, ...options } as WebHandlerOptions
    expect(() => createWebHandler(all)).toThrow(TypeError)
    expect(() => createWebHandler(all)).toThrow(message)
  })

  it('begins its routes in the folder of the redirect URI, or where it is told', async () => {
    const web = createWebHandler(required)
    expect(await web(new Request('https://app.example/auth/accounts'))).not.toBeNull()
    expect(await web(new Request('https://app.example/accounts'))).toBeNull()
    const moved = createWebHandler({ ...required, basePath: '/users/session' })
    expect(await moved(new Request('https://app.example/users/session/accounts'))).not.toBeNull()
    expect(await moved(new Request('https://app.example/auth/callback'))).not.toBeNull()
  })

  it('leaves alone what is not for it, bodies included', async () => {
    const web = createWebHandler(required)
    for (const path of ['/', '/auth', '/auth/login/', '//app.example/auth/login', '/auth/jwks.json']) {
      const request = new Request(`https://app.example${path}`, { method: 'POST', body: 'x' })
      expect(await web(request)).toBeNull()
      expect(await request.text()).toBe('x')
    }
  })

  it('warns of a memory store in production: logins die at restart', () => {
    const events: WebEvent[] = []
    createWebHandler({ ...required, onEvent: (event) => events.push(event) })
    expect(events).toMatchObject([{ kind: 'memory_store', message: expect.stringMatching(/in memory/) as string }])
    createWebHandler({
      ...required,
      sessions: aSessions('http://127.0.0.1:3000/callback'),
      development: true,
      onEvent: (event) => events.push(event),
    })
    expect(events).toHaveLength(1)
  })

  it('warns by the process where nobody listens', async () => {
    const { onEvent, ...unheard } = required
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    createWebHandler(unheard)
    expect((await warned).code).toBe('AUTHENTYPE_MEMORY_STORE')
  })
})

describe('public documents', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kty: 'EC', kid: 'k1', alg: 'ES256' }
  const clientId = 'https://app.example/auth/client-metadata.json'
  const client = createOAuthClient({
    issuer,
    clientId,
    redirectUri: 'https://app.example/auth/callback',
    clientAuth: privateKeyJwt(jwk),
  })
  const web = createWebHandler({
    ...required,
    sessions: createSessions({ client }),
    clientMetadata: { client_name: 'App' },
    jwks: [jwk],
  })

  it('say who the client is', async () => {
    const response = await web(new Request(clientId))
    expect(response?.headers.get('content-type')).toBe('application/json')
    expect(await response?.json()).toEqual({
      client_id: clientId,
      client_name: 'App',
      redirect_uris: ['https://app.example/auth/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://app.example/auth/jwks.json',
    })
    expect((await web(new Request(clientId, { method: 'HEAD' })))?.status).toBe(200)
    expect((await web(new Request(clientId, { method: 'POST' })))?.status).toBe(405)
  })

  it('show public halves of keys and nothing else', async () => {
    const response = await web(new Request('https://app.example/auth/jwks.json'))
    const { kty, crv, x, y } = jwk as Record<string, unknown>
    expect(await response?.json()).toEqual({ keys: [{ kty, crv, x, y, kid: 'k1', alg: 'ES256', use: 'sig' }] })
  })
})

describe('the declared development mode', () => {
  it('takes plain http to this machine, without the prefix that some browsers refuse there', async () => {
    const rig = await aWebApp({
      client: () => ({ redirectUri: 'http://127.0.0.1:3999/callback' }),
      web: { development: true },
    })
    const browser = rig.newBrowser()
    const response = await browser.login()
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^authentype-session=.*; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })
})
