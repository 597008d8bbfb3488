import { afterEach, describe, expect, it } from 'vitest'
import type { RecordStore } from '../../src/stores/memory/index.ts'
import { registeredClient } from '../support/hostile/client-setup.ts'
import type { Faults } from '../support/hostile/faults.ts'
import { absent } from '../support/hostile/patch.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aWebApp, closeRigs } from './rig.ts'

afterEach(closeRigs)

const json = { headers: { accept: 'application/json' } }

describe('the callback', () => {
  it('leads to a clean URL, and says nothing of itself to anybody', async () => {
    const { newBrowser } = await aWebApp()
    const response = await newBrowser().login()
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-authentype-session=[\w-]+\.\.[\w.-]+; Max-Age=7776000; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ])
  })

  it.each(['HEAD', 'PUT', 'OPTIONS'])('uses no login up by a %s', async (method) => {
    const { newBrowser, provider } = await aWebApp()
    const browser = newBrowser()
    const callback = await browser.toCallback()
    const response = await browser.request(callback, { method })
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'GET, POST',
    })
    expect(provider.count('token')).toBe(0)
    expect((await browser.request(callback)).status).toBe(303)
  })

  it('keeps no token, name or session id in the cookie', async () => {
    const { provider, store, newBrowser } = await aWebApp()
    const browser = newBrowser()
    await browser.login()
    const cookies = [...browser.cookies.values()].join()
    for (const secret of provider.secrets()) expect(cookies).not.toContain(secret)
    const group = await store.find('subject', JSON.stringify([provider.issuer, registeredClient.clientId, 'alice']))
    expect(group).toHaveLength(1)
    expect(cookies).not.toContain(/\{(.*)\}/.exec(group[0]!.key)![1])
  })

  it.each<[string, string, number, Faults]>([
    ['a refusal by the user', 'access_denied', 403, { callback: { error: 'access_denied' } }],
    ['a login that would need the user', 'access_denied', 403, { callback: { error: 'login_required' } }],
    ['a request that was not understood', 'authorization_url_failed', 502, { callback: { error: 'invalid_request' } }],
    ['the answer of another issuer', 'issuer_mismatch', 400, { callback: { set: { iss: 'https://evil.example' } } }],
    ['an answer that does not say whose it is', 'issuer_mismatch', 400, { callback: { set: { iss: absent } } }],
    ['a missing code', 'invalid_callback_request', 400, { callback: { set: { code: absent } } }],
    ['a missing state', 'invalid_callback_request', 400, { callback: { set: { state: absent } } }],
    ['a repeated state', 'invalid_callback_request', 400, { callback: { add: { state: 'another' } } }],
    ['another state', 'invalid_callback_request', 400, { callback: { set: { state: 'x'.repeat(43) } } }],
    [
      'a refused code',
      'token_validation_failed',
      502,
      { answers: { token: { status: 400, body: '{"error":"invalid_grant"}' } } },
    ],
    ['an id_token for another', 'token_validation_failed', 502, { idToken: { claims: { aud: 'another' } } }],
    ['an id_token of another login', 'token_validation_failed', 502, { idToken: { claims: { nonce: 'another' } } }],
    ['a lost connection', 'token_validation_failed', 502, { answers: { token: { reset: true } } }],
  ])('answers %s with %s', async (_, reason, status, faults) => {
    const { newBrowser, provider, events } = await aWebApp({ faults })
    const browser = newBrowser()
    const callback = await browser.toCallback()
    const response = await browser.request(callback, json)
    expect(response.status).toBe(status)
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ error: reason })
    expect(events.at(-1)).toMatchObject({ kind: 'request_failed', reason, status })
    for (const secret of provider.secrets()) expect(body + JSON.stringify(events)).not.toContain(secret)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await browser.me()).toEqual({ ok: false, reason: 'none' })
    expect(provider.misdeeds).toEqual([])
  })

  it('works once', async () => {
    const { newBrowser, provider } = await aWebApp()
    const browser = newBrowser()
    const callback = await browser.toCallback()
    expect((await browser.request(callback)).status).toBe(303)
    expect((await browser.request(callback)).status).toBe(400)
    expect(provider.count('token')).toBe(1)
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('tells a login that took too long, and where to begin again', async () => {
    const { clock, newBrowser, provider } = await aWebApp()
    const browser = newBrowser()
    const callback = await browser.toCallback('/login?return_to=/inbox')
    clock.advance(10 * 60_000)
    const response = await browser.request(callback)
    expect(response.status).toBe(400)
    const page = await response.text()
    expect(page).toContain('This login is no longer valid')
    expect(page).toContain('return_to=%2Finbox')
    expect(provider.count('token')).toBe(0)
  })

  it('answers 500 when the session cannot be kept, and revokes what nobody will have', async () => {
    let isDown = false
    const { newBrowser, provider } = await aWebApp({
      wrapStore: (store) => ({
        ...store,
        ...operationsOf(store),
        commit: async (changes) => {
          if (isDown && changes.some(({ key }) => key.startsWith('session:'))) throw new Error('disk full')
          return await store.commit(changes)
        },
      }),
    })
    const browser = newBrowser()
    const callback = await browser.toCallback()
    isDown = true
    const response = await browser.request(callback, json)
    expect(response.status).toBe(500)
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ error: 'session_store_failed' })
    expect(body).not.toContain('disk full')
    expect(provider.count('revocation')).toBe(2)
  })

  it('ends the session when the application refuses it, and keeps the accounts that were there', async () => {
    let refuses = false
    const { newBrowser, provider, sessions } = await aWebApp({
      web: {
        onLogin: ({ returnTo }) => {
          if (returnTo === '/wrong') return 'https://elsewhere.example'
          if (refuses) throw new Error('this user may not come in')
          return undefined
        },
      },
    })
    const browser = newBrowser()
    await browser.login()
    refuses = true
    expect((await browser.login()).status).toBe(500)
    expect((await browser.login('/login?return_to=/wrong')).status).toBe(500)
    expect(provider.count('revocation')).toBe(4)
    expect(await sessions[0]!.findBySubject('alice')).toHaveLength(1)
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
  })

  it('gives what the application answers, uncached, a redirect as 303', async () => {
    const { newBrowser } = await aWebApp({
      web: {
        onLogin: ({ returnTo }) =>
          returnTo === '/page'
            ? new Response('<p>Welcome', { headers: { 'content-type': 'text/html', 'cache-control': 'public' } })
            : new Response(null, { status: 302, headers: { location: '/elsewhere', 'set-cookie': 'theirs=1' } }),
      },
    })
    const page = await newBrowser().login('/login?return_to=/page')
    expect(page.status).toBe(200)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const redirect = await newBrowser().login()
    expect(redirect.status).toBe(303)
    expect(redirect.headers.get('location')).toBe('/elsewhere')
    expect(redirect.headers.getSetCookie()).toHaveLength(2)
  })
})

