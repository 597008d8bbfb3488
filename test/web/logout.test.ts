import { afterEach, describe, expect, it } from 'vitest'
import { absent } from '../support/hostile/patch.ts'
import { operationsOf } from '../support/store-operations.ts'
import { signedLogoutToken } from './logout-token.ts'
import { aWebApp, closeRigs, origin, type TestBrowser, type WebRig } from './rig.ts'

afterEach(closeRigs)

const json = { accept: 'application/json' }
const nobody = { ok: false, reason: 'none' }

async function loggedIn(options: Parameters<typeof aWebApp>[0] = {}): Promise<WebRig & { browser: TestBrowser }> {
  const rig = await aWebApp(options)
  const browser = rig.newBrowser()
  await browser.login()
  return { ...rig, browser }
}

describe('POST /logout', () => {
  it('ends the session here and revokes its tokens there', async () => {
    const { browser, provider, sessions } = await loggedIn()
    const response = await browser.post('/logout', { return_to: '/bye' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/bye')
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/-session=; Max-Age=0; Path=\/; Secure/)])
    expect(await browser.me()).toEqual(nobody)
    expect(provider.count('revocation')).toBe(2)
    expect(await sessions[0]!.findBySubject('alice')).toEqual([])
  })

  it.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['of a neighbour', { origin: 'https://evil.app.example' }],
    ['of another port', { origin: `${origin}:8443` }],
    ['over http', { origin: 'http://app.example' }],
    ['of no origin', { origin: '' }],
    ['of an opaque origin', { origin: 'null' }],
    ['of an opaque origin elsewhere', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['of a neighbour, with nothing to tell it by', { origin: 'null', 'sec-fetch-site': 'same-site' }],
  ])('refuses a form %s (CSRF)', async (_, headers) => {
    const { browser } = await loggedIn()
    for (const path of ['/logout', '/switch']) {
      const response = await browser.post(path, {}, { ...json, ...headers })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: 'forbidden_origin' })
    }
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('takes a form of its own page that sends no referrer, where the browser vouches for it', async () => {
    const { browser } = await loggedIn()
    await browser.post('/logout', {}, { origin: 'null', 'sec-fetch-site': 'same-origin' })
    expect(await browser.me()).toEqual(nobody)
  })

  it('is no link: a GET changes nothing', async () => {
    const { browser } = await loggedIn()
    const response = await browser.request('/logout')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('leads nowhere else', async () => {
    const { browser } = await loggedIn()
    const response = await browser.post('/logout', { return_to: '//evil.example' })
    expect(response.headers.get('location')).toBe('/')
  })

  it('is done for all requests of an impatient user', async () => {
    const { browser } = await loggedIn({
      wrapStore: (store) => ({
        ...operationsOf(store),
        get: async (key) => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          return await store.get(key)
        },
      }),
    })
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/logout', {}, { cookie })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(await browser.me()).toEqual(nobody)
  })

  it('is done when nobody is logged in', async () => {
    const { newBrowser } = await aWebApp()
    expect((await newBrowser().post('/logout')).headers.get('location')).toBe('/')
  })

  it('tells the application, which may answer for itself', async () => {
    const seen: string[] = []
    const { browser } = await loggedIn({
      web: {
        onLogout: ({ returnTo }) => {
          seen.push(returnTo)
          return '/goodbye'
        },
      },
    })
    expect((await browser.post('/logout')).headers.get('location')).toBe('/goodbye')
    expect(seen).toEqual(['/'])
  })

  it('ends one account of several, all in this browser, or one on all devices', async () => {
    const { newBrowser, providers } = await aWebApp({ issuers: 2 })
    const browser = newBrowser()
    for (const { issuer } of providers) await browser.login(`/login?issuer=${issuer}`)
    const other = newBrowser()
    for (const { issuer } of providers) await other.login(`/login?issuer=${issuer}`)
    await browser.post('/logout')
    expect(await browser.me()).toMatchObject({ issuer: providers[0]!.issuer })
    await browser.post('/logout', { scope: 'everywhere' })
    expect(await browser.me()).toEqual(nobody)
    expect(await other.me()).toMatchObject({ issuer: providers[1]!.issuer })
    await browser.login(`/login?issuer=${providers[0]!.issuer}`)
    await browser.login(`/login?issuer=${providers[1]!.issuer}`)
    await browser.post('/logout', { scope: 'browser' })
    expect(await browser.me()).toEqual(nobody)
    expect(await other.me()).toMatchObject({ issuer: providers[1]!.issuer })
    expect((await browser.post('/logout', { scope: 'world' }, json)).status).toBe(400)
  })
})

