// Login, callback and logout of an application in a browser of a few lines, which keeps cookies as one would.
import { describe, expect, it } from 'vitest'
import { type AtprotoWebOptions, createAtprotoWebHandler } from '../../src/atproto/index.ts'
import { recordKey } from '../../src/lib/record-store.ts'
import { generateSealingKey } from '../../src/web/index.ts'
import { failure } from '../http/serve.ts'
import { alice, issuer, pds } from '../support/atproto/fake-network.ts'
import { aRig, type Rig } from './rig.ts'

const origin = 'https://app.hoster.dev'

async function anApp(options: Partial<AtprotoWebOptions> = {}, by: Promise<Rig> = aRig()) {
  const rig = await by
  const web = createAtprotoWebHandler({ client: rig.client, cookieKeys: [generateSealingKey()], ...options })
  return { ...rig, web, browser: aBrowser(web) }
}

type Web = ReturnType<typeof createAtprotoWebHandler>

function aBrowser(web: Web) {
  const cookies = new Map<string, string>()
  const requestFor = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    return new Request(new URL(path, origin), { ...init, headers })
  }
  return {
    cookies,
    requestFor,
    async open(path: string, init?: RequestInit): Promise<Response> {
      const response = await web(requestFor(path, init))
      if (!response) throw new Error(`${path} is no address of the handler`)
      for (const field of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(field)!
        if (field.includes('Max-Age=0')) cookies.delete(name!)
        else cookies.set(name!, value!)
      }
      return response
    },
  }
}

type Browser = ReturnType<typeof aBrowser>

async function logIn({ network }: Rig, browser: Browser, query = ''): Promise<Response> {
  const begun = await browser.open(`/login?handle=${alice.handle}${query}`)
  expect(begun.status).toBe(303)
  const back = network.server.login(new URL(begun.headers.get('location')!))
  return await browser.open(back.pathname + back.search)
}

const logout = (browser: Browser, from = origin) =>
  browser.open('/logout', { method: 'POST', body: new URLSearchParams(), headers: { origin: from } })

/** The token expires, and the server knows nothing to renew it with any more. */
async function letLoginEnd({ client, network, clock }: Rig): Promise<void> {
  const [session] = await client.sessions.findByDid(alice.did)
  const { expiresAt } = await session!.getAccessToken()
  network.server.refreshTokens.clear()
  clock.advance(expiresAt! - clock.now())
}

