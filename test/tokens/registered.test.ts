// register, introspect, revoke, delete, deleteAll of both kinds of token.
import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { isTokenValid, type TokenManager } from '../../src/tokens/index.ts'
import { aJws, aKeyPair } from '../support/id-token.ts'
import { aLogin, alice, aRig, client, place, theClient } from './rig.ts'

const read = { ...place, subject: alice, scopes: ['read'] } as const
const kinds = ['accessTokens', 'refreshTokens'] as const
const hints = { accessTokens: 'access_token', refreshTokens: 'refresh_token' } as const

/** What the manager knows of a token without asking anybody. */
async function known(manager: TokenManager, kind: (typeof kinds)[number], token: string) {
  return await manager[kind].introspect(token, place, { minIntrospectInterval: Number.POSITIVE_INFINITY })
}

describe.each(kinds)('%s.register', (kind) => {
  it('asks the server first, with the hint of its kind, and keeps what it says', async () => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.answer('introspect', () =>
      Response.json({ active: true, sub: 'alice', scope: 'read write', username: 'Alice' }),
    )
    const metadata = await rig.manager[kind].register('t', { ...place, metadata: { aud: 'api' } })
    expect(metadata).toMatchObject({
      sub: 'alice',
      scope: ['read', 'write'],
      username: 'Alice',
      aud: 'api',
      active: true,
    })
    expect(rig.issuer.of('introspect').map(({ form }) => form)).toEqual([{ token: 't', token_type_hint: hints[kind] }])
    expect(await known(rig.manager, kind, 't')).toEqual(metadata)
  })

  it('asks nobody where that is turned off and the subject is known', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } }, { autoIntrospect: false })
    await manager[kind].register('u', { ...place, subject: alice }, { autoIntrospect: false })
    expect(issuer.requests).toEqual([])
  })

  it('asks all the same where nobody says whose it is', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    expect(await manager[kind].register('t', place)).toMatchObject({ sub: 'alice' })
    expect(issuer.of('introspect')).toHaveLength(1)
  })

  it.each([
    ['is down', () => new Response(null, { status: 503 }), 'http_status'],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed')), 'http_request'],
    ['answers with nonsense', () => Response.json({ active: 'yes' }), 'illegal_introspection_response'],
  ])('keeps the token when introspection %s, and tells', async (_, answer, error) => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.answer('introspect', answer)
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', token: hints[kind], error }])
    rig.issuer.answer('introspect')
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('keeps the token where the server has no introspection', async () => {
    const rig = aRig({ autoIntrospect: true })
    rig.issuer.metadata.introspection_endpoint = undefined
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', error: 'missing_server_metadata' }])
  })

  it('keeps a token of which nobody can say whose it is, and finds its owner later', async () => {
    const rig = aRig()
    rig.issuer.answer('introspect', () => new Response(null, { status: 503 }))
    await rig.manager[kind].register('t', place)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: theClient, client })).toBe(0)
    rig.issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    await rig.manager[kind].introspect('t', place)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('keeps the token of who would not wait for the server', async () => {
    const rig = aRig({ autoIntrospect: true })
    const controller = new AbortController()
    rig.issuer.answer('introspect', () => {
      controller.abort(new Error('enough'))
      return new Promise(() => {})
    })
    const registration = { ...place, metadata: { sub: 'alice', scope: 'read' } }
    const { signal } = controller
    await expect(rig.manager[kind].register('t', registration, { signal })).rejects.toThrow('enough')
    await expect(rig.manager[kind].register('late', registration, { signal })).rejects.toThrow('enough')
    expect(rig.events).toMatchObject([{ kind: 'introspection_failed', token: hints[kind] }])
    expect(await rig.manager[kind].delete('t', place)).toBe(true)
    expect(await rig.manager[kind].delete('late', place)).toBe(false)
  })

  it('keeps a token once, however often it is registered', async () => {
    const { manager } = aRig()
    const register = (scope: string) => manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope } })
    await Promise.all(Array.from({ length: 10 }, () => register('read')))
    expect(await register('read write')).toMatchObject({ scope: ['read', 'write'] })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('makes a list of the scopes and sets the members that are undefined aside', async () => {
    const { manager } = aRig()
    const metadata = { sub: 'alice', scope: ' write  read write ', exp: undefined } as never
    expect(await manager[kind].register('t', { ...place, metadata })).toEqual({
      sub: 'alice',
      scope: ['write', 'read'],
    })
  })

  it.each([
    ['an empty token', '', place, /non-empty string/],
    ['a token with a line break', 'a\nb', place, /printable ASCII \(RFC 6749/],
    ['an unknown member', 't', { ...place, scope: 'read' }, /unknown option "scope"/],
    ['a subject of another form', 't', { ...place, subject: 'alice' }, /"subject" must be/],
  ])('refuses %s', async (_, token, registration, message) => {
    await expect(aRig().manager[kind].register(token, registration as never)).rejects.toThrow(message)
  })
})