describe('logout at the issuer', () => {
  const atIssuer = { web: { postLogoutRedirectUri: `${origin}/logged-out` } }
  const withPage = { ...atIssuer, faults: { metadata: { end_session_endpoint: 'https://issuer.example/logout' } } }

  it('carries a state, and judges the return by it', async () => {
    const { browser } = await loggedIn(withPage)
    const response = await browser.post('/logout', { return_to: '/bye' })
    const target = new URL(response.headers.get('location')!)
    expect(target.origin + target.pathname).toBe('https://issuer.example/logout')
    expect(target.searchParams.get('post_logout_redirect_uri')).toBe(`${origin}/logged-out`)
    expect(target.searchParams.get('id_token_hint')).toMatch(/^ey/)
    const state = target.searchParams.get('state')!
    expect(state).toMatch(/^[\w-]{43}$/)
    expect(await browser.me()).toEqual(nobody)
    for (const query of ['', '?state=another', `?state=${state}&state=${state}`]) {
      expect((await browser.request(`/logged-out${query}`, { headers: json })).status).toBe(400)
    }
    const returned = await browser.request(`/logged-out?state=${state}`)
    expect(returned.status).toBe(303)
    expect(returned.headers.get('location')).toBe('/bye')
    const again = await browser.request(`/logged-out?state=${state}`, { headers: json })
    expect(await again.json()).toMatchObject({ error: 'invalid_logout_request' })
  })

  it('is left out where the issuer has no such page', async () => {
    const { browser } = await loggedIn({ ...atIssuer, faults: { metadata: { end_session_endpoint: absent } } })
    expect((await browser.post('/logout')).headers.get('location')).toBe('/')
  })
})

describe('logout by the issuer', () => {
  const post = async (browser: TestBrowser, token: string) =>
    await browser.request('/backchannel-logout', {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
      headers: { cookie: '', origin: 'https://issuer.example' },
    })
  const withSid = { faults: { idToken: { claims: { sid: 'sid-1' } } } }

  it('ends the session that it names, from server to server, once', async () => {
    const { browser, newBrowser, provider, clock, events } = await loggedIn(withSid)
    const token = signedLogoutToken(provider.issuer, clock, { sid: 'sid-1' })
    const response = await post(newBrowser(), token)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await browser.me()).toEqual(nobody)
    expect(events.at(-1)).toEqual({ kind: 'ended_by_issuer', issuer: provider.issuer, channel: 'back', sessions: 1 })
    expect((await post(newBrowser(), token)).status).toBe(400)
  })

  it('ends it when the same token comes again, where the store had failed before the session was gone', async () => {
    let isDown = false
    const { browser, newBrowser, provider, clock } = await loggedIn({
      ...withSid,
      wrapStore: (store) => ({
        ...operationsOf(store),
        commit: (changes) =>
          isDown && changes.some(({ kind }) => kind === 'delete')
            ? Promise.reject(new Error('down'))
            : store.commit(changes),
      }),
    })
    const token = signedLogoutToken(provider.issuer, clock, { sid: 'sid-1' })
    isDown = true
    expect((await post(newBrowser(), token)).status).toBe(400)
    isDown = false
    expect((await post(newBrowser(), token)).status).toBe(200)
    expect(await browser.me()).toEqual(nobody)
    expect((await post(newBrowser(), token)).status).toBe(400)
  })

  it('ends all sessions of a subject', async () => {
    const { browser, newBrowser, provider, clock } = await loggedIn()
    const other = newBrowser()
    await other.login()
    expect((await post(newBrowser(), signedLogoutToken(provider.issuer, clock, { sub: 'alice' }))).status).toBe(200)
    expect([await browser.me(), await other.me()]).toEqual([nobody, nobody])
  })

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'another' }],
    ['that is an id_token', { events: undefined }],
    ['with a nonce', { nonce: 'n' }],
    ['that names nobody', { sub: undefined }],
  ])('refuses a token %s', async (_, claims) => {
    const { browser, newBrowser, provider, clock, events } = await loggedIn()
    const token = signedLogoutToken(provider.issuer, clock, { sub: 'alice', ...claims })
    const response = await post(newBrowser(), token)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
    expect(events.at(-1)).toMatchObject({ kind: 'request_failed', path: '/backchannel-logout' })
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it.each(['', 'x', 'e30.e30.e30', 'a.b.c.d.e'])('refuses what is no token: "%s"', async (token) => {
    const { newBrowser } = await loggedIn()
    expect((await post(newBrowser(), token)).status).toBe(400)
  })

  it('works in a frame without cookies, by iss and sid', async () => {
    const { browser, newBrowser, provider } = await loggedIn(withSid)
    const frame = newBrowser()
    const response = await frame.request(`/frontchannel-logout?iss=${encodeURIComponent(provider.issuer)}&sid=sid-1`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toContain(`frame-ancestors ${provider.issuer}`)
    expect(response.headers.get('x-frame-options')).toBeNull()
    expect(await browser.me()).toEqual(nobody)
  })

  it.each([
    ['nothing', ''],
    ['no sid', '?iss={issuer}'],
    ['no iss', '?sid=sid-1'],
    ['another issuer', '?iss=https://evil.example&sid=sid-1'],
    ['two sids', '?iss={issuer}&sid=sid-1&sid=sid-2'],
  ])('ends nothing in a frame with %s', async (_, query) => {
    const { browser, newBrowser, provider } = await loggedIn(withSid)
    const response = await newBrowser().request(`/frontchannel-logout${query.replace('{issuer}', provider.issuer)}`)
    expect(response.status).toBe(400)
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })
})
