// Rotation: nothing is lost in whatever order things fail, and nobody sends a refresh token that is used up.
import { describe, expect, it } from 'vitest'
import type { RecordChange } from '../../src/stores/memory/index.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aLogin, alice, aRig, place, type Rig } from './rig.ts'

const read = { ...place, subject: alice, scopes: ['read'] } as const
const write = { ...place, subject: alice, scopes: ['write'] } as const

const sentTokens = ({ issuer }: Rig) => issuer.of('token').map(({ form }) => form.refresh_token)

describe('rotation', () => {
  it('stores the new refresh token and its access token in the commit that forgets the old one', async () => {
    const commits: (readonly RecordChange[])[] = []
    const rig = aRig({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit(changes) {
          commits.push(structuredClone(changes))
          return store.commit(changes)
        },
      }),
    })
    const old = await aLogin(rig)
    commits.length = 0
    const { value } = await rig.manager.accessTokens.get(read)
    // First the journal, then everything at once.
    expect(commits.map((changes) => changes.map(({ key }) => key.split(':')[0]))).toEqual([
      ['refresh-token'],
      ['refresh-token', 'access-token'],
    ])
    const values = commits.map(([change]) => (change as { value: { value: string; attempt?: object } }).value)
    expect(values[0]).toMatchObject({ value: old, attempt: { tokenHash: expect.any(String) } })
    expect(values[1]!.value).not.toBe(old)
    expect(values[1]).not.toHaveProperty('attempt')
    expect(commits[1]![1]).toMatchObject({ value: { value } })
  })

  it('sends the rotated token the next time, and never revokes the old one', async () => {
    const rig = aRig()
    const first = await aLogin(rig)
    await rig.manager.accessTokens.get(read)
    await rig.manager.accessTokens.get(write)
    await rig.manager.settled()
    const [one, two] = sentTokens(rig)
    expect(one).toBe(first)
    expect(two).not.toBe(first)
    expect(rig.issuer.of('revoke')).toEqual([])
  })

  it('keeps the refresh token where the answer brings none', async () => {
    const rig = aRig()
    const first = await aLogin(rig)
    rig.issuer.answer('token', () => Response.json({ access_token: 'a', token_type: 'Bearer' }))
    await rig.manager.accessTokens.get(read)
    await rig.manager.accessTokens.get(write)
    expect(sentTokens(rig)).toEqual([first, first])
  })

  it('lets the rotated token inherit what was known of the old one, but its time of expiry ends nothing', async () => {
    const rig = aRig()
    const refreshToken = rig.issuer.login('alice', 'read write')
    const exp = rig.clock.now() / 1000 + 600
    const metadata = { sub: 'alice', scope: 'read write', username: 'Alice', exp }
    await rig.manager.refreshTokens.register(refreshToken, { ...place, metadata })
    await rig.manager.accessTokens.get(read)
    rig.clock.advance(601_000)
    // The server rotated it: how long the new one lives is for the server to say.
    expect(await rig.manager.accessTokens.get(write)).toMatchObject({ scope: 'write' })
    const [first, second] = sentTokens(rig)
    expect(first).toBe(refreshToken)
    expect(second).not.toBe(refreshToken)
    rig.issuer.answer('token', () =>
      Response.json({ access_token: 'a', refresh_token: 'the third', token_type: 'Bearer', scope: 'read' }),
    )
    await rig.manager.accessTokens.get(read)
    rig.issuer.answer('introspect', () => Response.json({ active: true }))
    expect(await rig.manager.refreshTokens.introspect('the third', place)).toMatchObject({
      sub: 'alice',
      scope: ['read', 'write'],
      username: 'Alice',
    })
  })

  it('loses no rotated token of whose expiry introspection says nothing', async () => {
    const rig = aRig()
    const exp = rig.clock.now() / 1000 + 600
    const metadata = { sub: 'alice', scope: 'read write', exp }
    await rig.manager.refreshTokens.register(rig.issuer.login('alice', 'read write'), { ...place, metadata })
    rig.issuer.extra = { expires_in: 30 }
    await rig.manager.accessTokens.get(read)
    rig.clock.advance(601_000)
    rig.issuer.answer('introspect', () => Response.json({ active: true }))
    const rotated = (await rig.store.find('refresh-token-owner', JSON.stringify([place.issuer, 'sub', 'alice'])))[0]!
    const { value } = rotated.value as { value: string }
    expect(await rig.manager.refreshTokens.introspect(value, place)).not.toHaveProperty('exp')
    expect(await rig.manager.accessTokens.get(write)).toMatchObject({ scope: 'write' })
  })

  it('takes what is said of a rotated token that is registered again for its own', async () => {
    const rig = aRig()
    await aLogin(rig)
    await rig.manager.accessTokens.get(read)
    rig.issuer.answer('token', () =>
      Response.json({ access_token: 'a', refresh_token: 'rotated', token_type: 'Bearer', scope: 'write' }),
    )
    await rig.manager.accessTokens.get(write)
    await rig.manager.refreshTokens.register('rotated', { ...place, metadata: { sub: 'alice', active: false } })
    await expect(rig.manager.accessTokens.get({ ...read, scopes: 'openid' })).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
    })
  })

  it('is found by the token that was registered: nobody else knows what it was rotated to', async () => {
    const rig = aRig()
    const first = await aLogin(rig)
    await rig.manager.accessTokens.get(read)
    expect(await rig.manager.refreshTokens.introspect(first, place)).toMatchObject({ active: true })
    await rig.manager.refreshTokens.revoke(first, place)
    expect(await rig.manager.refreshTokens.delete(first, place)).toBe(true)
    await rig.manager.settled()
    const [revoked, deleted] = rig.issuer.revoked
    expect(revoked).not.toBe(first)
    expect(deleted).toBe(revoked)
    await expect(rig.manager.accessTokens.get(write)).rejects.toMatchObject({ reason: 'none_with_scope' })
  })

  it('does not take back a token that was registered before and is used up', async () => {
    const rig = aRig()
    const first = await aLogin(rig)
    await rig.manager.accessTokens.get(read)
    await rig.manager.refreshTokens.register(first, {
      ...place,
      metadata: { sub: 'alice', scope: 'openid read write' },
    })
    await rig.manager.accessTokens.get(write)
    expect(new Set(sentTokens(rig)).size).toBe(2)
  })

  it('uses tokens from memory that the store cannot take, and stores them when it can', async () => {
    let isDown = false
    const rig = aRig({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) => (isDown && changes.length > 1 ? Promise.reject(new Error('down')) : store.commit(changes)),
      }),
    })
    await aLogin(rig)
    isDown = true
    const { value } = await rig.manager.accessTokens.get(read)
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'token_refreshed', stored: false }))
    isDown = false
    expect((await rig.manager.accessTokens.get(read)).value).toBe(value)
    await expect.poll(async () => (await rig.another().accessTokens.get(read)).value).toBe(value)
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it('gives a token that the store could not take to nobody who asks for another resource or scope', async () => {
    const down = { isDown: false }
    const rig = aRig({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) =>
          down.isDown && changes.length > 1 ? Promise.reject(new Error('down')) : store.commit(changes),
      }),
    })
    // Nobody else writes them meanwhile.
    Object.assign(rig.clock, { delay: () => new Promise(() => {}) })
    await aLogin(rig)
    const resources = ['https://a.example', 'https://b.example'] as const
    const get = async (resource: string, from = rig.manager) => await from.accessTokens.get({ ...read, resource })
    // One that has expired stands in the place of the first.
    await get(resources[0])
    rig.clock.advance(400_000)
    down.isDown = true
    const [first, second] = [await get(resources[0]), await get(resources[1])]
    expect([first.resource, second.resource]).toEqual([[resources[0]], [resources[1]]])
    // While the store is down each has what it had, and the refresh token is not used up by turns.
    const asked = rig.issuer.of('token').length
    expect([(await get(resources[0])).value, (await get(resources[1])).value]).toEqual([first.value, second.value])
    expect(rig.issuer.of('token')).toHaveLength(asked)
    down.isDown = false
    const third = await rig.manager.accessTokens.get(write)
    expect(third.resource).toBeUndefined()
    expect(third.scope).toBe('write')
    // All of them were stored where they belong.
    const another = rig.another()
    expect([(await get(resources[0], another)).value, (await get(resources[1], another)).value]).toEqual([
      first.value,
      second.value,
    ])
    expect(rig.issuer.of('token')).toHaveLength(asked + 1)
  })

  it('revokes with a refresh token the newer ones that the store had not taken', async () => {
    let isDown = true
    const rig = aRig({
      clients: [{ ...place.client, issuer: place.issuer }],
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) => (isDown && changes.length > 1 ? Promise.reject(new Error('down')) : store.commit(changes)),
      }),
    })
    // Nobody else writes them meanwhile.
    Object.assign(rig.clock, { delay: () => new Promise(() => {}) })
    const registered = await aLogin(rig)
    const { value } = await rig.manager.accessTokens.get(read)
    isDown = false
    expect(await rig.manager.refreshTokens.delete(registered, place)).toBe(true)
    await rig.manager.settled()
    const [rotated] = rig.issuer.revoked.filter((token) => token !== registered && token !== value)
    expect(rotated).toMatch(/^refresh/)
    expect(rig.issuer.revoked).toEqual([registered, rotated, value])
  })

  it('revokes them, too, where another process deletes the refresh token in the same moment', async () => {
    let [isDown, isRacing] = [true, false]
    const rig = aRig({
      clients: [{ ...place.client, issuer: place.issuer }],
      wrapStore: (store) => ({
        ...operationsOf(store),
        async commit(changes) {
          if (isDown && changes.length > 1) throw new Error('down')
          const result = await store.commit(changes)
          return isRacing && result.ok ? { ok: false, conflict: changes[0]!.key } : result
        },
      }),
    })
    Object.assign(rig.clock, { delay: () => new Promise(() => {}) })
    const registered = await aLogin(rig)
    const { value } = await rig.manager.accessTokens.get(read)
    ;[isDown, isRacing] = [false, true]
    expect(await rig.manager.refreshTokens.delete(registered, place)).toBe(false)
    await rig.manager.settled()
    expect(rig.issuer.revoked).toEqual([expect.stringMatching(/^refresh/), value])
    expect(rig.issuer.revoked).not.toContain(registered)
  })

  it('revokes tokens that come for what was deleted meanwhile', async () => {
    const rig = aRig({ clients: [{ ...place.client, issuer: place.issuer }] })
    const refreshToken = await aLogin(rig)
    rig.issuer.answer('token', async () => {
      await rig.manager.refreshTokens.delete(refreshToken, place, { revokeOnDelete: false })
      return Response.json({ access_token: 'late', refresh_token: 'late refresh', token_type: 'Bearer', scope: 'read' })
    })
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ code: 'no_suitable_refresh_token' })
    await rig.manager.settled()
    expect(rig.issuer.revoked.toSorted()).toEqual(['late', 'late refresh'])
  })
})

