// The web handler in a real browser, with a certified provider behind it: what a user sees and does.
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clientSecretBasic, createOAuthClient } from '../../src/client/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createSessions } from '../../src/sessions/index.ts'
import { createWebHandler, generateSealingKey, type WebHandler } from '../../src/web/index.ts'
import { toNodeListener } from '../../src/web/node.ts'
import { hasChromium, launchChromium } from '../support/browser.ts'
import { freePort } from '../support/local-servers.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

/** Where to put pictures of the pages, to look at them; none are taken without it. */
const pictures = process.env.SCREENSHOTS

let provider: RealProvider
let server: Server
let browser: Browser
let context: BrowserContext
let page: Page
let web: WebHandler
let address: string
/** Milliseconds by which the application's clock is ahead. */
let ahead = 0
/** Whether the provider reaches the application; it would log one account out when another logs in at it. */
let isReached = false

beforeAll(async () => {
  if (!hasChromium) return
  const port = await freePort()
  address = `http://127.0.0.1:${port}`
  provider = await startRealProvider({ backChannel: true, outgoing: deliver })
  web = await createApp()
  server = createServer(toNodeListener(async (request) => (await web(request)) ?? (await home(request))))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  browser = await launchChromium()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await provider?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  ahead = 0
  isReached = false
  context = await browser.newContext()
  page = await context.newPage()
})
afterEach(async () => await context?.close())

/** The provider's own requests, without its refusal of addresses on this machine. */
async function deliver(request: Request): Promise<Response> {
  if (!isReached) return new Response(null, { status: 503 })
  const { url, method, headers } = request
  return await fetch(url, { method, headers, body: await request.text() })
}

async function createApp(): Promise<WebHandler> {
  const secret = 'a-secret-of-the-test-and-of-nothing-else'
  await provider.registerClient({
    client_id: 'web-app',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    application_type: 'native',
    redirect_uris: [`${address}/auth/callback`],
    post_logout_redirect_uris: [`${address}/auth/logged-out`],
    backchannel_logout_uri: `${address}/auth/backchannel-logout`,
    backchannel_logout_session_required: true,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: 'ES256',
  })
  const client = createOAuthClient({
    issuer: provider.issuer,
    clientId: 'web-app',
    clientAuth: clientSecretBasic(secret),
    redirectUri: `${address}/auth/callback`,
    scope: 'openid profile offline_access',
    allowLoopbackHttp: true,
    runtime: { ...systemRuntime, now: () => Date.now() + ahead },
  })
  return createWebHandler({
    sessions: createSessions({ client }),
    cookieKeys: [generateSealingKey()],
    appName: 'Example Notes',
    postLogoutRedirectUri: `${address}/auth/logged-out`,
    development: true,
    onLogin: () => undefined,
  })
}

async function home(request: Request): Promise<Response> {
  const user = await web.fromRequest(request)
  const text = user.ok
    ? `<p>Hello, ${user.client.subject}</p><form method="post" action="/auth/logout"><button>Log out</button></form>`
    : '<a href="/auth/login?return_to=/home">Log in</a>'
  return new Response(`<!doctype html><title>App</title>${text}`, {
    // As many applications say: a form of such a page has no origin but `null`.
    headers: { 'content-type': 'text/html', 'referrer-policy': 'no-referrer' },
  })
}

async function allow(tab: Page, name = 'alice'): Promise<void> {
  await tab.getByLabel('Name').fill(name)
  await tab.getByRole('button', { name: 'Log in and allow' }).click()
}

async function look(tab: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  for (const [device, width, height] of [
    ['phone', 360, 740],
    ['desktop', 1280, 800],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.setViewportSize({ width, height })
      await tab.emulateMedia({ colorScheme })
      await tab.screenshot({ path: join(pictures, `${name}-${device}-${colorScheme}.png`) })
    }
  }
}

/** What a page must have for those who do not see it, or see it on a narrow screen. */
async function expectAccessible(tab: Page): Promise<void> {
  expect(await tab.locator('html').getAttribute('lang')).toBe('en')
  expect(await tab.getByRole('heading', { level: 1 }).count()).toBe(1)
  expect(await tab.getByRole('main').count()).toBe(1)
  await tab.setViewportSize({ width: 320, height: 640 })
  const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(overflow).toBe(0)
  for (const control of await tab.locator('main a, main button').all()) {
    expect((await control.textContent())?.trim()).not.toBe('')
    expect((await control.boundingBox())!.height).toBeGreaterThanOrEqual(32)
  }
}

