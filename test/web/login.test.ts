import { afterEach, describe, expect, it } from 'vitest'
import { NetworkError } from '../../src/errors/network.ts'
import { aWebApp, closeRigs, origin } from './rig.ts'

afterEach(closeRigs)

describe('GET /login', () => {
  it('sends the browser to the issuer, and remembers which browser it is', async () => {
    const { provider, newBrowser } = await aWebApp()
    const response = await newBrowser().request('/login')
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toMatch(new RegExp(`^${provider.issuer}/authorize\\?`))
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    const [cookie, ...others] = response.headers.getSetCookie()
    expect(others).toEqual([])
    expect(cookie).toMatch(
      /^__Host-authentype-login=[\w-]+\.\.[\w.-]+; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    )
  })

  it('logs in, and leads back to the page that was asked for', async () => {
    const { provider, newBrowser } = await aWebApp()
    const browser = newBrowser()
    expect(await browser.me()).toEqual({ ok: false, reason: 'none' })
    const response = await browser.login('/login?return_to=/inbox%3Fpage%3D2%23top')
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/inbox?page=2#top')
    expect(await browser.me()).toEqual({ subject: 'alice', issuer: provider.issuer })
    expect(provider.misdeeds).toEqual([])
  })

  it.each([
    ['another host', 'https://evil.example/'],
    ['without scheme', '//evil.example/'],
    ['a tab that browsers drop', '/\t/evil.example'],
    ['a line break that browsers drop', '/\n/evil.example'],
    ['a backslash that browsers take for a slash', '/\\evil.example'],
    ['two backslashes', '\\\\evil.example'],
    ['a path that is another host by itself', '/.//evil.example'],
    ['the same, by way of dots', '/x/..//evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['a blob of this origin', `blob:${origin}/x`],
    ['another scheme', 'http://app.example/'],
    ['another port', 'https://app.example:8443/'],
    ['user information that looks like this host', 'https://app.example@evil.example/'],
    ['a header of its own', '/inbox\r\nset-cookie: a=b'],
    ['the login itself', '/login?return_to=/login'],
    ['the callback', '/callback?code=x&state=y'],
    ['no end', `/${'x'.repeat(3000)}`],
  ])('does not lead to a page elsewhere: %s', async (_, returnTo) => {
    const { newBrowser } = await aWebApp()
    const response = await newBrowser().login(`/login?return_to=${encodeURIComponent(returnTo)}`)
    expect(response.headers.get('location')).toBe('/')
  })

  it.each([
    [`${origin}/inbox`, '/inbox'],
    ['settings', '/settings'],
    ['/ünïcode?q=ß', '/%C3%BCn%C3%AFcode?q=%C3%9F'],
    ['/a//b', '/a//b'],
    ['/accounts', '/accounts'],
  ])('leads back to %s', async (returnTo, expected) => {
    const { newBrowser } = await aWebApp()
    const response = await newBrowser().login(`/login?return_to=${encodeURIComponent(returnTo)}`)
    expect(response.headers.get('location')).toBe(expected)
  })

  it('takes an issuer from the allow-list and no other', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 2 })
    const browser = newBrowser()
    await browser.login(`/login?issuer=${encodeURIComponent(providers[1]!.issuer)}`)
    expect(await browser.me()).toMatchObject({ issuer: providers[1]!.issuer })
    for (const issuer of ['https://evil.example', `${providers[0]!.issuer}/`, '']) {
      const response = await browser.request(`/login?issuer=${encodeURIComponent(issuer)}`)
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
    }
  })

  it('lets the user choose where there are several issuers', async () => {
    const { providers, newBrowser } = await aWebApp({ issuers: 2 })
    const response = await newBrowser().request('/login?return_to=/inbox')
    expect(response.status).toBe(200)
    const page = await response.text()
    for (const { issuer } of providers) expect(page).toContain(`name="issuer" value="${issuer}"`)
    expect(page).toContain('name="return_to" value="/inbox"')
  })

  it('asks the application what issuer a handle has, and tells the issuer who logs in', async () => {
    const asked: string[] = []
    const rig = await aWebApp({
      web: {
        resolveHandle: (handle) => {
          asked.push(handle)
          return handle === 'alice.example' ? { issuer: rig.provider.issuer } : undefined
        },
      },
    })
    const browser = rig.newBrowser()
    await browser.login('/login?handle=alice.example')
    expect(await browser.me()).toMatchObject({ subject: 'alice' })
    const pushed = rig.provider.requests.find((request) => request.answer === 'par')
    expect(pushed?.form.get('login_hint')).toBe('alice.example')
    expect(asked).toEqual(['alice.example'])
  })

  it.each([
    ['', 'missing_handle', 400],
    ['?handle=', 'missing_handle', 400],
    ['?handle=nobody.example', 'invalid_handle', 400],
    ['?handle=%00', 'invalid_handle', 400],
    [`?handle=${'x'.repeat(2049)}`, 'invalid_handle', 400],
    ['?handle=elsewhere.example', 'invalid_issuer', 400],
    ['?handle=down.example', 'authorization_server_metadata_failed', 502],
    ['?handle=a&handle=b', 'invalid_request', 400],
  ])('answers %s with %s', async (query, reason, status) => {
    const { newBrowser, events } = await aWebApp({
      web: {
        resolveHandle: (handle) => {
          if (handle === 'down.example') throw new NetworkError('no answer', { url: 'https://down.example' })
          return handle === 'elsewhere.example' ? { issuer: 'https://elsewhere.example' } : undefined
        },
      },
    })
    const response = await newBrowser().request(`/login${query}`, { headers: { accept: 'application/json' } })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: reason })
    expect(events.at(-1)).toMatchObject({ kind: 'request_failed', reason, status, path: '/login' })
  })

  it.each([
    ['authorization_server_metadata_failed', { answers: { discovery: { status: 500 } } }],
    ['authorization_url_failed', { answers: { par: { status: 400, body: '{"error":"invalid_scope"}' } } }],
  ] as const)('says %s when the issuer is at fault', async (reason, faults) => {
    const { newBrowser } = await aWebApp({ faults })
    const response = await newBrowser().request('/login', { headers: { accept: 'application/json' } })
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ error: reason })
  })

  it('passes on what the application wishes, and gives it its data back', async () => {
    const seen: unknown[] = []
    const { provider, newBrowser } = await aWebApp({
      web: {
        login: () => ({ maxAge: 3600, data: { campaign: 'spring' } }),
        onLogin: ({ session }) => {
          seen.push(session.data)
        },
      },
    })
    await newBrowser().login()
    expect(provider.requests.find(({ answer }) => answer === 'par')?.form.get('max_age')).toBe('3600')
    expect(seen).toEqual([{ campaign: 'spring' }])
  })
})