describe('a refresh that fails', () => {
  it.each([
    ['an error of the server', () => new Response('down', { status: 503 }), 'http_status', 503],
    ['too many requests', () => Response.json({ error: 'slow_down' }, { status: 429 }), 'http_status', 429],
    [
      'an answer that breaks a rule',
      () => Response.json({ access_token: 'a', token_type: 'mac' }),
      'illegal_token_response',
    ],
    ['an answer that is no token', () => Response.json({}), 'illegal_token_response'],
  ])('with %s keeps the refresh token, waits, and tries again', async (_, answer, code, status?: number) => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.answer('token', answer as () => Response)
    const failure = { name: 'TokenError', code, endpoint: 'token', ...(status && { status }) }
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject(failure)
    rig.issuer.answer('token')
    // Too early: the same failure without another request.
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ code })
    expect(rig.issuer.of('token')).toHaveLength(1)
    rig.clock.advance(6 * 60_000)
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read' })
  })

  it('with a lost answer says so, keeps the journal, and believes no refusal for its own', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.answer('token', () => Promise.reject(new TypeError('fetch failed')))
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({
      code: 'http_request',
      endpoint: 'token',
      cause: { code: 'network_error' },
    })
    rig.clock.advance(60_000)
    rig.issuer.answer('token', () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'refresh_refused' })
  })

  it('takes no answer for lost where the server could not even be found', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.answer('metadata', () => Promise.reject(new TypeError('fetch failed')))
    for (let i = 0; i < 3; i++) {
      await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ code: 'http_request' })
    }
    expect(rig.events).toMatchObject([{ kind: 'refresh_failed', error: 'network_error' }])
    const owner = JSON.stringify([place.issuer, 'sub', 'alice'])
    const [record] = await rig.store.find('refresh-token-owner', owner)
    expect(record!.value).not.toHaveProperty('attempt')
    rig.issuer.answer('metadata')
    rig.clock.advance(60_000)
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read' })
  })

  it('sends the same token once more where the issuer is known to give the same successor', async () => {
    const rig = aRig({ issuers: { [place.issuer]: { rotationGrace: 10_000 } } })
    const first = await aLogin(rig)
    let lost = 0
    rig.issuer.answer('token', () => {
      if (lost++ === 0) return Promise.reject(new TypeError('fetch failed'))
      return Response.json({ access_token: 'a', refresh_token: 'next', token_type: 'Bearer', scope: 'read' })
    })
    expect((await rig.manager.accessTokens.get(read)).value).toBe('a')
    expect(sentTokens(rig)).toEqual([first, first])
  })

  it('for one scope says nothing of the others', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.answer('token', () => Response.json({ error: 'invalid_scope' }, { status: 400 }))
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ code: 'http_status', status: 400 })
    rig.issuer.answer('token')
    expect(await rig.manager.accessTokens.get(write)).toMatchObject({ scope: 'write' })
  })
})

