import { describe, expect, it } from 'vitest'
import { clientSecretBasic, none } from '../../src/protocol/client-auth.ts'
import type { IntrospectionOptions } from '../../src/resource/index.ts'
import { createProtectedResource } from '../../src/resource/index.ts'
import { createFakeServer, type FakeServer } from '../support/fake-server.ts'
import { aJws, aKeyPair, issuerKeys } from '../support/id-token.ts'
import { anAccessToken, aResource, audience, granted, issuer, now, type Rig, refused } from './rig.ts'

const endpoint = 'https://as.example/introspect'
const asked = 'https://as.example'
const good = { active: true, iss: asked, sub: 'user-1', client_id: 'app-1', aud: audience, exp: now + 60, scope: 'a b' }

async function anAskedIssuer(
  answer: object,
  options: Partial<IntrospectionOptions> = {},
): Promise<Rig & { server: FakeServer }> {
  const server = createFakeServer()
  server.set(endpoint, answer)
  const introspection = { clientId: 'api', clientAuth: clientSecretBasic('secret'), ...options }
  const rig = await aResource({
    issuer: [
      { issuer: asked, introspection, metadata: { introspection_endpoint: endpoint } },
      { issuer, jwks: issuerKeys() },
    ],
    fetch: server.fetch,
  })
  return { ...rig, server }
}

describe('an opaque token', () => {
  it('is taken as its issuer describes it', async () => {
    const { call } = await anAskedIssuer(good)
    expect(granted(await call('Bearer opaque'))).toMatchObject({
      issuer: asked,
      principal: { kind: 'user', issuer: asked, subject: 'user-1', clientId: 'app-1' },
      scopes: ['a', 'b'],
      expiresAt: (now + 60) * 1000,
    })
  })

  it('speaks for the client where the issuer names no user', async () => {
    const { call } = await anAskedIssuer({ ...good, sub: undefined })
    expect(granted(await call('Bearer opaque')).principal).toEqual({ kind: 'client', issuer: asked, clientId: 'app-1' })
  })

  const refusedAnswers: readonly (readonly [string, object, string])[] = [
    ['is not active', { active: false }, 'active'],
    ['has expired, whatever "active" says', { ...good, exp: now }, 'exp'],
    ['is not in force yet', { ...good, nbf: now + 61 }, 'nbf'],
    ['is for another audience', { ...good, aud: 'https://other.example' }, 'aud'],
    ['has no audience', { ...good, aud: undefined }, 'aud'],
    ['is a refresh token', { ...good, token_type: 'refresh_token' }, 'token_type'],
    ['is DPoP-bound to no key', { ...good, token_type: 'DPoP' }, 'token_binding'],
    ['is bound to a key and came as Bearer', { ...good, cnf: { jkt: 'x' } }, 'dpop_scheme'],
    ['is of nobody', { ...good, sub: undefined, client_id: undefined }, 'principal'],
  ]

  it.each(refusedAnswers)('is refused when it %s', async (_, answer, check) => {
    const { call } = await anAskedIssuer(answer)
    const { status, error } = refused(await call('Bearer opaque'))
    expect({ status, code: error.code, check: error.check }).toEqual({ status: 401, code: 'invalid_token', check })
  })

  it('is taken without an audience only where the configuration allows it', async () => {
    const { call } = await anAskedIssuer({ ...good, aud: undefined }, { allowMissingAudience: true })
    expect((await call('Bearer opaque')).ok).toBe(true)
    const other = await anAskedIssuer({ ...good, aud: 'https://other.example' }, { allowMissingAudience: true })
    expect(refused(await other.call('Bearer opaque')).error.check).toBe('aud')
  })

  it('is DPoP-bound by the cnf that the issuer tells', async () => {
    const { server, ...rig } = await anAskedIssuer(good)
    server.set(endpoint, { ...good, token_type: 'DPoP', cnf: { jkt: rig.key.thumbprint } })
    expect(granted(await rig.call('DPoP opaque', await rig.prove('opaque'))).binding).toBe('dpop')
  })

  it.each([
    ['the issuer is down', () => Promise.reject(new TypeError('fetch failed'))],
    ['the issuer answers nonsense', () => Response.json({ active: 'yes' })],
    ['the issuer refuses the resource', () => Response.json({ error: 'invalid_client' }, { status: 401 })],
    ['the issuer speaks of a token of another', () => Response.json({ ...good, iss: 'https://other.example' })],
  ])('lets nobody in when %s', async (_, answer) => {
    const { call, server } = await anAskedIssuer(good)
    server.set(endpoint, answer)
    const { status, error } = refused(await call('Bearer opaque'))
    expect({ status, code: error.code }).toEqual({ status: 503, code: 'unavailable' })
    expect(error.cause).toBeInstanceOf(Error)
    expect(JSON.stringify(error)).not.toContain('opaque')
  })

  it('is asked about each time, unless the configuration says for how long an answer serves', async () => {
    const each = await anAskedIssuer(good)
    for (let i = 0; i < 3; i++) await each.call('Bearer opaque')
    expect(each.server.asked).toHaveLength(3)
    const cached = await anAskedIssuer(good, { cacheFor: 10 })
    for (let i = 0; i < 3; i++) await cached.call('Bearer opaque')
    await cached.call('Bearer other')
    expect(cached.server.asked).toHaveLength(2)
    cached.clock.advance(10_000)
    await cached.call('Bearer opaque')
    expect(cached.server.asked).toHaveLength(3)
    // Many calls of one client at once are one question.
    await Promise.all(Array.from({ length: 100 }, () => cached.call('Bearer third')))
    expect(cached.server.asked).toHaveLength(4)
    // A clock that was set back prolongs nothing.
    cached.clock.advance(-5_000)
    await cached.call('Bearer opaque')
    expect(cached.server.asked).toHaveLength(5)
  })

  it('has expired at its exp, whatever is remembered of it', async () => {
    const { call, clock, server } = await anAskedIssuer(good, { cacheFor: 3600 })
    expect((await call('Bearer opaque')).ok).toBe(true)
    clock.advance(60_000)
    expect(refused(await call('Bearer opaque')).error.check).toBe('exp')
    expect(server.asked).toHaveLength(1)
  })

  it('goes to no issuer that did not make it: a JWT of another is judged by its own', async () => {
    const { call, server } = await anAskedIssuer(good)
    expect(granted(await call(`Bearer ${anAccessToken()}`)).issuer).toBe(issuer)
    expect(refused(await call(`Bearer ${anAccessToken({ iss: 'https://third.example' })}`)).error.check).toBe('iss')
    expect(server.asked).toEqual([])
    expect(granted(await call(`Bearer ${anAccessToken({ iss: asked })}`)).issuer).toBe(asked)
    expect(server.asked).toHaveLength(1)
  })
})

