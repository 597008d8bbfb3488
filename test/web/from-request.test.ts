import { afterEach, describe, expect, it } from 'vitest'
import type { Faults } from '../support/hostile/faults.ts'
import { aWebApp, closeRigs } from './rig.ts'

afterEach(closeRigs)

async function loggedIn(faults: Faults = {}) {
  const rig = await aWebApp({ faults })
  const browser = rig.newBrowser()
  await browser.login()
  return { ...rig, browser }
}

const hour = 3_600_000

describe('fromRequest', () => {
  it('gives a client whose calls carry the token', async () => {
    const { web, browser, provider } = await loggedIn()
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const found = await web.fromRequest(new Request('https://app.example/', { headers: { cookie } }))
    if (!found.ok) throw new Error(found.reason)
    const response = await found.client.fetch(`${provider.issuer}/userinfo`)
    expect(await response.json()).toMatchObject({ sub: 'alice' })
    expect(await found.accounts()).toMatchObject([{ subject: 'alice', active: true }])
    expect((await found.group.listSessions()).map(({ ref }) => ref)).toEqual([found.client.ref])
  })

  it('renews a token that has expired, once for all who ask at the same time', async () => {
    const { browser, provider, clock } = await loggedIn()
    clock.advance(2 * hour)
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.me()))
    for (const answer of answers) expect(answer).toMatchObject({ subject: 'alice' })
    expect(provider.count('refresh')).toBe(1)
  })

  it('asks for a new login when the issuer refuses the refresh', async () => {
    const { browser, clock } = await loggedIn({
      answers: { refresh: { status: 400, body: '{"error":"invalid_grant"}' } },
    })
    clock.advance(2 * hour)
    expect(await browser.me()).toEqual({ ok: false, reason: 'reauth' })
    // The login after it takes the place of what has ended.
    await browser.login()
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
    const accounts = await browser.request('/accounts', { headers: { accept: 'application/json' } })
    expect(await accounts.json()).toMatchObject({ accounts: [{ active: true }] })
  })

  it.each([
    ['the token is about to expire', 0.99],
    ['the token has expired', 2],
  ])('keeps the user while the issuer is down and %s', async (_, lives) => {
    const { browser, clock } = await loggedIn({ answers: { refresh: { status: 503, unprocessed: true } } })
    clock.advance(lives * hour)
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('finds nobody once the session was ended elsewhere', async () => {
    const { browser, sessions } = await loggedIn()
    for (const session of await sessions[0]!.findBySubject('alice')) await session.logout()
    expect(await browser.me()).toEqual({ ok: false, reason: 'none' })
  })

  it('throws a StoreError when the store is down: that is not the same as nobody', async () => {
    let isDown = false
    const { web, newBrowser } = await aWebApp({
      wrapStore: (store) => ({
        get: async (key) => {
          if (isDown) throw new Error('connection refused')
          return await store.get(key)
        },
        find: (index, value) => store.find(index, value),
        commit: (changes) => store.commit(changes),
        sweep: () => store.sweep(),
      }),
    })
    const browser = newBrowser()
    await browser.login()
    isDown = true
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const asked = web.fromRequest(new Request('https://app.example/', { headers: { cookie } }))
    await expect(asked).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' })
    expect((await browser.request('/accounts', { headers: { accept: 'application/json' } })).status).toBe(500)
  })
})