describe('accessTokens.register', () => {
  it('takes a token without a sub for the client’s own, once the server has said that it is good', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'sync', client_id: client.client_id }))
    await manager.accessTokens.register('t', place)
    const wish = { ...place, subject: theClient, scopes: ['sync'] }
    expect((await manager.accessTokens.get(wish)).value).toBe('t')
  })

  it('keeps what the caller says of whose it is, whatever sub the server gives it', async () => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    // There are servers that name a client by a `sub` of its own.
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'sync', sub: client.client_id }))
    await manager.accessTokens.register('t', { ...place, subject: theClient })
    const wish = { ...place, subject: theClient, scopes: ['sync'] }
    expect((await manager.accessTokens.get(wish)).value).toBe('t')
  })

  it.each([alice, theClient])('gives none that the server issued to another client, to %o', async (subject) => {
    const { manager, issuer } = aRig({ autoIntrospect: true })
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'read', client_id: 'another' }))
    await manager.accessTokens.register('t', { ...place, subject })
    await manager.refreshTokens.register('r', { ...place, subject: alice, metadata: { scope: 'openid read' } })
    issuer.answer('token', () => Response.json({ access_token: 'own', token_type: 'Bearer', scope: 'read' }))
    const found = manager.accessTokens.get({ ...place, subject, scopes: 'read' })
    if (subject === theClient) expect((await found).value).toBe('own')
    else await expect(found).rejects.toMatchObject({ code: 'no_suitable_refresh_token', reason: 'none_with_scope' })
    await expect(manager.claims.get(place.issuer, 'alice')).rejects.toMatchObject({ reason: 'none_with_scope' })
  })

  it('does not give out one of which the server says that it is not active', async () => {
    const { manager } = aRig({ autoIntrospect: true })
    await manager.accessTokens.register('unknown there', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'none_with_scope' })
  })

  it('gives a DPoP token with its key, and takes none without', async () => {
    const { manager } = aRig()
    const dpopKey = await generateSigningKey('ES256', { extractable: true })
    const metadata = { sub: 'alice', scope: 'read' }
    await expect(manager.accessTokens.register('t', { ...place, metadata, tokenType: 'DPoP' })).rejects.toThrow(
      /needs the "dpopKey"/,
    )
    await manager.accessTokens.register('t', { ...place, metadata, tokenType: 'DPoP', dpopKey })
    const token = await manager.accessTokens.get(read)
    expect(token).toMatchObject({ kind: 'dpop', key: { thumbprint: dpopKey.thumbprint } })
  })
})