describe('login CSRF', () => {
  it('is refused: the callback of one browser completes nothing in another', async () => {
    const { newBrowser, provider } = await aWebApp()
    const attacker = newBrowser()
    const victim = newBrowser()
    const callback = await attacker.toCallback()
    expect((await victim.request(callback, json)).status).toBe(400)
    await victim.toCallback()
    expect((await victim.request(callback, json)).status).toBe(400)
    expect(provider.count('token')).toBe(0)
    expect(await victim.me()).toEqual({ ok: false, reason: 'none' })
    // It was not the attacker's to lose either: a scanner of links that opens a callback spoils no login.
    expect((await attacker.request(callback)).status).toBe(303)
  })

  it('is refused where the cookie was copied into another name', async () => {
    const { newBrowser } = await aWebApp()
    const browser = newBrowser()
    await browser.login()
    const session = browser.cookies.get('__Host-authentype-session')!
    const login = browser.cookies.get('__Host-authentype-login')!
    const callback = await browser.toCallback()
    const swapped = `__Host-authentype-login=${session}; __Host-authentype-session=${login}`
    expect((await browser.request(callback, { headers: { cookie: swapped } })).status).toBe(400)
    const me = await browser.request('/me', { headers: { cookie: swapped } })
    expect(await me.json()).toEqual({ ok: false, reason: 'none' })
  })
})

