// accessTokens.get: which token suits, what is asked of the server, and what nobody gets.
import { describe, expect, it, vi } from 'vitest'
import { createSerialQueue } from '../../src/lib/serial-queue.ts'
import { TokenError } from '../../src/tokens/index.ts'
import { aLogin, alice, aRig, client, countCalls, place, theClient } from './rig.ts'

const read = { ...place, subject: alice, scopes: ['read'] } as const

describe('a stored access token', () => {
  it('is given when its scopes are exactly those asked for, in any order and however often named', async () => {
    const { manager, issuer } = aRig()
    await manager.accessTokens.register('t1', { ...place, metadata: { sub: 'alice', scope: 'write read' } })
    const token = await manager.accessTokens.get({ ...place, subject: alice, scopes: 'read write read' })
    expect(token).toMatchObject({ value: 't1', kind: 'bearer' })
    expect(issuer.requests).toEqual([])
  })

  it('does not suit for fewer scopes than it has, nor for more', async () => {
    const { manager } = aRig()
    await manager.accessTokens.register('t1', { ...place, metadata: { sub: 'alice', scope: 'read write' } })
    for (const scopes of [['read'], ['read', 'write', 'delete'], []]) {
      await expect(manager.accessTokens.get({ ...place, subject: alice, scopes })).rejects.toMatchObject({
        code: 'no_suitable_access_token',
        reason: 'none_with_scope',
      })
    }
  })

  it('of unknown scope suits no request for one, and any request without', async () => {
    const { manager } = aRig()
    await manager.accessTokens.register('t1', { ...place, metadata: { sub: 'alice' } })
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'none_with_scope' })
    expect(await manager.accessTokens.get({ ...place, subject: alice })).toMatchObject({ value: 't1', scope: '' })
  })

  it('without scopes asked for, is any of this client that is for no resource', async () => {
    const { manager } = aRig()
    const metadata = { sub: 'alice', scope: 'read' }
    await manager.accessTokens.register('other client', { issuer: place.issuer, client: 'other', metadata })
    await manager.accessTokens.register('for a resource', { ...place, metadata, resource: 'https://api.example' })
    await expect(manager.accessTokens.get({ ...place, subject: alice })).rejects.toMatchObject({
      code: 'no_suitable_access_token',
    })
    await manager.accessTokens.register('plain', { ...place, metadata })
    expect((await manager.accessTokens.get({ ...place, subject: alice })).value).toBe('plain')
  })

  it('is for the resource asked for, and for no other', async () => {
    const { manager } = aRig()
    const metadata = { sub: 'alice', scope: 'read' }
    await manager.accessTokens.register('plain', { ...place, metadata })
    await manager.accessTokens.register('a', { ...place, metadata, resource: 'https://a.example' })
    await manager.accessTokens.register('b', { ...place, metadata, resource: 'https://b.example' })
    const got = async (resource?: string) =>
      (await manager.accessTokens.get({ ...read, ...(resource && { resource }) })).value
    expect([await got(), await got('https://a.example'), await got('https://b.example')]).toEqual(['plain', 'a', 'b'])
    expect(await manager.accessTokens.get({ ...read, resource: 'https://a.example' })).toMatchObject({
      resource: ['https://a.example'],
    })
    await expect(got('https://c.example')).rejects.toBeInstanceOf(TokenError)
  })

  it.each([
    ['is of another issuer', { issuer: 'https://other.example', client }, { sub: 'alice' }],
    ['is of another client', { issuer: place.issuer, client: 'other' }, { sub: 'alice' }],
    ['is of another subject', place, { sub: 'bob' }],
    ['is not active', place, { sub: 'alice', active: false }],
    ['has expired', place, { sub: 'alice', exp: -1 }],
    ['has less than 30 seconds to live', place, { sub: 'alice', exp: 30 }],
    ['is not good yet', place, { sub: 'alice', nbf: 60 }],
  ])('does not suit when it %s', async (_, where, { exp, nbf, ...rest }: Record<string, unknown>) => {
    const { manager, clock } = aRig()
    const seconds = (offset: unknown) => clock.now() / 1000 + (offset as number)
    const times = { ...(exp !== undefined && { exp: seconds(exp) }), ...(nbf !== undefined && { nbf: seconds(nbf) }) }
    await manager.accessTokens.register('t1', { ...where, metadata: { scope: 'read', ...rest, ...times } })
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({ code: 'no_suitable_access_token' })
  })

  it('suits with less to live where the caller says so', async () => {
    const { manager, clock } = aRig()
    const exp = clock.now() / 1000 + 30
    await manager.accessTokens.register('t1', { ...place, metadata: { sub: 'alice', scope: 'read', exp } })
    const token = await manager.accessTokens.get(read, { minRemainingLife: 0 })
    expect(token).toMatchObject({ value: 't1', expiresAt: exp * 1000 })
  })

  it('is the newest of those that suit', async () => {
    const { manager, clock } = aRig()
    for (const token of ['first', 'second', 'third']) {
      await manager.accessTokens.register(token, { ...place, metadata: { sub: 'alice', scope: 'read' } })
      clock.advance(1)
    }
    expect((await manager.accessTokens.get(read)).value).toBe('third')
  })

  it('costs one lookup by an index, no request and no timer', async () => {
    const calls = { find: 0, get: 0, commit: 0, sweep: 0 }
    const { manager, issuer } = aRig({ wrapStore: (store) => countCalls(store, calls) })
    await manager.accessTokens.register('t1', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    Object.assign(calls, { find: 0, get: 0, commit: 0, sweep: 0 })
    const timers = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')]
    await manager.accessTokens.get(read)
    expect(timers.map((timer) => timer.mock.calls.length)).toEqual([0, 0])
    vi.restoreAllMocks()
    expect(calls).toEqual({ find: 1, get: 0, commit: 0, sweep: 0 })
    expect(issuer.requests).toEqual([])
  })
})