describe.each(kinds)('%s.introspect', (kind) => {
  it('asks the server at most every 30 seconds for a token that is registered', async () => {
    const { manager, issuer, clock } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, scope: 'read', iat: clock.now() / 1000 }))
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    const first = await manager[kind].introspect('t', place)
    expect(first).toMatchObject({ active: true, scope: ['read'], sub: 'alice' })
    clock.advance(29_999)
    expect(await manager[kind].introspect('t', place)).toEqual(first)
    expect(issuer.of('introspect')).toHaveLength(1)
    clock.advance(1)
    expect((await manager[kind].introspect('t', place)).iat).not.toBe(first.iat)
    expect(await manager[kind].introspect('t', place, { minIntrospectInterval: 0 })).toBeDefined()
    expect(issuer.of('introspect').map(({ form }) => form.token_type_hint)).toEqual(Array(3).fill(hints[kind]))
  })

  it('asks once for all who ask at the same time, and an impatient one ends nothing', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice' }))
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    const controller = new AbortController()
    const impatient = manager[kind].introspect('t', place, { signal: controller.signal })
    const patient = Array.from({ length: 50 }, () => manager[kind].introspect('t', place))
    controller.abort(new Error('enough'))
    await expect(impatient).rejects.toThrow('enough')
    expect(await Promise.all(patient)).toEqual(Array(50).fill({ active: true, sub: 'alice' }))
    expect(issuer.of('introspect')).toHaveLength(1)
  })

  it('takes a signed answer where one was registered, and no other', async () => {
    const { manager, issuer, clock } = aRig()
    const client = { ...place.client, introspection_signed_response_alg: 'ES256' }
    const times = { iat: clock.now() / 1000 }
    const signed = (token_introspection: object) =>
      aJws(
        { alg: 'ES256', kid: 'P-256', typ: 'token-introspection+jwt' },
        { iss: place.issuer, aud: client.client_id, ...times, token_introspection },
        aKeyPair('P-256').privateKey,
        'ES256',
      )
    const headers = { 'content-type': 'application/token-introspection+jwt' }
    issuer.answer('introspect', () => new Response(signed({ active: true, sub: 'alice', scope: 'read' }), { headers }))
    const signedPlace = { issuer: place.issuer, client }
    expect(await manager[kind].introspect('t', signedPlace)).toMatchObject({ sub: 'alice', scope: ['read'] })
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice' }))
    await expect(manager[kind].introspect('t', signedPlace)).rejects.toMatchObject({
      code: 'illegal_introspection_response',
    })
  })

  it('waits no longer than it may', async () => {
    const { manager, issuer } = aRig({ timeout: 20 })
    await manager[kind].introspect('t', place)
    issuer.answer('introspect', () => new Promise(() => {}))
    await expect(manager[kind].introspect('t', place)).rejects.toMatchObject({
      code: 'http_request',
      cause: { code: 'timeout' },
    })
  })

  it('stores nothing of a token that is not registered', async () => {
    const { manager, issuer } = aRig()
    issuer.answer('introspect', () => Response.json({ active: true, sub: 'alice', scope: 'read' }))
    expect(await manager[kind].introspect('t', place)).toMatchObject({ sub: 'alice' })
    await manager[kind].introspect('t', place)
    expect(issuer.of('introspect')).toHaveLength(2)
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(0)
  })

  it('keeps what is known when the server says that it is not active, but that', async () => {
    const { manager } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    const metadata = await manager[kind].introspect('t', place)
    expect(metadata).toMatchObject({ active: false, sub: 'alice', scope: ['read'] })
    expect(isTokenValid(metadata)).toBe(false)
  })

  it.each([
    [() => new Response(null, { status: 500 }), { code: 'http_status', endpoint: 'introspection', status: 500 }],
    [() => Response.json({ error: 'invalid_client' }, { status: 401 }), { code: 'http_status', status: 401 }],
    [() => Promise.reject(new TypeError('fetch failed')), { code: 'http_request', endpoint: 'introspection' }],
    [() => Response.json({ active: true, exp: -1 }), { code: 'illegal_introspection_response' }],
  ])('fails with its own error, and keeps what is stored (%#)', async (answer, failure) => {
    const { manager, issuer } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    issuer.answer('introspect', answer)
    await expect(manager[kind].introspect('t', place)).rejects.toMatchObject({ name: 'TokenError', ...failure })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })
})