describe('many callers', () => {
  it('of the same scopes cause one refresh', async () => {
    const rig = aRig()
    await aLogin(rig)
    const tokens = await Promise.all(Array.from({ length: 200 }, () => rig.manager.accessTokens.get(read)))
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it('of several scopes and resources each get what they asked for, one refresh after the other', async () => {
    const rig = aRig()
    await aLogin(rig, 'read write')
    let atOnce = 0
    let most = 0
    rig.issuer.answer('token', async ({ form }) => {
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setTimeout(resolve, 2))
      atOnce--
      const { scope, resource = 'none', refresh_token: sent } = form
      const access_token = `${scope}.${resource.replace(/\W+/g, '-')}`.replace(' ', '-')
      return Response.json({ access_token, refresh_token: `${sent}+`, token_type: 'Bearer', scope, expires_in: 300 })
    })
    const wishes = ['read', 'write', 'read write'].flatMap((scopes) =>
      [undefined, 'https://a.example', 'https://b.example'].map((resource) => ({ scopes, resource })),
    )
    const calls = Array.from({ length: 90 }, (_, i) => wishes[i % wishes.length]!)
    const tokens = await Promise.all(
      calls.map(({ scopes, resource }) =>
        rig.manager.accessTokens.get({ ...place, subject: alice, scopes, ...(resource && { resource }) }),
      ),
    )
    for (const [i, token] of tokens.entries()) {
      expect(token.scope).toBe(calls[i]!.scopes)
      expect(token.resource).toEqual(calls[i]!.resource && [calls[i]!.resource])
    }
    expect(rig.issuer.of('token')).toHaveLength(wishes.length)
    expect(most).toBe(1)
    // Each refresh token was used once: no rotation was run over by another.
    expect(new Set(sentTokens(rig)).size).toBe(wishes.length)
  })

  it('who give up leave the refresh to the others', async () => {
    const rig = aRig()
    await aLogin(rig)
    const controller = new AbortController()
    const impatient = rig.manager.accessTokens.get(read, { signal: controller.signal })
    const patient = rig.manager.accessTokens.get(read)
    controller.abort(new Error('enough'))
    await expect(impatient).rejects.toThrow('enough')
    expect(await patient).toMatchObject({ scope: 'read' })
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it('get a token although the one that they saw is gone by the time of the refresh', async () => {
    let takeAway = false
    const rig = aRig({
      wrapStore: (store) => ({
        ...operationsOf(store),
        async get(key) {
          const found = await store.get(key)
          if (!takeAway || !found || !key.startsWith('access-token:')) return found
          takeAway = false
          await store.commit([{ kind: 'delete', key, expect: found.version }])
          return found
        },
      }),
    })
    await aLogin(rig)
    const { value: rejected } = await rig.manager.accessTokens.get(read)
    takeAway = true
    const next = await rig.manager.tokenSource(read).getAccessToken({ rejected })
    expect(takeAway).toBe(false)
    expect(next.value).not.toBe(rejected)
    expect(rig.issuer.of('token')).toHaveLength(2)
  })

  it('in two processes without a lock use each refresh token once', async () => {
    const rig = aRig()
    await aLogin(rig)
    const other = rig.another()
    const [one, two] = await Promise.all([rig.manager.accessTokens.get(read), other.accessTokens.get(read)])
    expect(one.value).toBe(two.value)
    expect(rig.issuer.of('token')).toHaveLength(1)
  })
})