describe('a refresh', () => {
  it('takes the smallest refresh token that covers the scopes, and asks for exactly these', async () => {
    const rig = aRig()
    await aLogin(rig, 'read write delete')
    const smallest = await aLogin(rig, 'read write')
    await aLogin(rig, 'write')
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read', kind: 'bearer' })
    expect(rig.issuer.of('token').map(({ form }) => form)).toEqual([
      { grant_type: 'refresh_token', refresh_token: smallest, scope: 'read' },
    ])
  })

  it('sends no scope where none was asked for', async () => {
    const rig = aRig()
    await aLogin(rig, 'read write')
    expect((await rig.manager.accessTokens.get({ ...place, subject: alice })).scope).toBe('read write')
    expect(rig.issuer.of('token')[0]!.form).not.toHaveProperty('scope')
  })

  it('sends the resource that was asked for, and its token is for no other', async () => {
    const rig = aRig()
    await aLogin(rig)
    const a = await rig.manager.accessTokens.get({ ...read, resource: 'https://a.example' })
    const b = await rig.manager.accessTokens.get({ ...read, resource: 'https://b.example' })
    const plain = await rig.manager.accessTokens.get(read)
    expect(new Set([a.value, b.value, plain.value]).size).toBe(3)
    expect(rig.issuer.of('token').map(({ form }) => form.resource)).toEqual([
      'https://a.example',
      'https://b.example',
      undefined,
    ])
    expect((await rig.manager.accessTokens.get({ ...read, resource: 'https://a.example' })).value).toBe(a.value)
    expect(rig.issuer.of('token')).toHaveLength(3)
  })

  it('gives the access token what it has in common with the refresh token, and a life of its own', async () => {
    const rig = aRig()
    const refreshToken = rig.issuer.login('alice', 'read write')
    await rig.manager.refreshTokens.register(refreshToken, {
      ...place,
      metadata: {
        ...{ sub: 'alice', scope: 'read write', username: 'Alice', aud: 'api', client_id: client.client_id },
        ...{ iss: place.issuer, jti: 'of the refresh token', exp: rig.clock.now() / 1000 + 86_400 },
      },
    })
    const { value } = await rig.manager.accessTokens.get(read)
    const known = await rig.manager.accessTokens.introspect(value, place, { minIntrospectInterval: Infinity })
    // Not fresh: nothing was introspected yet, so this asked. What was inherited shows in what is stored.
    expect(known).toMatchObject({ username: 'Alice', aud: 'api', iss: place.issuer, sub: 'alice', scope: ['read'] })
    expect(known).not.toHaveProperty('jti')
    expect(known.exp).toBe(rig.clock.now() / 1000 + 300)
  })

  it('takes a token without expires_in as one of unknown life', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { expires_in: undefined }
    const token = await rig.manager.accessTokens.get(read)
    expect(token).not.toHaveProperty('expiresAt')
    rig.clock.advance(86_400_000)
    expect((await rig.manager.accessTokens.get(read)).value).toBe(token.value)
  })

  it('takes the scope that the answer does not name for the one asked for', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { scope: undefined }
    expect((await rig.manager.accessTokens.get(read)).scope).toBe('read')
  })

  it('happens again when the token has less than 30 seconds to live', async () => {
    const rig = aRig()
    await aLogin(rig)
    const first = await rig.manager.accessTokens.get(read)
    rig.clock.advance(269_000)
    expect((await rig.manager.accessTokens.get(read)).value).toBe(first.value)
    rig.clock.advance(1_000)
    expect((await rig.manager.accessTokens.get(read)).value).not.toBe(first.value)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })

  it('gives a token whose whole life is shorter than that all the same', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { expires_in: 10 }
    const first = await rig.manager.accessTokens.get(read)
    const second = await rig.manager.accessTokens.get(read)
    expect(second.value).not.toBe(first.value)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })
})