describe.each(kinds)('%s.revoke', (kind) => {
  it('tells the server, with the hint, and changes nothing here', async () => {
    const { manager, issuer } = aRig()
    await manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await manager[kind].revoke('t', place)
    expect(issuer.of('revoke').map(({ form }) => form)).toEqual([{ token: 't', token_type_hint: hints[kind] }])
    expect(await manager[kind].delete('t', place)).toBe(true)
  })

  it.each([
    ['http_status', () => new Response(null, { status: 500 })],
    ['http_request', () => Promise.reject(new TypeError('fetch failed'))],
  ])('fails with %s', async (code, answer) => {
    const { manager, issuer } = aRig()
    issuer.answer('revoke', answer)
    await expect(manager[kind].revoke('t', place)).rejects.toMatchObject({ code, endpoint: 'revocation' })
  })

  it('needs a server that can', async () => {
    const { manager, issuer } = aRig()
    issuer.metadata.revocation_endpoint = undefined
    await expect(manager[kind].revoke('t', place)).rejects.toMatchObject({
      code: 'missing_server_metadata',
      field: 'revocation_endpoint',
    })
  })
})

describe.each(kinds)('%s.delete', (kind) => {
  it('forgets the token at once and revokes it in the background', async () => {
    const rig = aRig()
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    let answered = () => {}
    rig.issuer.answer('revoke', () => new Promise((resolve) => (answered = () => resolve(new Response(null)))))
    expect(await rig.manager[kind].delete('t', place)).toBe(true)
    expect(await rig.manager[kind].delete('t', place)).toBe(false)
    expect(rig.events).toEqual([])
    await expect.poll(() => rig.issuer.of('revoke').length).toBe(1)
    answered()
    await rig.manager.settled()
    expect(rig.events).toMatchObject([{ kind: 'token_revoked', token: hints[kind], clientId: client.client_id }])
  })

  it('tells of a revocation that failed, and stays deleted', async () => {
    const rig = aRig()
    await rig.manager[kind].register('t', { ...place, metadata: { sub: 'alice' } })
    rig.issuer.answer('revoke', () => new Response(null, { status: 500 }))
    await rig.manager[kind].delete('t', place)
    await rig.manager.settled()
    expect(rig.events).toMatchObject([{ kind: 'revocation_failed', token: hints[kind], error: 'http_status' }])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(0)
  })

  it('revokes nothing where that is turned off', async () => {
    const rig = aRig({ revokeOnDelete: false })
    for (const token of ['t', 'u']) await rig.manager[kind].register(token, { ...place, metadata: { sub: 'alice' } })
    await rig.manager[kind].delete('t', place)
    await rig.manager[kind].delete('u', place, { revokeOnDelete: true })
    await rig.manager.settled()
    expect(rig.issuer.revoked).toEqual(['u'])
  })
})

describe.each(kinds)('%s.deleteAll', (kind) => {
  it('deletes and revokes all tokens of a subject, at one client or at all', async () => {
    const other = { ...client, client_id: 'other' }
    const rig = aRig({
      clients: [
        { ...client, issuer: place.issuer },
        { ...other, issuer: place.issuer },
      ],
    })
    const register = (token: string, sub: string, where: object = place) =>
      rig.manager[kind].register(token, { ...place, ...where, metadata: { sub, scope: token } })
    await Promise.all([
      register('a1', 'alice'),
      register('a2', 'alice'),
      register('a3', 'alice', { client: other }),
      register('b1', 'bob'),
      register('elsewhere', 'alice', { issuer: 'https://other.example' }),
    ])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice, client: other })).toBe(1)
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(2)
    await rig.manager.settled()
    expect(rig.issuer.revoked.toSorted()).toEqual(['a1', 'a2', 'a3'])
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: { kind: 'sub', sub: 'bob' } })).toBe(1)
  })

  it('revokes all of many, twenty at a time', async () => {
    const { manager, issuer } = aRig()
    for (let i = 0; i < 100; i++) await manager.accessTokens.register(`t${i}`, { ...place, subject: alice })
    let underWay = 0
    let most = 0
    issuer.answer('revoke', async () => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => setTimeout(resolve, 1))
      underWay--
      return new Response(null, { status: 200 })
    })
    expect(await manager.accessTokens.deleteAll({ issuer: place.issuer, subject: alice })).toBe(100)
    await manager.settled()
    expect(issuer.of('revoke')).toHaveLength(100)
    expect(most).toBe(20)
  })

  it('of a client itself leaves the user alone whose sub is the client id', async () => {
    const { manager } = aRig()
    const user = { kind: 'sub', sub: client.client_id } as const
    await manager[kind].register('of the client', { ...place, subject: theClient })
    await manager[kind].register('of the user', { ...place, subject: user })
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: theClient, client })).toBe(1)
    expect(await manager[kind].deleteAll({ issuer: place.issuer, subject: user })).toBe(1)
    const nobody = { issuer: place.issuer, subject: theClient }
    await expect(manager[kind].deleteAll(nobody)).rejects.toThrow(/"client" is needed/)
  })

  it('attempts all and rejects with every failure', async () => {
    let failing = 0
    const rig = aRig({
      wrapStore: (store) => ({
        get: (key) => store.get(key),
        find: (index, value) => store.find(index, value),
        sweep: () => store.sweep(),
        commit(changes) {
          if (changes[0]?.kind === 'delete' && failing-- > 0) return Promise.reject(new Error('no'))
          return store.commit(changes)
        },
      }),
    })
    for (const token of ['a', 'b', 'c', 'd']) {
      await rig.manager[kind].register(token, { ...place, metadata: { sub: 'alice' } })
    }
    failing = 2
    const all = rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })
    await expect(all).rejects.toMatchObject({
      code: 'deletion_failed',
      failures: [{ code: 'store_unavailable' }, { code: 'store_unavailable' }],
    })
    expect(await rig.manager[kind].deleteAll({ issuer: place.issuer, subject: alice })).toBe(2)
  })
})

