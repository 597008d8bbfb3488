// The pages, as a browser without scripts and as an attacker's page would use them.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { digest } from '#signatures'
import { createDevServer } from '../../src/dev-server/index.ts'
import { encodeBase64url } from '../../src/lib/base64url.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import type { ServerEvent } from '../../src/server/index.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'
import { formsOf, HeadlessBrowser } from './headless-browser.ts'

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const redirectUri = 'http://127.0.0.1:3999/callback'
let server: JudgedServer
/** Milliseconds by which the server's clock is moved on. */
let later = 0
beforeAll(async () => {
  server = await startJudgedServer({ runtime: { ...systemRuntime, now: () => systemRuntime.now() + later } })
  server.addClient({ client_id: 'web', token_endpoint_auth_method: 'none', redirect_uris: [redirectUri] })
})
afterAll(async () => {
  await server.close()
  expect(server.faults500).toEqual([])
  expect(server.breaches).toEqual([])
})

function authorizationUrl(more: Record<string, string> = {}): URL {
  const url = new URL(`${server.issuer}/authorize`)
  const asked = { client_id: 'web', response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: 's' }
  const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }
  url.search = new URLSearchParams({ ...asked, ...pkce, ...more }).toString()
  return url
}

/** A browser before a page, with its form. */
async function arriveAt(page: 'login' | 'consent', browser = new HeadlessBrowser()) {
  // What was granted in the same second counts as granted for this request.
  later += 2_000
  let answer = await browser.open(authorizationUrl(page === 'consent' ? { prompt: 'consent' } : {}))
  if (page === 'consent') {
    const [form] = formsOf(await (answer as Response).text(), server.issuer)
    const body = new URLSearchParams(form!.fields)
    for (const [name, value] of Object.entries({ act: 'login', username: 'alice', password: 'alice' }))
      body.set(name, value)
    answer = await browser.open(form!.action, { method: 'POST', body })
  }
  const response = answer as Response
  const [form] = formsOf(await response.text(), server.issuer)
  return { browser, response, form: form! }
}