describe('session fixation', () => {
  it('gives the session another cookie at each login; the one before opens nothing', async () => {
    const { newBrowser } = await aWebApp()
    const attacker = newBrowser()
    await attacker.login()
    const planted = attacker.cookies.get('__Host-authentype-session')!
    const victim = newBrowser()
    victim.cookies.set('__Host-authentype-session', planted)
    await victim.login()
    expect(victim.cookies.get('__Host-authentype-session')).not.toBe(planted)
    expect(await victim.me()).toMatchObject({ subject: 'alice' })
    expect(await attacker.me()).toEqual({ ok: false, reason: 'none' })
  })
})

describe('a damaged record', () => {
  it.each(['session', 'session_group'])(
    'of kind %s is an error to its browser, until that logs in again',
    async (kind) => {
      const keys = new Set<string>()
      const wrapStore = (store: RecordStore): RecordStore => ({
        ...operationsOf(store),
        commit(changes) {
          for (const { key } of changes) if (key.startsWith(`${kind}:`)) keys.add(key)
          return store.commit(changes)
        },
      })
      const { store, clock, newBrowser } = await aWebApp({ wrapStore })
      const browser = newBrowser()
      const other = newBrowser()
      await other.login()
      const others = new Set(keys)
      await browser.login()
      for (const key of [...keys].filter((each) => !others.has(each))) {
        const record = await store.get(key)
        if (record) await store.commit([{ kind: 'put', key, value: { format: 99 }, expect: record.version }])
      }
      clock.advance(6_000)
      expect((await browser.request('/me')).status).toBe(500)
      expect(await other.me()).toMatchObject({ subject: 'alice' })
      expect((await browser.login()).status).toBe(303)
      expect(await browser.me()).toMatchObject({ subject: 'alice' })
    },
  )
})

describe('session fixation by a login that waits', () => {
  it('gives it nothing of the login that another browser completed with the same cookies', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 2 })
    const [first, second] = providers
    const attacker = newBrowser()
    await attacker.login(`/login?issuer=${second!.issuer}`)
    const waiting = await attacker.toCallback(`/login?issuer=${second!.issuer}`)
    const victim = newBrowser()
    for (const [name, value] of attacker.cookies) victim.cookies.set(name, value)
    await victim.login(`/login?issuer=${first!.issuer}`)
    expect((await attacker.request(waiting)).status).toBe(303)
    const accounts = await (await attacker.request('/accounts', json)).json()
    expect(accounts).toMatchObject({ accounts: [{ issuer: second!.issuer }] })
    expect(await victim.me()).toMatchObject({ issuer: first!.issuer })
  })
})

