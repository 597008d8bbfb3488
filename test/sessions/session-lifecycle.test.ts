import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { createSessions } from '../../src/sessions/index.ts'
import { sessionKey } from '../../src/sessions/session-records.ts'
import type { RecordStore } from '../../src/stores/memory/index.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aSession, closeRigs } from './rig.ts'

afterEach(closeRigs)

describe('a session', () => {
  it('is found by its id, and by its subject', async () => {
    const { sessions, session } = await aSession()
    expect((await sessions.get(session.id)).subject).toBe(session.subject)
    const found = await sessions.findBySubject(session.subject!)
    expect(found.map(({ id }) => id)).toEqual([session.id])
    expect(await sessions.findBySubject('somebody else')).toEqual([])
  })

  it.each(['', 'a/../b', '\0', '\ud800', 'x'.repeat(100_000)])('is not found by an id that is none: %j', async (id) => {
    const { sessions } = await aSession()
    await expect(sessions.get(id)).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('has an id of 128 random bits', async () => {
    const { session } = await aSession()
    expect(session.id).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  it('keeps, where that was asked for, a key that nobody can read out, and signs with it', async () => {
    const { session, store, api, anotherProcess } = await aSession({
      client: { dpop: true },
      clientOptions: { dpop: { extractable: false } },
    })
    const { dpopKey } = (await store.get(`session:{${session.id}}`))!.value as { dpopKey: { keyPair: CryptoKeyPair } }
    expect(dpopKey.keyPair.privateKey.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('jwk', dpopKey.keyPair.privateKey)).rejects.toThrow()
    expect((await session.fetch(api)).status).toBe(200)
    const later = await anotherProcess().get(session.id)
    await later.refresh()
    expect((await later.fetch(api)).status).toBe(200)
  })

  it('carries what the application gave at login', async () => {
    const { client, provider, sessions } = await aSession()
    const url = await client.createAuthorizationUrl({ data: { returnTo: '/inbox' } })
    const session = await sessions.handleCallback(provider.login(url))
    expect((await sessions.get(session.id)).data).toEqual({ returnTo: '/inbox' })
  })

  it('is not there once it was logged out, here at once', async () => {
    const { sessions, session, api } = await aSession()
    await session.logout()
    await expect(sessions.get(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
    await expect(session.fetch(api)).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('is noticed as logged out by another process within five seconds', async () => {
    const rig = await aSession()
    const other = await rig.anotherProcess().get(rig.session.id)
    await other.getAccessToken()
    await rig.session.logout()
    rig.clock.advance(5_000)
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('revokes both tokens at logout, the refresh token first', async () => {
    const { session, provider } = await aSession()
    await session.logout()
    const revoked = provider.requests.filter(({ answer }) => answer === 'revocation')
    expect(revoked.map(({ form }) => form.get('token_type_hint'))).toEqual(['refresh_token', 'access_token'])
  })

  it('is logged out here even when the server cannot revoke, and says so', async () => {
    const rig = await aSession({ faults: { answers: { revocation: { status: 503, body: '' } } } })
    await rig.session.logout()
    await expect(rig.session.status()).rejects.toMatchObject({ code: 'session_not_found' })
    expect(rig.events.filter(({ kind }) => kind === 'revocation_failed')).toHaveLength(2)
  })

  it('keeps nobody waiting who logs out while the server does not answer', { timeout: 10_000 }, async () => {
    const rig = await aSession({ faults: { answers: { revocation: { hang: true } } } })
    const before = performance.now()
    await rig.session.logout()
    expect(performance.now() - before).toBeLessThan(5_000)
    expect(rig.events.filter(({ kind }) => kind === 'revocation_failed')).toHaveLength(2)
  })

  it('logs out twice without harm', async () => {
    const { session, provider } = await aSession()
    await Promise.all([session.logout(), session.logout()])
    expect(provider.count('revocation')).toBe(2)
  })

  it('is not brought back by a refresh that was under way at logout, whose tokens are revoked, too', async () => {
    const rig = await aSession({ faults: { answers: { refresh: { drip: { bytes: 200, everyMs: 60 } } } } })
    const refreshing = rig.session.refresh().catch((error: unknown) => error)
    while (rig.provider.count('refresh') === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await rig.session.logout()
    expect(await refreshing).toMatchObject({ code: 'session_not_found' })
    await expect(rig.session.status()).rejects.toMatchObject({ code: 'session_not_found' })
    expect(rig.provider.count('revocation')).toBe(4)
  })

  it.each(['by its user', 'by its issuer'])(
    'is over at once though the store had not taken its newest tokens, which are revoked, too: %s',
    async (how) => {
      let commitsLeft = Number.POSITIVE_INFINITY
      const rig = await aSession({
        wrapStore: (store) => ({
          ...operationsOf(store),
          commit: (changes) =>
            commitsLeft-- > 0 ? store.commit(changes) : Promise.reject(new Error('the store is down')),
        }),
      })
      // Nobody else writes them meanwhile.
      Object.assign(rig.clock, { delay: () => new Promise(() => {}) })
      // The journal entry still goes in.
      commitsLeft = 1
      await rig.session.refresh()
      expect(rig.events.at(-1)).toMatchObject({ kind: 'session_refreshed', stored: false })
      commitsLeft = Number.POSITIVE_INFINITY
      if (how === 'by its user') await rig.session.logout()
      else await rig.sessions.endByIssuer({ subject: rig.session.subject! })
      await expect(rig.session.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
      await expect(rig.session.fetch(rig.api)).rejects.toMatchObject({ code: 'session_not_found' })
      expect(rig.provider.count('revocation')).toBe(2)
    },
  )

  it('is told of as ended by the issuer, though the store fails for another of the subject', async () => {
    const failing = new Set<string>()
    const rig = await aSession({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) =>
          changes.some(({ kind, key }) => kind === 'delete' && failing.has(key))
            ? Promise.reject(new Error('down'))
            : store.commit(changes),
      }),
    })
    const { client, provider, session, sessions } = rig
    const other = await sessions.handleCallback(provider.login(await client.createAuthorizationUrl()))
    failing.add(sessionKey(session.id))
    const subject = session.subject!
    await expect(sessions.endByIssuer({ subject })).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(rig.events.at(-1)).toMatchObject({ kind: 'session_ended', session: other.ref })
    failing.clear()
    expect(await sessions.endByIssuer({ subject })).toBe(1)
    expect(rig.events.at(-1)).toMatchObject({ kind: 'session_ended', session: session.ref })
  })

  it('is noticed as logged out elsewhere while what the store did not take waits for long to be written', async () => {
    let isDown = false
    const rig = await aSession({
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) =>
          isDown && !JSON.stringify(changes).includes('"attempt"')
            ? Promise.reject(new Error('the store is down'))
            : store.commit(changes),
      }),
    })
    Object.assign(rig.clock, { delay: () => new Promise(() => {}) })
    isDown = true
    await rig.session.refresh()
    // Each try that fails doubles the wait for the next one.
    for (let i = 0; i < 6; i++) {
      rig.clock.advance(20_000)
      await rig.session.getAccessToken()
    }
    isDown = false
    await (await rig.anotherProcess().get(rig.session.id)).logout()
    rig.clock.advance(5_000)
    await expect.poll(() => rig.session.getAccessToken().catch(({ code }) => code)).toBe('session_not_found')
    expect(rig.provider.count('revocation')).toBe(4)
  })

  it('goes after its lifetime', async () => {
    const rig = await aSession({ sessions: { lifetime: 60_000 } })
    rig.clock.advance(60_001)
    await expect(rig.session.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('is told apart from a store that is down', async () => {
    let down = false
    const wrapStore = (store: RecordStore): RecordStore => ({
      ...operationsOf(store),
      get: (key) => (down ? Promise.reject(new Error('ECONNREFUSED')) : store.get(key)),
    })
    const rig = await aSession({ wrapStore })
    down = true
    await expect(rig.session.status()).rejects.toMatchObject({ code: 'store_unavailable', record: 'session' })
    down = false
    expect(await rig.session.status()).toBe('active')
  })

  it('is told apart from a record that is not one of ours', async () => {
    const rig = await aSession()
    const record = await rig.store.get(`session:{${rig.session.id}}`)
    await rig.store.commit([{ kind: 'put', key: record!.key, value: { format: 99 }, expect: record!.version }])
    await expect(rig.session.status()).rejects.toMatchObject({ code: 'invalid_record' })
  })

  it('is refused by a typed error, whichever of its members is missing or of another kind, and never sent', async () => {
    const rig = await aSession({ client: { dpop: true } })
    const key = `session:{${rig.session.id}}`
    const whole = (await rig.store.get(key))!
    const needed = ['id', 'issuer', 'clientId', 'generation', 'createdAt', 'status', 'tokens', 'renewal', 'dpopKey']
    const neededTokens = ['issuer', 'accessToken', 'tokenType', 'scope', 'receivedAt']
    const others = ['subject', 'sid', 'userinfoOrigin', 'claims', 'additional', 'attempt']
    const otherTokens = ['expiresAt', 'refreshToken', 'idToken', 'resource']
    const value = whole.value as { tokens: object }
    const damaged = [
      ...needed.map((name) => ({ ...value, [name]: undefined })),
      ...[...needed, ...others].map((name) => ({ ...value, [name]: ['text'] })),
      ...neededTokens.map((name) => ({ ...value, tokens: { ...value.tokens, [name]: undefined } })),
      ...[...neededTokens, ...otherTokens].map((name) => ({ ...value, tokens: { ...value.tokens, [name]: [1] } })),
      { ...value, tokens: { ...value.tokens, issuer: 'https://other.example' } },
      { ...value, additional: { key: { value: 'a token' } } },
      { ...value, dpopKey: { alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'AA' } } },
    ]
    const sent = rig.provider.count('userinfo')
    for (const each of damaged) {
      const { version, indexes } = (await rig.store.get(key))!
      await rig.store.commit([{ kind: 'put', key, value: each, expect: version, indexes }])
      const process = rig.anotherProcess()
      const use = process.get(rig.session.id).then((session) => session.fetch(rig.api))
      await expect(use, JSON.stringify(each)).rejects.toMatchObject({ code: 'invalid_record', record: 'session' })
    }
    expect(rig.provider.count('userinfo')).toBe(sent)
  })

  it('is logged out of though its key can be used no more, and tells that nothing was revoked', async () => {
    const rig = await aSession({ client: { dpop: true } })
    const { key, version, value, indexes } = (await rig.store.get(`session:{${rig.session.id}}`))!
    const damaged = { ...(value as object), dpopKey: { alg: 'ES256', jwk: { kty: 'EC' } } }
    await rig.store.commit([{ kind: 'put', key, value: damaged, expect: version, indexes }])
    await rig.session.logout()
    expect(await rig.store.get(key)).toBeUndefined()
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'revocation_failed', error: 'invalid_record' }))
  })

  it('is not begun with a login that no record can give back', async () => {
    const rig = await aSession()
    const login = await rig.client.handleCallback(rig.provider.login(await rig.client.createAuthorizationUrl()))
    for (const wrong of [{ expiresAt: Number.POSITIVE_INFINITY }, { issuer: 'https://other.example' }]) {
      const tokens = { ...login.tokens, ...wrong }
      await expect(rig.sessions.create({ ...login, tokens })).rejects.toThrow(TypeError)
    }
    expect(await rig.sessions.findBySubject(login.claims!.sub)).toHaveLength(1)
  })

  it('is what the store has, whatever is done to its login afterwards', async () => {
    const rig = await aSession()
    const login = await rig.client.handleCallback(rig.provider.login(await rig.client.createAuthorizationUrl()))
    const data = { roles: ['reader'] }
    const { id } = await rig.sessions.create({ ...login, data })
    data.roles.push('admin')
    rig.clock.advance(60_000)
    expect((await rig.sessions.get(id)).data).toEqual({ roles: ['reader'] })
  })

  it('hides none of its user’s others where it is damaged: they are found, and ended when the issuer says so', async () => {
    const rig = await aSession()
    const other = await rig.sessions.handleCallback(rig.provider.login(await rig.client.createAuthorizationUrl()))
    const { key, version, indexes } = (await rig.store.get(`session:{${rig.session.id}}`))!
    await rig.store.commit([{ kind: 'put', key, value: { format: 99 }, expect: version, indexes }])
    const found = await rig.sessions.findBySubject(other.subject!)
    expect(found.map(({ id }) => id)).toEqual([other.id])
    expect(rig.events.at(-1)).toEqual({ kind: 'invalid_record', record: 'session' })
    expect(await rig.sessions.endByIssuer({ subject: other.subject! })).toBe(1)
    await expect(other.status()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('goes on when a listener of events throws', async () => {
    const listeners = [
      () => {
        throw new Error('the listener’s own')
      },
      async () => {
        throw new Error('the listener’s own, later')
      },
    ]
    for (const onEvent of listeners) {
      const rig = await aSession({ sessions: { onEvent } })
      await new Promise((resolve) => setImmediate(resolve))
      expect(await rig.session.status()).toBe('active')
    }
  })

  it('shows no token in its events', async () => {
    const rig = await aSession()
    await rig.session.refresh()
    await rig.session.logout()
    const text = JSON.stringify(rig.events)
    for (const secret of [...rig.provider.secrets(), rig.session.id]) expect(text).not.toContain(secret)
  })

  it('shows its id neither in its JSON nor when it is inspected, but a reference that opens nothing', async () => {
    const { session, sessions } = await aSession()
    for (const text of [JSON.stringify(session), inspect(session, { depth: 5 })]) {
      expect(text).not.toContain(session.id)
      expect(text).toContain(session.ref)
    }
    await expect(sessions.get(session.ref)).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('revokes the tokens of a login that cannot be stored', async () => {
    let down = false
    const wrapStore = (store: RecordStore): RecordStore => ({
      ...operationsOf(store),
      commit: (changes) => (down ? Promise.reject(new TypeError('fetch failed')) : store.commit(changes)),
    })
    const rig = await aSession({ wrapStore })
    const callback = rig.provider.login(await rig.client.createAuthorizationUrl())
    down = true
    await expect(rig.sessions.handleCallback(callback)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(rig.provider.count('revocation')).toBe(2)
  })

  it('is noticed as logged out elsewhere after the clock was set back, too', async () => {
    const rig = await aSession()
    const other = await rig.anotherProcess().get(rig.session.id)
    await other.getAccessToken()
    await rig.session.logout()
    rig.clock.advance(-3_600_000)
    await expect(other.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('of another issuer over the same store opens nowhere else, and sends no token there', async () => {
    const good = await aSession()
    const evil = await aSession({ wrapStore: () => good.store })
    const before = good.provider.requests.length
    await expect(good.sessions.get(evil.session.id)).rejects.toMatchObject({ code: 'session_not_found' })
    expect(good.provider.requests.length).toBe(before)
  })
})

describe('createSessions', () => {
  it('refuses unknown options and a missing client', () => {
    expect(() => createSessions({} as never)).toThrow(/"client" is required/)
    expect(() => createSessions(undefined as never)).toThrow(/"client" is required/)
    expect(() => createSessions({ client: {}, stores: 1 } as never)).toThrow(/unknown option "stores"/)
  })

  it.each([
    ['baseUrl', 'api.example'],
    ['baseUrl', 'urn:api'],
    ['origins', ['api.example']],
    ['lifetime', Number.NaN],
    ['lifetime', Number.POSITIVE_INFINITY],
    ['rotationGrace', Number.POSITIVE_INFINITY],
    ['refreshAhead', 'x'],
    ['rotationGrace', -1],
    ['revalidateAfter', '5s'],
    ['store', {}],
    ['lock', {}],
  ])('names %s when it is %s', (name, value) => {
    expect(() => createSessions({ client: {}, [name]: value } as never)).toThrow(new RegExp(`"${name}" must be`))
  })
})