describe('the pages', () => {
  it('can neither be framed, nor run or load anything', async () => {
    const { response } = await arriveAt('login')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('script-src')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('send nobody anywhere before client and redirect URI are valid', async () => {
    for (const more of [{ client_id: 'nobody' }, { redirect_uri: 'https://evil.example/' }]) {
      const answer = await new HeadlessBrowser().send(authorizationUrl(more))
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
      expect(await answer.text()).not.toContain('evil.example')
    }
  })

  it('say what client and redirect URI can be, where what came is none of these', async () => {
    const pageFor = async (more: Record<string, string>) =>
      (await new HeadlessBrowser().send(authorizationUrl(more))).text()
    const noClient = await pageFor({ client_id: 'nobody' })
    for (const known of ['unknown client', '>web<', '>dev-app<', '>dev-service<']) expect(noClient).toContain(known)
    const elsewhere = await pageFor({ redirect_uri: 'http://localhost:3999/callback' })
    for (const known of ['not registered', `>${redirectUri}<`, 'localhost counts as none'])
      expect(elsewhere).toContain(known)
    // A request that fails for another reason has nothing to choose from.
    expect(await pageFor({ request_uri: 'urn:ietf:params:oauth:request_uri:used-up' })).not.toContain('>dev-app<')
  })

  it('have a front that names users and clients, and no password or secret', async () => {
    const answer = await new HeadlessBrowser().send(`${server.issuer}/`)
    const text = await answer.text()
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    for (const name of [server.issuer, 'alice', 'bob', 'dev-app', 'dev-service']) expect(text).toContain(name)
    expect(text).not.toContain('dev-service-secret')
  })

  it('send other errors to the client, by 303', async () => {
    const answer = await new HeadlessBrowser().send(authorizationUrl({ scope: 'openid', response_type: 'token' }))
    expect(answer.status).toBe(303)
    const params = new URL(answer.headers.get('location')!).searchParams
    expect(Object.fromEntries(params)).toMatchObject({
      error: 'unsupported_response_type',
      state: 's',
      iss: server.issuer,
    })
  })

  it.each(['login', 'consent'] as const)('take the %s form from the browser that was shown it alone', async (page) => {
    const { form, browser } = await arriveAt(page)
    const body = new URLSearchParams({ ...Object.fromEntries(form.fields), act: 'allow' })
    const send = (who: HeadlessBrowser, sent: URLSearchParams, headers = {}) =>
      who.send(form.action, { method: 'POST', body: sent, headers })
    expect((await send(new HeadlessBrowser(), body)).status).toBe(400)
    expect((await send(browser, new URLSearchParams({ act: 'allow' }))).status).toBe(403)
    expect((await send(browser, body, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await send(browser, body, { origin: server.issuer })).status).toBe(303)
  })

  it('say no more than that name or password is wrong', async () => {
    const browser = new HeadlessBrowser()
    const pages = []
    for (const username of ['alice', 'nobody<b>']) {
      const { form } = await arriveAt('login', browser)
      const body = new URLSearchParams({
        ...Object.fromEntries(form.fields),
        act: 'login',
        username,
        password: 'wrong',
      })
      pages.push(await (await browser.send(form.action, { method: 'POST', body })).text())
    }
    for (const page of pages) expect(page).toContain('User name or password is wrong.')
    expect(pages[1]).toContain('nobody&lt;b&gt;')
  })

  it('answer each request once', async () => {
    const { browser, form } = await arriveAt('consent')
    const body = new URLSearchParams({ ...Object.fromEntries(form.fields), act: 'allow' })
    const end = await browser.open(form.action, { method: 'POST', body })
    expect((end as URL).searchParams.get('code')).toBeTruthy()
    const again = await browser.send(form.action, { method: 'POST', body })
    expect(again.status).toBe(400)
  })

  it('tell the audit log of a request that is answered twice, or by another browser', async () => {
    const events: ServerEvent[] = []
    const own = await createDevServer({ onEvent: (event) => events.push(event) })
    const url = new URL(`${own.issuer}/authorize`)
    const asked = { client_id: 'dev-app', response_type: 'code', redirect_uri: redirectUri, scope: 'openid' }
    const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }
    url.search = new URLSearchParams({ ...asked, ...pkce }).toString()
    const browser = new HeadlessBrowser()
    const page = (await browser.open(url)) as Response
    const statuses = []
    for (const who of [new HeadlessBrowser(), browser]) statuses.push((await who.send(page.url)).status)
    await browser.travel(page.url)
    events.length = 0
    statuses.push((await browser.send(page.url)).status)
    expect(statuses).toEqual([400, 200, 400])
    const reason = 'a request that is unknown, finished, or of another browser'
    expect(events).toMatchObject([{ name: 'authorization_failed', metadata: { reason, httpStatus: 400 } }])
    await own.close()
  })

  it('keep the login and the consent: the next request needs no page', async () => {
    const browser = new HeadlessBrowser()
    await browser.login(authorizationUrl())
    const end = await browser.open(authorizationUrl({ prompt: 'none' }))
    expect((end as URL).searchParams.get('code')).toBeTruthy()
  })

  it('ask about each request by itself: what was allowed meanwhile answers no other', async () => {
    const browser = new HeadlessBrowser()
    const waiting = (await browser.open(authorizationUrl({ prompt: 'consent' }))) as Response
    await browser.login(authorizationUrl())
    const page = (await browser.open(waiting.url)) as Response
    expect(formsOf(await page.text(), server.issuer).flatMap(({ acts }) => acts)).toEqual(['allow', 'deny'])
  })

  it('ask about claims that no scope stands for', async () => {
    const browser = new HeadlessBrowser()
    await browser.login(authorizationUrl({ scope: 'openid' }))
    const claims = JSON.stringify({ userinfo: { email: null, 'x<b>': null } })
    const silent = await browser.open(authorizationUrl({ claims, prompt: 'none' }))
    expect((silent as URL).searchParams.get('error')).toBe('consent_required')
    await browser.login(authorizationUrl({ claims }))
    expect(browser.pages.at(-1)).toContain('<li>email</li><li>x&lt;b&gt;</li>')
    const again = await browser.open(authorizationUrl({ claims, prompt: 'none' }))
    expect((again as URL).searchParams.get('code')).toBeTruthy()
  })

  it('lead to a client that describes itself by the document at its id', async () => {
    const clientId = 'https://app.example/client.json'
    const callback = 'https://app.example/callback'
    const document = { client_id: clientId, redirect_uris: [callback], client_name: 'Self <b>described' }
    const real = globalThis.fetch
    vi.stubGlobal('fetch', (input: string, init?: RequestInit) =>
      input === clientId ? Promise.resolve(Response.json(document)) : real(input, init),
    )
    const open = await startJudgedServer({ clientMetadataDocuments: true })
    try {
      const browser = new HeadlessBrowser(real)
      const { search } = authorizationUrl({ client_id: clientId, redirect_uri: callback })
      const end = await browser.login(`${open.issuer}/authorize${search}`)
      expect([end.origin + end.pathname, end.searchParams.has('code')]).toEqual([callback, true])
      expect(browser.pages.at(-1)).toContain('<strong><bdi>Self &lt;b&gt;described</bdi></strong> asks to')
      const { search: wrong } = authorizationUrl({ client_id: clientId, redirect_uri: callback, response_type: 'x' })
      const refused = await browser.open(`${open.issuer}/authorize${wrong}`)
      expect((refused as URL).searchParams.get('error')).toBe('unsupported_response_type')
    } finally {
      vi.unstubAllGlobals()
      await open.close()
    }
  })

  it.each([
    ['none', 'login_required'],
    ['consent none', 'invalid_request'],
  ])('answer prompt %s by %s', async (prompt, error) => {
    const end = await new HeadlessBrowser().open(authorizationUrl({ prompt }))
    expect((end as URL).searchParams.get('error')).toBe(error)
  })

  it('ask again where the client wants it: login, consent, max_age', async () => {
    const browser = new HeadlessBrowser()
    await browser.login(authorizationUrl())
    later += 2_000
    for (const more of [{ prompt: 'login' }, { prompt: 'consent' }, { max_age: '0' }]) {
      expect(await browser.open(authorizationUrl(more))).toBeInstanceOf(Response)
    }
  })

  it('post the answer to a client that asked for a form', async () => {
    const browser = new HeadlessBrowser()
    const page = await browser.travel(authorizationUrl({ response_mode: 'form_post' }))
    const [form] = formsOf(String(page), server.issuer)
    expect(form?.action.href).toBe(redirectUri)
    expect(page).toMatch(/name="code" value="[^"]+"/)
    expect(page).toContain('<button>Continue</button>')
  })

  it('take an authorization request by POST, without the cookies of this site', async () => {
    const url = authorizationUrl()
    const answer = await fetch(`${server.issuer}/authorize`, {
      method: 'POST',
      body: url.searchParams,
      redirect: 'manual',
    })
    expect(answer.status).toBe(303)
    expect((await new HeadlessBrowser().login(answer.headers.get('location')!)).searchParams.get('code')).toBeTruthy()
  })

  it('count wrong user codes', async () => {
    const browser = new HeadlessBrowser()
    const statuses = []
    for (let i = 0; i < 11; i++) {
      const page = (await browser.open(`${server.issuer}/device`)) as Response
      const [form] = formsOf(await page.text(), server.issuer)
      const body = new URLSearchParams({ ...Object.fromEntries(form!.fields), act: 'code', user_code: 'BBBB-BBBB' })
      statuses.push((await browser.send(form!.action, { method: 'POST', body })).status)
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429])
  })

  it('let nobody past the count by a guard made of their own cookie', async () => {
    server.addClient({ client_id: 'tv', token_endpoint_auth_method: 'none', grant_types: [deviceGrant] })
    const begun = await fetch(`${server.issuer}/device_authorization`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'tv' }),
    })
    const { user_code: userCode } = (await begun.json()) as { user_code: string }
    const browser = new HeadlessBrowser()
    await browser.open(`${server.issuer}/device`)
    const about = `${browser.cookies.get('authentype_browser')} device ${userCode}`
    const confirmed = encodeBase64url(await digest('SHA-256', about))
    const query = new URLSearchParams({ user_code: userCode, confirmed })
    const page = (await browser.open(`${server.issuer}/device?${query}`)) as Response
    const [form] = formsOf(await page.text(), server.issuer)
    expect(form?.acts).toEqual(['code'])
  })

  it('ask before a logout that no hint vouches for', async () => {
    const browser = new HeadlessBrowser()
    await browser.login(authorizationUrl())
    const asked = (await browser.open(`${server.issuer}/end_session`)) as Response
    expect(await asked.text()).toContain('Log out?')
    expect(await browser.travel(`${server.issuer}/end_session`)).toContain('You are logged out')
    expect(browser.cookies.has('authentype_login')).toBe(false)
  })
})