describe('a grant of other scopes than asked for', () => {
  it.each([
    ['fewer', 'read', ['read', 'write']],
    ['more', 'read write', ['read']],
  ])('of %s is stored under its real scope, and refused', async (_, granted, scopes) => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { scope: granted }
    const wish = { ...place, subject: alice, scopes }
    await expect(rig.manager.accessTokens.get(wish)).rejects.toMatchObject({
      code: 'scope_not_granted',
      actual: granted,
      expected: scopes.join(' '),
    })
    expect(await rig.manager.accessTokens.get({ ...wish, scopes: granted })).toMatchObject({ scope: granted })
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it('is not asked for again for 30 seconds', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { scope: 'read' }
    const wish = { ...place, subject: alice, scopes: ['read', 'write'] }
    const ask = () => rig.manager.accessTokens.get(wish).catch((error: TokenError) => error.code)
    expect([await ask(), await ask()]).toEqual(['scope_not_granted', 'scope_not_granted'])
    expect(rig.issuer.of('token')).toHaveLength(1)
    rig.clock.advance(30_000)
    rig.issuer.extra = {}
    expect(await rig.manager.accessTokens.get(wish)).toMatchObject({ scope: 'read write' })
  })
})

describe('why nothing suited', () => {
  it('is that nothing is stored', async () => {
    const { manager } = aRig()
    await expect(manager.accessTokens.get(read)).rejects.toMatchObject({
      name: 'TokenError',
      code: 'no_suitable_access_token',
      reason: 'none_stored',
    })
  })

  it('is that no refresh token has the scopes, or has scopes that are known', async () => {
    const rig = aRig()
    await aLogin(rig, 'write')
    await rig.manager.refreshTokens.register('of unknown scope', { ...place, metadata: { sub: 'alice' } })
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
      reason: 'none_with_scope',
    })
    expect(rig.issuer.requests).toEqual([])
  })

  it('is that the server refused the refresh token, with its word as the cause, and once only', async () => {
    const rig = aRig()
    await rig.manager.refreshTokens.register('stale', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
      reason: 'refresh_refused',
      cause: { code: 'oauth_error', error: 'invalid_grant' },
    })
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'refresh_refused' })
    expect(rig.issuer.of('token')).toHaveLength(1)
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'refresh_refused', error: 'invalid_grant' }))
  })

  it('is not a refused refresh token as long as another one suffices', async () => {
    const rig = aRig()
    await rig.manager.refreshTokens.register('stale', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    await aLogin(rig, 'read write')
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read' })
    expect(rig.issuer.of('token')).toHaveLength(2)
  })
})

