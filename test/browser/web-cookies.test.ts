// The cookies of the web handler as they are in production: over https, with their prefix, in a real browser, with a
// neighbour under the same domain who means harm.
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { toNodeListener } from '../../src/web/node.ts'
import { hasChromium, launchChromium } from '../support/browser.ts'
import { makeCertificates } from '../support/certificates.ts'
import { aWebApp, closeRigs, origin, type WebRig } from '../web/rig.ts'

const neighbour = 'https://evil.app.example'
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await closeRigs()
})

/** Chromium, for which https://app.example, its neighbour and https://issuer.example are this machine. */
async function aBrowser(responseMode: 'query' | 'form_post'): Promise<WebRig & { context: BrowserContext }> {
  const rig = await aWebApp({ issuers: 2, client: () => ({ responseMode }) })
  const server = createServer(makeCertificates('app').selfSigned, toNodeListener(createSites(rig)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const hosts = ['app.example', 'evil.app.example', 'issuer.example']
  const browser: Browser = await launchChromium([
    `--host-resolver-rules=${hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`).join()}`,
  ])
  closers.push(
    () => browser.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return { ...rig, context: await browser.newContext({ ignoreHTTPSErrors: true }) }
}

function createSites(rig: WebRig) {
  return async (request: Request): Promise<Response | null> => {
    const url = new URL(request.url)
    if (url.hostname === 'evil.app.example') return new Response('hello')
    if (url.hostname === 'issuer.example') return await authorizePage(rig, url)
    if (url.pathname === '/who') {
      const found = await rig.web.fromRequest(request)
      return new Response(found.ok ? found.client.issuer : 'nobody')
    }
    const response = await rig.web(request)
    const target = response?.headers.get('location') ?? ''
    const index = rig.providers.findIndex(({ issuer }) => target.startsWith(issuer))
    if (index >= 0) response?.headers.set('location', `https://issuer.example/${index}${new URL(target).search}`)
    return response
  }
}

/** The user is logged in there and agrees at once: a redirect, or a page that posts itself. */
async function authorizePage({ providers }: WebRig, url: URL): Promise<Response> {
  const provider = providers[Number(url.pathname.slice(1))]!
  const answer = provider.comeBack(new URL(`/authorize${url.search}`, provider.issuer))
  if (answer instanceof URL) return new Response(null, { status: 302, headers: { location: answer.href } })
  const fields = [...new URLSearchParams(await answer.text())].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
  )
  const form = `<form method="post" action="${answer.url}">${fields.join('')}</form>`
  return new Response(`<!doctype html>${form}<script>document.forms[0].submit()</script>`, {
    headers: { 'content-type': 'text/html' },
  })
}

describe.skipIf(!hasChromium)('cookies in production, in Chromium', () => {
  it('log in, and cannot be planted by a neighbour', async () => {
    const { context, providers, newBrowser } = await aBrowser('query')
    const attacker = newBrowser()
    await attacker.login(`/login?issuer=${providers[1]!.issuer}`)
    const planted = attacker.cookies.get('__Host-authentype-session')!
    const page = await context.newPage()
    await page.goto(`${neighbour}/`)
    await page.evaluate((value) => {
      for (const name of ['__Host-authentype-session', 'authentype-session', ' __Host-authentype-session']) {
        // biome-ignore lint/suspicious/noDocumentCookie: what an attacker's page does
        document.cookie = `${name}=${value}; Domain=app.example; Path=/; Secure`
      }
    }, planted)
    await page.goto(`${origin}/who`)
    expect(await page.textContent('body')).toBe('nobody')

    await page.goto(`${origin}/login?issuer=${providers[0]!.issuer}&return_to=/who`)
    await page.waitForURL(`${origin}/who`)
    expect(await page.textContent('body')).toBe(providers[0]!.issuer)
    const own = (await context.cookies(origin)).filter(({ name }) => name.startsWith('__Host-'))
    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['__Host-authentype-login', '__Host-authentype-session']),
    )
    for (const cookie of own) expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax' })
  })

  it('come with an answer by form from the issuer, and keep the accounts that were there', async () => {
    const { context, providers } = await aBrowser('form_post')
    const page = await context.newPage()
    for (const { issuer } of providers) {
      await page.goto(`${origin}/login?issuer=${issuer}&return_to=/who`)
      await page.waitForURL(`${origin}/who`)
      expect(await page.textContent('body')).toBe(issuer)
    }
    await page.goto(`${origin}/accounts`)
    expect(await page.getByRole('listitem').count()).toBe(2)
  })
})