describe('a signed introspection response', () => {
  const signedBy = (claims: object) => () => {
    const payload = { iss: asked, aud: 'api', iat: now, token_introspection: good, ...claims }
    const header = { alg: 'ES256', kid: 'P-256', typ: 'token-introspection+jwt' }
    const body = aJws(header, payload, aKeyPair('P-256').privateKey, 'ES256')
    return new Response(body, { headers: { 'content-type': 'application/token-introspection+jwt' } })
  }

  async function aSigningIssuer(answer: () => Response) {
    const server = createFakeServer()
    server.set(endpoint, answer)
    server.set(`${asked}/jwks`, issuerKeys())
    const introspection = { clientId: 'api', clientAuth: clientSecretBasic('s'), signedResponseAlg: 'ES256' as const }
    const metadata = { introspection_endpoint: endpoint, jwks_uri: `${asked}/jwks` }
    return await aResource({ issuer: { issuer: asked, introspection, metadata }, fetch: server.fetch })
  }

  it('is verified where one was registered', async () => {
    const { call } = await aSigningIssuer(signedBy({}))
    expect(granted(await call('Bearer opaque')).principal).toMatchObject({ kind: 'user', subject: 'user-1' })
  })

  it.each([
    ['is plain', () => Response.json(good)],
    ['is for another resource server', signedBy({ aud: 'other' })],
    ['is of another issuer', signedBy({ iss: 'https://other.example' })],
  ])('lets nobody in when it %s', async (_, answer) => {
    const { call } = await aSigningIssuer(answer)
    expect(refused(await call('Bearer opaque')).status).toBe(503)
  })
})

describe('introspection', () => {
  const one = (name: string, clientAuth = clientSecretBasic('s')) => ({
    issuer: name,
    introspection: { clientId: 'api', clientAuth },
  })

  it('refuses to start with two issuers to ask, for an opaque token does not say whose it is', () => {
    expect(() =>
      createProtectedResource({ issuer: [one('https://a.example'), one('https://b.example')], audience }),
    ).toThrow(/issuer: expected at most one issuer with introspection/)
  })

  it('refuses to start without authentication', () => {
    expect(() => createProtectedResource({ issuer: one('https://a.example', none()), audience })).toThrow(
      /introspection.clientAuth/,
    )
  })
})