describe('several tabs of one browser', () => {
  it('complete their logins in any order, each leading to its own page', async () => {
    const { newBrowser } = await aWebApp()
    const browser = newBrowser()
    const first = await browser.toCallback('/login?return_to=/first')
    const second = await browser.toCallback('/login?return_to=/second')
    expect((await browser.request(second)).headers.get('location')).toBe('/second')
    expect((await browser.request(first)).headers.get('location')).toBe('/first')
  })

  it('hold ten logins at once; an eleventh gives up the oldest', async () => {
    const { newBrowser } = await aWebApp()
    const browser = newBrowser()
    const callbacks: string[] = []
    for (let i = 0; i < 11; i++) callbacks.push(await browser.toCallback())
    expect((await browser.request(callbacks[0]!)).status).toBe(400)
    expect((await browser.request(callbacks[1]!)).status).toBe(303)
    expect((await browser.request(callbacks[10]!)).status).toBe(303)
  })

  it('all begin a login, however many a browser opens at once', async () => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 2))
    const { newBrowser } = await aWebApp({
      wrapStore: (store) => ({
        get: async (key) => await wait().then(() => store.get(key)),
        find: (index, value) => store.find(index, value),
        commit: async (changes) => await wait().then(() => store.commit(changes)),
        sweep: () => store.sweep(),
      }),
    })
    const browser = newBrowser()
    await browser.request('/login')
    const answers = await Promise.all(Array.from({ length: 40 }, () => browser.request('/login')))
    expect(answers.filter(({ status }) => status !== 303)).toEqual([])
  })

  it('begin at the same time without losing one another', async () => {
    const { newBrowser } = await aWebApp()
    const browser = newBrowser()
    await browser.request('/login')
    const callbacks = await Promise.all(Array.from({ length: 5 }, () => browser.toCallback()))
    for (const callback of callbacks) expect((await browser.request(callback)).status).toBe(303)
  })
})
