import { afterEach, describe, expect, it } from 'vitest'
import type { RecordStore } from '../../src/stores/memory/index.ts'
import { absent } from '../support/hostile/patch.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aSession, closeRigs } from './rig.ts'

afterEach(closeRigs)

const minute = 60_000

/** Of the provider's access tokens, in milliseconds. */
async function lifeOf({ session, clock }: Awaited<ReturnType<typeof aSession>>): Promise<number> {
  return (await session.getAccessToken()).expiresAt! - clock.now()
}

describe('refresh of a session', () => {
  it('leaves a fresh token alone', async () => {
    const rig = await aSession()
    await rig.session.getAccessToken()
    expect(rig.provider.count('refresh')).toBe(0)
  })

  it('renews ahead of expiry, by no more than a quarter of the token’s life', async () => {
    const rig = await aSession()
    const life = await lifeOf(rig)
    const ahead = Math.min(minute, life / 4)
    rig.clock.advance(life - ahead - 1)
    await rig.session.getAccessToken()
    expect(rig.provider.count('refresh')).toBe(0)
    rig.clock.advance(1)
    await rig.session.getAccessToken()
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('causes one refresh for a thousand callers', async () => {
    const rig = await aSession()
    rig.clock.advance(await lifeOf(rig))
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => rig.session.getAccessToken()))
    expect(new Set(tokens.map((token) => token.value)).size).toBe(1)
    expect(rig.provider.count('refresh')).toBe(1)
    expect(rig.events.filter(({ kind }) => kind === 'session_refreshed')).toHaveLength(1)
  })

  it('refreshes once, too, where the server gives the same access token again', async () => {
    const rig = await aSession({
      client: { scope: 'profile offline_access' },
      faults: { answers: { refresh: { json: { access_token: 'the-same-every-time' } } } },
    })
    await rig.session.refresh()
    expect((await rig.session.refresh()).value).toBe('the-same-every-time')
    expect(rig.provider.count('refresh')).toBe(2)
  })

  it('refreshes nothing for a rejected token that was already replaced', async () => {
    const rig = await aSession()
    const { value: rejected } = await rig.session.getAccessToken()
    await rig.session.refresh()
    const token = await rig.session.getAccessToken({ rejected })
    expect(token.value).not.toBe(rejected)
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('keeps the old refresh token when the answer has none', async () => {
    const rig = await aSession({
      faults: { rotatesRefreshTokens: false, answers: { refresh: { json: { refresh_token: absent } } } },
    })
    await rig.session.refresh()
    await rig.session.refresh()
    expect(rig.provider.count('refresh')).toBe(2)
    expect(await rig.session.status()).toBe('active')
  })

  it('goes on with a token that is still good while the server is down, and leaves the server in peace', async () => {
    const rig = await aSession({ faults: { answers: { refresh: { status: 503, body: '' } } } })
    const life = await lifeOf(rig)
    rig.clock.advance(life - 10_000)
    const before = await rig.session.getAccessToken()
    expect(rig.provider.count('refresh')).toBe(1)
    expect(rig.events.at(-1)).toMatchObject({ kind: 'session_degraded' })
    expect((await rig.session.getAccessToken()).value).toBe(before.value)
    expect(rig.provider.count('refresh')).toBe(1)
    expect(await rig.session.status()).toBe('degraded')
  })

  it('is degraded until a refresh succeeds, here or in another process, not only while it waits to try again', async () => {
    const rig = await aSession({
      faults: { answers: { refresh: { status: 503, body: '', times: 1, unprocessed: true } } },
    })
    rig.clock.advance((await lifeOf(rig)) - 10_000)
    await rig.session.getAccessToken()
    rig.clock.advance(5_000)
    expect(await rig.session.status()).toBe('degraded')
    await (await rig.anotherProcess().get(rig.session.id)).getAccessToken()
    expect(await rig.session.status()).toBe('active')
  })

  it('goes on without a lock that is out of order', async () => {
    const lock = {
      withLock: () => {
        throw new Error('the lock server is down')
      },
    }
    const rig = await aSession({ sessions: { lock } })
    rig.clock.advance((await lifeOf(rig)) + 1)
    await Promise.all([rig.session.getAccessToken(), rig.session.getAccessToken()])
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('says so, and keeps the session, when the token has expired and the server is down', async () => {
    const rig = await aSession({
      faults: { rotatesRefreshTokens: false, answers: { refresh: { status: 503, body: '', times: 1 } } },
    })
    rig.clock.advance((await lifeOf(rig)) + 1)
    await expect(rig.session.getAccessToken()).rejects.toMatchObject({ code: 'refresh_failed' })
    expect(await rig.session.status()).toBe('degraded')
    rig.clock.advance(minute)
    expect((await rig.session.getAccessToken()).value).toBeTypeOf('string')
    expect(rig.events.map(({ kind }) => kind)).toEqual([
      'session_created',
      ...['session_refreshing', 'session_degraded'],
      ...['session_refreshing', 'session_refreshed'],
    ])
  })

  it.each([
    ['120', 120_000],
    ['999999999', 300_000],
  ])(
    'comes back when a proxy says so in HTML (Retry-After: %s), in five minutes at the latest',
    async (after, wait) => {
      const headers = { 'content-type': 'text/html', 'retry-after': after }
      const rig = await aSession({
        faults: {
          rotatesRefreshTokens: false,
          answers: { refresh: { status: 503, body: '<h1>Down</h1>', headers, times: 1 } },
        },
      })
      await expect(rig.session.refresh()).rejects.toMatchObject({ code: 'refresh_failed' })
      rig.clock.advance(wait - 1)
      await rig.session.getAccessToken().catch(() => {})
      expect(rig.provider.count('refresh')).toBe(1)
      rig.clock.advance(2_000 + (await lifeOf(rig).catch(() => 0)))
      await rig.session.getAccessToken()
      expect(rig.provider.count('refresh')).toBe(2)
    },
  )

  it('tries again at once after the clock was set back', async () => {
    const rig = await aSession({
      faults: { rotatesRefreshTokens: false, answers: { refresh: { status: 503, body: '', times: 1 } } },
    })
    await expect(rig.session.refresh()).rejects.toMatchObject({ code: 'refresh_failed' })
    rig.clock.advance(-86_400_000)
    expect((await rig.session.refresh()).value).toBeTypeOf('string')
  })

  it('ends the session on invalid_grant, and deletes its tokens', async () => {
    const rig = await aSession({
      faults: { answers: { refresh: { status: 400, body: '{"error":"invalid_grant"}' } } },
    })
    const { value } = await rig.session.getAccessToken()
    await expect(rig.session.refresh()).rejects.toMatchObject({ code: 'session_expired', reason: 'refresh_refused' })
    expect(await rig.session.status()).toBe('expired')
    const stored = await rig.store.get(`session:{${rig.session.id}}`)
    expect(JSON.stringify(stored?.value)).not.toContain(value)
    await expect(rig.session.getAccessToken()).rejects.toMatchObject({ code: 'session_expired' })
  })

  it.each([
    ['a network failure', { reset: true }],
    ['a malformed answer', { status: 200, body: '{' }],
    ['an invalid_grant with the status of a success', { status: 200, body: '{"error":"invalid_grant"}' }],
    ['an invalid_client', { status: 401, body: '{"error":"invalid_client"}' }],
    ['a temporary refusal', { status: 429, body: '{"error":"slow_down"}' }],
  ])('keeps the session on %s', async (_, fault) => {
    const rig = await aSession({ faults: { answers: { refresh: fault as never } } })
    await expect(rig.session.refresh()).rejects.toMatchObject({ code: 'refresh_failed' })
    expect(await rig.session.status()).toBe('degraded')
    expect((await rig.session.getAccessToken()).value).toBeTypeOf('string')
  })

  it('does not let an aborted caller abort the refresh of the others', async () => {
    const rig = await aSession()
    rig.clock.advance((await lifeOf(rig)) + 1)
    const controller = new AbortController()
    const aborted = rig.session.getAccessToken({ signal: controller.signal })
    const other = rig.session.getAccessToken()
    controller.abort(new Error('gave up'))
    await expect(aborted).rejects.toThrow('gave up')
    expect((await other).value).toBeTypeOf('string')
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('takes what another process has renewed instead of renewing again', async () => {
    const rig = await aSession()
    const { value: rejected } = await rig.session.getAccessToken()
    const other = await rig.anotherProcess().get(rig.session.id)
    await other.refresh()
    const token = await rig.session.getAccessToken({ rejected })
    expect(token.value).toBe((await other.getAccessToken()).value)
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('gives two processes that renew at the same time one token, and loses the session for neither', async () => {
    const rig = await aSession()
    const other = await rig.anotherProcess().get(rig.session.id)
    rig.clock.advance((await lifeOf(rig)) + 1)
    const settled = await Promise.allSettled([rig.session.getAccessToken(), other.getAccessToken()])
    const tokens = await Promise.all([rig.session.getAccessToken(), other.getAccessToken()])
    expect(settled.every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await rig.session.status()).toBe('active')
    expect(tokens[0].value).toBe(tokens[1].value)
  })

  /** A store whose commits fail when the test says so. */
  function breakable() {
    const state = { commitsLeft: Number.POSITIVE_INFINITY }
    const wrapStore = (store: RecordStore): RecordStore => ({
      ...operationsOf(store),
      commit: (changes) =>
        state.commitsLeft-- > 0 ? store.commit(changes) : Promise.reject(new Error('ECONNREFUSED')),
    })
    return { state, wrapStore }
  }

  it('does not lose rotated tokens when the store breaks before it has taken them', async () => {
    const { state, wrapStore } = breakable()
    const rig = await aSession({ wrapStore })
    // The journal entry still goes in.
    state.commitsLeft = 1
    const renewed = await rig.session.refresh()
    expect(rig.events.at(-1)).toMatchObject({ kind: 'session_refreshed', stored: false })
    expect((await rig.session.getAccessToken()).value).toBe(renewed.value)
    state.commitsLeft = Number.POSITIVE_INFINITY
    rig.clock.advance(minute)
    expect((await rig.session.getAccessToken()).value).toBe(renewed.value)
    const other = await rig.anotherProcess().get(rig.session.id)
    expect((await other.getAccessToken()).value).toBe(renewed.value)
    expect(rig.provider.count('refresh')).toBe(1)
  })

  it('sends no refresh token while the store is down', async () => {
    const { state, wrapStore } = breakable()
    const rig = await aSession({ wrapStore })
    state.commitsLeft = 0
    await expect(rig.session.refresh()).rejects.toMatchObject({
      code: 'refresh_failed',
      cause: { code: 'store_unavailable' },
    })
    expect(rig.provider.count('refresh')).toBe(0)
    expect((await rig.session.getAccessToken()).value).toBeTypeOf('string')
  })

  it('loses nothing when the answer is lost after rotation and the issuer has a grace window', async () => {
    const rig = await aSession({
      faults: { rotatesRefreshTokens: false, answers: { refresh: { cutAfter: 20, times: 1 } } },
      sessions: { rotationGrace: minute },
    })
    expect((await rig.session.refresh()).value).toBeTypeOf('string')
    expect(rig.provider.count('refresh')).toBe(2)
    expect(await rig.session.status()).toBe('active')
  })

  it('tells a lost answer at a strict issuer apart, and uses the access token to its end', async () => {
    const rig = await aSession({ faults: { answers: { refresh: { cutAfter: 20, times: 1 } } } })
    const life = await lifeOf(rig)
    const before = await rig.session.getAccessToken()
    rig.clock.advance(life - 10_000)
    // Due, but the answer is lost after the server has rotated.
    expect((await rig.session.getAccessToken()).value).toBe(before.value)
    expect(await rig.session.status()).toBe('degraded')
    rig.clock.advance(5_000)
    expect((await rig.session.getAccessToken()).value).toBe(before.value)
    expect(rig.provider.count('refresh')).toBe(1)
    rig.clock.advance(5_000)
    await expect(rig.session.getAccessToken()).rejects.toMatchObject({
      code: 'session_expired',
      reason: 'refresh_outcome_unknown',
    })
    expect(rig.provider.count('refresh')).toBe(2)
  })

  it('takes over from a process that died in the middle of a refresh', async () => {
    const rig = await aSession({
      faults: { rotatesRefreshTokens: false, answers: { refresh: { hang: true, times: 1 } } },
    })
    const dying = rig.session.refresh().catch(() => {})
    while (rig.provider.count('refresh') === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    rig.clock.advance(minute)
    const other = await rig.anotherProcess({ rotationGrace: 10 * minute }).get(rig.session.id)
    expect((await other.refresh()).value).toBeTypeOf('string')
    expect(await other.status()).toBe('active')
    await rig.provider.close()
    await dying
  })

  it('gives no token for a scope that was not granted', async () => {
    const { session } = await aSession()
    await expect(session.getAccessToken({ scope: 'openid admin' })).rejects.toMatchObject({
      code: 'not_granted',
      reason: 'admin',
    })
    expect((await session.getAccessToken({ scope: 'profile' })).value).toBeTypeOf('string')
  })

  it('asks for another token for a resource of its own, once, and keeps it beside the login’s', async () => {
    const { session, provider } = await aSession()
    const own = await session.getAccessToken()
    const resource = 'https://other.example'
    const tokens = await Promise.all([session.getAccessToken({ resource }), session.getAccessToken({ resource })])
    expect(tokens[0]).toMatchObject({ resource: [resource] })
    expect(tokens[0].value).toBe(tokens[1].value)
    expect(tokens[0].value).not.toBe(own.value)
    expect(provider.count('refresh')).toBe(1)
    expect(provider.requests.at(-1)?.form.get('resource')).toBe(resource)
    expect((await session.getAccessToken()).value).toBe(own.value)
  })

  it('goes on with the rotated refresh token after a token for a resource', async () => {
    const { session, provider } = await aSession()
    await session.getAccessToken({ resource: 'https://other.example' })
    await session.refresh()
    expect(provider.count('refresh')).toBe(2)
    expect(await session.status()).toBe('active')
  })

  it('says that a resource was not granted when the server does not know it', async () => {
    const rig = await aSession({
      faults: { answers: { refresh: { status: 400, body: '{"error":"invalid_target"}' } } },
    })
    await expect(rig.session.getAccessToken({ resource: 'https://other.example' })).rejects.toMatchObject({
      code: 'not_granted',
      reason: 'invalid_target',
    })
  })
})