describe('a token for the client itself', () => {
  const own = { ...place, subject: theClient, scopes: ['sync'] } as const

  it('comes by the client credentials grant, and serves until it expires', async () => {
    const { manager, issuer, clock } = aRig()
    const first = await manager.accessTokens.get(own)
    expect(first).toMatchObject({ scope: 'sync', kind: 'bearer' })
    expect(issuer.of('token').map(({ form }) => form)).toEqual([{ grant_type: 'client_credentials', scope: 'sync' }])
    expect(issuer.of('token')[0]!.headers.get('authorization')).toMatch(/^Basic /)
    expect((await manager.accessTokens.get(own)).value).toBe(first.value)
    clock.advance(270_000)
    expect((await manager.accessTokens.get(own)).value).not.toBe(first.value)
    expect(issuer.of('token')).toHaveLength(2)
  })

  it('is told apart from that of a user whose sub equals the client id', async () => {
    const { manager } = aRig()
    const metadata = { sub: client.client_id, scope: 'sync' }
    await manager.accessTokens.register('of a user', { ...place, metadata })
    const token = await manager.accessTokens.get(own)
    expect(token.value).not.toBe('of a user')
    const user = { kind: 'sub', sub: client.client_id } as const
    expect((await manager.accessTokens.get({ ...own, subject: user })).value).toBe('of a user')
  })

  it('is of this client: another’s never suits', async () => {
    const { manager, issuer } = aRig()
    const other = { ...client, client_id: 'other' }
    const first = await manager.accessTokens.get({ ...own, client: other })
    expect((await manager.accessTokens.get(own)).value).not.toBe(first.value)
    expect(issuer.of('token')).toHaveLength(2)
  })

  it('is asked for once by a hundred callers', async () => {
    const { manager, issuer } = aRig()
    const tokens = await Promise.all(Array.from({ length: 100 }, () => manager.accessTokens.get(own)))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(issuer.of('token')).toHaveLength(1)
  })

  it('is asked for once by two processes that have a lock', async () => {
    const queue = createSerialQueue()
    const lock = { withLock: <T>(key: string, task: () => Promise<T>) => queue.run(key, task) }
    const rig = aRig({ lock })
    const tokens = await Promise.all([rig.manager, rig.another()].map((one) => one.accessTokens.get(own)))
    expect(tokens[0]!.value).toBe(tokens[1]!.value)
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it('needs credentials', async () => {
    const { manager } = aRig()
    const wish = { ...own, client: { client_id: 'public' } }
    await expect(manager.accessTokens.get(wish)).rejects.toMatchObject({
      code: 'missing_client_metadata',
      field: 'client_secret',
    })
  })
})

describe('misuse', () => {
  it.each([
    ['an unknown member', { ...read, scope: 'read' }, /unknown option "scope"/],
    ['a subject that is a text', { ...read, subject: 'alice' }, /"subject" must be/],
    ['no client', { ...read, client: undefined }, /"client" must be/],
    ['a resource that is no absolute URI', { ...read, resource: '/api' }, /"resource" must be/],
    ['a scope of other characters', { ...read, scopes: ['"read"'] }, /"scopes" must be/],
  ])('of %s is a TypeError', async (_, wish, message) => {
    await expect(aRig().manager.accessTokens.get(wish as never)).rejects.toThrow(message)
  })

  it('of an unknown override or option is a TypeError', async () => {
    const { manager } = aRig()
    await expect(manager.accessTokens.get(read, { minLife: 1 } as never)).rejects.toThrow(/unknown option "minLife"/)
    expect(() => aRig({ interval: 1 } as never)).toThrow(/unknown option "interval"/)
    expect(() => aRig({ sweepInterval: '15' } as never)).toThrow(/"sweepInterval" must be/)
  })

  it('of a client id that nobody configured is told', async () => {
    await expect(
      aRig().manager.accessTokens.get({ ...read, subject: theClient, client: 'unknown' }),
    ).rejects.toMatchObject({ code: 'missing_client_metadata', field: 'client_id' })
  })
})