describe('isTokenValid', () => {
  const runtime = { now: () => 1_000_000 }
  it.each([
    [{}, true],
    [{ active: true }, true],
    [{ active: false }, false],
    [{ exp: 1_000 }, false],
    [{ exp: 1_001 }, true],
    [{ nbf: 1_000 }, true],
    [{ nbf: 1_001 }, false],
  ])('of %j is %j', (metadata, valid) => {
    expect(isTokenValid(metadata, { runtime })).toBe(valid)
  })

  it('takes the machine’s clock where none is given', () => {
    expect(isTokenValid({ exp: Date.now() / 1000 + 60 })).toBe(true)
    expect(isTokenValid({ exp: Date.now() / 1000 + 60 }, { minRemainingLife: 61_000 })).toBe(false)
  })
})

describe('what has expired', () => {
  it('is swept every 15 seconds at most, by a call and not by a timer', async () => {
    let sweeps = 0
    const rig = aRig({
      wrapStore: (store) => ({
        get: (key) => store.get(key),
        find: (index, value) => store.find(index, value),
        commit: (changes) => store.commit(changes),
        async sweep() {
          sweeps++
          return await store.sweep()
        },
      }),
    })
    await aLogin(rig)
    for (let second = 0; second < 60; second++) {
      await rig.manager.accessTokens.get(read)
      rig.clock.advance(1_000)
    }
    expect(sweeps).toBe(3)
  })

  it('is gone from the store after the sweep, and nothing else is', async () => {
    const rig = aRig()
    const exp = rig.clock.now() / 1000 + 60
    for (let i = 0; i < 50; i++) {
      await rig.manager.accessTokens.register(`short ${i}`, { ...place, metadata: { sub: 'alice', scope: 'x', exp } })
    }
    await rig.manager.accessTokens.register('long', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    rig.clock.advance(180_000)
    expect((await rig.manager.accessTokens.get(read)).value).toBe('long')
    await rig.manager.settled()
    // The sweep that the call set off has left nothing for this one.
    expect(await rig.store.sweep()).toBe(0)
    expect(await rig.manager.accessTokens.deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('tells of a sweep that failed, and goes on', async () => {
    const rig = aRig({
      wrapStore: (store) => ({
        get: (key) => store.get(key),
        find: (index, value) => store.find(index, value),
        commit: (changes) => store.commit(changes),
        sweep: () => Promise.reject(Object.assign(new Error('no'), { code: 'store_unavailable' })),
      }),
    })
    await aLogin(rig)
    rig.clock.advance(15_000)
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read' })
    await rig.manager.settled()
    expect(rig.events).toContainEqual({ kind: 'sweep_failed', error: 'store_unavailable' })
  })
})