describe.skipIf(!hasChromium)('the web handler, in Chromium', () => {
  it('logs in, shows no code in the address, and logs out at the provider, too', async () => {
    await page.goto(address)
    await page.getByRole('link', { name: 'Log in' }).click()
    await allow(page)
    await page.waitForURL(`${address}/home`)
    expect(await page.textContent('p')).toBe('Hello, alice')
    expect(await page.evaluate(() => document.cookie)).toBe('')
    const cookies = await context.cookies(address)
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })

    await page.getByRole('button', { name: 'Log out' }).click()
    // The provider asks once more, on a page of its own.
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(`${address}/`)
    expect(await page.getByRole('link', { name: 'Log in' }).count()).toBe(1)
    const back = await page.goBack().catch(() => null)
    expect(back === null || !(await page.content()).includes('Hello, alice')).toBe(true)
  })

  it('tells a user who said no, and lets them try again', async () => {
    await page.goto(`${address}/auth/login?return_to=/home`)
    await page.getByRole('button', { name: 'Deny' }).click()
    expect(await page.getByRole('heading').textContent()).toBe('You were not logged in')
    await look(page, 'denied')
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Try again' }).click()
    await allow(page)
    await page.waitForURL(`${address}/home`)
    expect(await page.textContent('p')).toBe('Hello, alice')
  })

  it('completes two tabs at once, the second first', async () => {
    const second = await context.newPage()
    await page.goto(`${address}/auth/login?return_to=/first`)
    await second.goto(`${address}/auth/login?return_to=/second`)
    await allow(second)
    await second.waitForURL(`${address}/second`)
    await allow(page)
    await page.waitForURL(`${address}/first`)
    for (const tab of [page, second]) {
      await tab.reload()
      expect(await tab.textContent('p')).toBe('Hello, alice')
    }
  })

  it('tells that a login took too long, and begins it anew', async () => {
    await page.goto(`${address}/auth/login?return_to=/home`)
    ahead = 11 * 60_000
    await allow(page)
    expect(await page.getByRole('heading').textContent()).toBe('This login is no longer valid')
    await look(page, 'expired')
    await expectAccessible(page)
    ahead = 0
    await page.getByRole('link', { name: 'Try again' }).click()
    await page.waitForURL(/\/(?:interaction|home)/)
    if (page.url().includes('/interaction/')) await allow(page)
    await page.waitForURL(`${address}/home`)
    expect(await page.textContent('p')).toBe('Hello, alice')
  })

  it('does not log in twice by the back button or a reload of the callback', async () => {
    await page.goto(`${address}/auth/login?return_to=/home`)
    const callback = page.waitForRequest((request) => request.url().includes('/auth/callback?'))
    await allow(page)
    await page.waitForURL(`${address}/home`)
    const response = await page.goto((await callback).url())
    expect(response?.status()).toBe(400)
    await page.goto(`${address}/home`)
    expect(await page.textContent('p')).toBe('Hello, alice')
  })

  it('shows accounts, switches among them and logs them out one by one', async () => {
    await page.goto(`${address}/auth/accounts`)
    await look(page, 'accounts-none')
    await page.getByRole('link', { name: 'Log in' }).click()
    await allow(page)
    await page.waitForURL(`${address}/auth/accounts`)
    await look(page, 'accounts-one')
    await page.getByRole('link', { name: 'Add another account' }).click()
    await allow(page, 'bob')
    await page.waitForURL(`${address}/auth/accounts`)
    await look(page, 'accounts-two')
    await expectAccessible(page)
    await page.getByRole('button', { name: /^Use: .*alice/i }).click()
    const inUse = page.getByRole('listitem').filter({ hasText: 'In use' })
    await inUse.filter({ hasText: 'alice' }).waitFor()
    await page.getByRole('button', { name: /^Log out: .*alice/i }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(`${address}/`)
    await page.goto(`${address}/home`)
    expect(await page.textContent('p')).toBe('Hello, bob')
  })

  it('is logged out when the user logs out at the provider', async () => {
    isReached = true
    await page.goto(`${address}/auth/login?return_to=/home`)
    await allow(page)
    await page.waitForURL(`${address}/home`)
    await page.goto(`${provider.issuer}/session/end`)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByText('You are logged out').waitFor()
    await page.goto(`${address}/home`)
    expect(await page.getByRole('link', { name: 'Log in' }).count()).toBe(1)
  })

  it('cannot be framed, nor logged out by another site', async () => {
    await page.goto(`${address}/auth/login?return_to=/home`)
    await allow(page)
    await page.waitForURL(`${address}/home`)
    const elsewhere = await context.newPage()
    await elsewhere.route('http://evil.example/', async (route) => {
      const form = `<form method="post" action="${address}/auth/logout"><button>Win a prize</button></form>`
      const frame = `<iframe src="${address}/auth/accounts"></iframe>`
      await route.fulfill({ contentType: 'text/html', body: `<!doctype html>${form}${frame}` })
    })
    await elsewhere.goto('http://evil.example/')
    expect(await elsewhere.frames()[1]?.content()).not.toContain('In use')
    await elsewhere.getByRole('button', { name: 'Win a prize' }).click()
    expect(await elsewhere.getByRole('heading').textContent()).toBe('This request was refused')
    await page.reload()
    expect(await page.textContent('p')).toBe('Hello, alice')
  })
})