describe('the web handler', () => {
  it('leads to the account’s server and back, and knows the browser afterwards', async () => {
    const app = await anApp()
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toEqual({ ok: false, reason: 'none' })
    const answer = await logIn(app, app.browser, '&return_to=/notes?x=1')
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/notes?x=1')
    const user = await app.web.fromRequest(app.browser.requestFor('/'))
    if (!user.ok) throw new Error('nobody is logged in')
    expect(user.client.did).toBe(alice.did)
    expect(user.session.resource).toEqual([pds])
    expect((await user.client.get('com.atproto.server.getSession')).status).toBe(200)
  })

  it('sets cookies that no script, no other host and no plain http can see', async () => {
    const app = await anApp()
    const answer = await logIn(app, app.browser)
    const [cookie] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-authentype-session=.+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    expect(cookie).not.toContain(alice.did)
  })

  it.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'leads back to no page of others: %s',
    async (page) => {
      const app = await anApp()
      const answer = await logIn(app, app.browser, `&return_to=${encodeURIComponent(page)}`)
      expect(answer.headers.get('location')).toBe('/')
    },
  )

  it('completes a login in the browser alone that began it, and once', async () => {
    const app = await anApp()
    const begun = await app.browser.open(`/login?handle=${alice.handle}`)
    const back = app.network.server.login(new URL(begun.headers.get('location')!))
    const stranger = aBrowser(app.web)
    expect((await stranger.open(back.pathname + back.search)).status).toBe(400)
    // A browser that has a login of its own under way is a stranger, too.
    await stranger.open(`/login?handle=${alice.handle}`)
    expect((await stranger.open(back.pathname + back.search)).status).toBe(400)
    expect(await app.web.fromRequest(stranger.requestFor('/'))).toMatchObject({ ok: false })
  })

  it('gives each login another cookie, so that one that was planted opens nothing', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    const before = app.browser.requestFor('/')
    await logIn(app, app.browser)
    expect(await app.web.fromRequest(before)).toMatchObject({ ok: false, reason: 'none' })
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toMatchObject({ ok: true })
  })

  it('logs out here and at the server, by a form of its own pages alone', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    expect((await logout(app.browser, 'https://evil.example')).status).toBe(403)
    const kept = app.browser.requestFor('/')
    expect(await app.web.fromRequest(kept)).toMatchObject({ ok: true })
    const answer = await logout(app.browser)
    expect(answer.headers.get('location')).toBe('/')
    expect([...app.browser.cookies.keys()]).not.toContain('__Host-authentype-session')
    expect(await app.web.fromRequest(kept)).toEqual({ ok: false, reason: 'none' })
    const revoked = app.network.sentTo(`${issuer}/oauth/revoke`)
    expect(revoked.map(({ form }) => form.get('token_type_hint'))).toEqual(['refresh_token', 'access_token'])
    expect((await logout(app.browser)).status).toBe(303)
  })

  it('keeps the sessions of one browser together, and logs out all that the active account has', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    await logIn(app, app.browser)
    const user = await app.web.fromRequest(app.browser.requestFor('/'))
    if (!user.ok) throw new Error('nobody is logged in')
    expect(await user.group.listSessions()).toHaveLength(2)
    await logout(app.browser)
    expect([...app.browser.cookies.keys()]).not.toContain('__Host-authentype-session')
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toEqual({ ok: false, reason: 'none' })
    expect(await app.client.sessions.findByDid(alice.did)).toEqual([])
  })

  it('puts a new login in the place of one that has ended', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    await letLoginEnd(app)
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toEqual({ ok: false, reason: 'reauth' })
    await logIn(app, app.browser)
    const user = await app.web.fromRequest(app.browser.requestFor('/'))
    if (!user.ok) throw new Error('nobody is logged in')
    expect(await user.group.listSessions()).toHaveLength(1)
  })

  it('lets a browser log in whose record is damaged', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    const user = await app.web.fromRequest(app.browser.requestFor('/'))
    if (!user.ok) throw new Error('nobody is logged in')
    const { key, version } = (await app.store.get(recordKey('session_group', user.group.id)))!
    await app.store.commit([{ kind: 'put', key, value: { format: 99 }, expect: version }])
    expect((await logIn(app, app.browser)).status).toBe(303)
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toMatchObject({ ok: true })
  })

  it.each(['/login?handle=alice.hoster.dev', '/callback?code=a', '/logout'])(
    'leads back to none of its own addresses: %s',
    async (page) => {
      const app = await anApp()
      const answer = await logIn(app, app.browser, `&return_to=${encodeURIComponent(page)}`)
      expect(answer.headers.get('location')).toBe('/')
    },
  )

  it('tells that the account must log in again', async () => {
    const app = await anApp()
    await logIn(app, app.browser)
    await letLoginEnd(app)
    expect(await app.web.fromRequest(app.browser.requestFor('/'))).toEqual({ ok: false, reason: 'reauth' })
  })

  it.each([
    ['/login', 400, 'missing_handle'],
    ['/login?handle=not%20a%20handle', 400, 'invalid_handle'],
    ['/login?handle=nobody.hoster.dev', 400, 'invalid_handle'],
    ['/callback?code=a&state=b', 400, 'invalid_callback_request'],
    ['/logout', 405, 'method_not_allowed'],
  ])('answers %s with %i', async (path, status, code) => {
    const seen: string[] = []
    const app = await anApp({
      onFailure: ({ error }) => {
        seen.push(error.code)
        return undefined
      },
    })
    const answer = await app.browser.open(path)
    expect(answer.status).toBe(status)
    expect(seen).toEqual([code])
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('lets the application answer a failure', async () => {
    const app = await anApp({ onFailure: ({ error }) => new Response(error.code, { status: 418 }) })
    expect((await app.browser.open('/login')).status).toBe(418)
  })

  it('lets the application lead on, or keep somebody out, whose session then ends', async () => {
    const leading = await anApp({ onLogin: () => '/welcome' })
    expect((await logIn(leading, leading.browser)).headers.get('location')).toBe('/welcome')
    // The code stands in the URL of this page: no cache keeps it, and no link tells it.
    const showing = await anApp({ onLogin: () => new Response('welcome') })
    const shown = await logIn(showing, showing.browser)
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
    const strict = await anApp({
      onLogin: () => {
        throw new Error('not on the list')
      },
    })
    const error = await failure(logIn(strict, strict.browser))
    expect(error.message).toBe('not on the list')
    expect(await strict.client.sessions.findByDid(alice.did)).toEqual([])
  })

  it('publishes the client, for servers and pages of everybody', async () => {
    const app = await anApp()
    const metadata = await app.browser.open('/client-metadata.json')
    expect(await metadata.json()).toEqual(app.client.clientMetadata)
    expect(metadata.headers.get('access-control-allow-origin')).toBe('*')
    const jwks = await (await app.browser.open('/jwks.json')).text()
    expect(JSON.parse(jwks)).toEqual(app.client.jwks)
    expect(JSON.parse(jwks).keys[0]).not.toHaveProperty('d')
  })

  it('publishes the client under the path that the application is at', async () => {
    const app = await anApp({}, aRig({ baseUrl: `${origin}/notes`, jwksUri: `${origin}/keys` }))
    const metadata = await app.browser.open(app.client.clientId)
    expect(await metadata.json()).toMatchObject({ client_id: app.client.clientId, jwks_uri: `${origin}/keys` })
    expect(await (await app.browser.open('/keys')).json()).toEqual(app.client.jwks)
    expect((await app.browser.open('/notes/logout')).status).toBe(405)
    expect(await app.web(new Request(`${origin}/client-metadata.json`))).toBeNull()
  })

  it('takes no address of another origin for its key set', async () => {
    const { web } = await anApp({}, aRig({ jwksUri: 'https://keys.hoster.dev/keys' }))
    expect(await web(new Request(`${origin}/keys`))).toBeNull()
  })

  it('leaves every other address to the application', async () => {
    const { web } = await anApp()
    expect(await web(new Request(`${origin}/`))).toBeNull()
    expect(await web(new Request(`${origin}/login/x`))).toBeNull()
  })

  it.each([
    [{ client: undefined }, '"client"'],
    [{ cookieKeys: [] }, '"cookieKeys"'],
    [{ cookieKeys: ['short'] }, '"cookieKeys"'],
    [{ lifetime: 0 }, '"lifetime"'],
    [{ onlogin: () => '/' }, '"onlogin"'],
    [{ login: { data: 1 } }, '"data"'],
    [{ xrpc: { retries: 3 } }, '"retries"'],
    [{ xrpc: { proxy: 'nobody' } }, '"proxy"'],
  ])('refuses options by name: %j', async (options, message) => {
    await expect(anApp(options as never)).rejects.toThrow(message)
  })
})