describe('several issuers', () => {
  it('are told apart by their transactions, whether they share a store or not', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 3 })
    const browser = newBrowser()
    const callbacks: string[] = []
    for (const { issuer } of providers) callbacks.push(await browser.toCallback(`/login?issuer=${issuer}`))
    for (const [i, { issuer }] of [...providers.entries()].toReversed()) {
      expect((await browser.request(callbacks[i]!)).status).toBe(303)
      expect(await browser.me()).toMatchObject({ issuer })
    }
  })

  it('cannot be mixed up: the answer of one is not taken for that of another', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 2 })
    const browser = newBrowser()
    const honest = await browser.toCallback(`/login?issuer=${providers[0]!.issuer}`)
    const mixed = new URL(await browser.toCallback(`/login?issuer=${providers[1]!.issuer}`), 'https://app.example')
    // The evil one sends on the code of the honest one, with the state of its own login.
    mixed.searchParams.set('code', new URL(honest, mixed).searchParams.get('code')!)
    mixed.searchParams.set('iss', providers[0]!.issuer)
    const response = await browser.request(mixed.pathname + mixed.search, json)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'issuer_mismatch' })
    expect(providers.map((provider) => provider.count('token'))).toEqual([0, 0])
  })

  const silent: Faults = { metadata: { authorization_response_iss_parameter_supported: absent } }

  it('that do not say who they are cannot share a redirect URI', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 2, faults: silent })
    const response = await newBrowser().request(`/login?issuer=${providers[0]!.issuer}`, json)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ error: 'authorization_url_failed' })
  })

  it('with redirect URIs of their own are answered at these alone', async () => {
    const { providers, newBrowser } = await aWebApp({
      issuers: 2,
      faults: silent,
      client: (i) => ({ redirectUri: `https://app.example/callback/${i}` }),
      web: { basePath: '' },
    })
    const browser = newBrowser()
    const callback = await browser.toCallback(`/login?issuer=${providers[0]!.issuer}`)
    expect(callback).toMatch(/^\/callback\/0\?/)
    const elsewhere = await browser.request(callback.replace('/callback/0', '/callback/1'), json)
    expect(await elsewhere.json()).toMatchObject({ error: 'issuer_mismatch' })
    expect((await browser.request(callback)).status).toBe(303)
  })
})

describe('a signed answer (JARM)', () => {
  it('completes the login, its state read from the JWT', async () => {
    const { newBrowser, provider } = await aWebApp({
      issuers: 2,
      client: () => ({ responseMode: 'query.jwt' as const }),
    })
    const browser = newBrowser()
    const callback = await browser.toCallback(`/login?issuer=${provider.issuer}&return_to=/inbox`)
    expect([...new URL(callback, 'https://app.example').searchParams.keys()]).toEqual(['response'])
    expect((await browser.request(callback)).headers.get('location')).toBe('/inbox')
    const forged = await browser.request('/callback?response=e30.e30.e30', json)
    expect(await forged.json()).toMatchObject({ error: 'invalid_callback_request' })
  })
})

describe('form_post', () => {
  const byForm = { client: () => ({ responseMode: 'form_post' as const }) }

  it('brings one cookie from the page of the issuer, and no other', async () => {
    const { newBrowser } = await aWebApp(byForm)
    const response = await newBrowser().request('/login')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-.*-login=.*; Secure; .*SameSite=None$/),
    ])
  })

  it('completes the login, and keeps the accounts whose cookie did not come', async () => {
    const { newBrowser, providers } = await aWebApp({ ...byForm, issuers: 2 })
    const browser = newBrowser()
    for (const { issuer } of providers) {
      const url = new URL(await browser.toCallback(`/login?issuer=${issuer}`), 'https://app.example')
      const login = browser.cookies.get('__Host-authentype-login')!
      const response = await browser.request(url.pathname, {
        method: 'POST',
        body: url.searchParams,
        headers: { cookie: `__Host-authentype-login=${login}`, origin: issuer },
      })
      expect(response.status).toBe(303)
      expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/-session=.*SameSite=Lax$/)])
    }
    const accounts = (await (await browser.request('/accounts', json)).json()) as { accounts: unknown[] }
    expect(accounts.accounts).toHaveLength(2)
  })

  it.each([
    ['no form', 'text/plain', 'code=x&state=y'],
    ['too large a form', 'application/x-www-form-urlencoded', `code=${'x'.repeat(300_000)}`],
  ])('refuses %s', async (_, type, body) => {
    const { newBrowser } = await aWebApp(byForm)
    const browser = newBrowser()
    await browser.request('/login')
    const response = await browser.request('/callback', {
      method: 'POST',
      body,
      headers: { ...json.headers, 'content-type': type },
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_callback_request' })
  })
})
