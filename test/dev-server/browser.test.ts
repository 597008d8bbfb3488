// The pages in Chromium: on a small phone and at a desk, light and dark, with scripts and without.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium } from '../support/browser.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'
import { expectKeyboardUse, inspectPage } from './page-inspection.ts'

const callback = 'http://127.0.0.1:3999/callback'
const longScope = 'a-scope-with-a-name-that-is-longer-than-any-phone-is-wide-and-has-no-space'
const asked = {
  client_id: 'dev-app',
  response_type: 'code',
  redirect_uri: callback,
  scope: `openid profile offline_access ${longScope}`,
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
}
/** What a client may call itself, at registration and by itself. */
const names = {
  long: `An application of the ${'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk'.repeat(3)} and all its friends`,
  'right-to-left': 'تطبيق الصور (تجريبي)!',
  overriding: 'Photos \u202egnp.knab',
  hostile: `</strong><script>document.title = 'run'</script>"><img src=x onerror="document.title='run'">`,
}
const devices = [
  ['a phone, light, without scripts', { width: 320, height: 640 }, 'light', false],
  ['a phone, dark, with scripts', { width: 390, height: 844 }, 'dark', true],
  ['a desktop, light, with scripts', { width: 1280, height: 800 }, 'light', true],
  ['a desktop, dark, without scripts', { width: 1440, height: 900 }, 'dark', false],
] as const

describe.skipIf(!hasChromium)('the pages in a browser', () => {
  let browser: Browser
  let server: JudgedServer
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startJudgedServer()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  describe.each(devices)('on %s', (_, viewport, colorScheme, javaScriptEnabled) => {
    let context: BrowserContext
    let page: Page
    /** What the pages complained of, and what they asked of anybody else. */
    const complaints: string[] = []
    beforeAll(async () => {
      context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled })
      // Nothing listens at the client: how the browser is sent there is what counts.
      await context.route('http://127.0.0.1:3999/**', (route) => route.fulfill({ body: 'arrived' }))
      page = await context.newPage()
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('request', (request) => {
        const { origin } = new URL(request.url())
        if (origin !== server.issuer && origin !== 'http://127.0.0.1:3999') complaints.push(request.url())
      })
    })
    afterAll(() => context?.close())

    const authorize = (more: Record<string, string> = {}) =>
      page.goto(`${server.issuer}/authorize?${new URLSearchParams({ ...asked, ...more })}`)
    const heading = () => page.textContent('h1')
    const press = (act: string) => page.click(`button[value=${act}]`)

    it('leads from the login over the consent to the client', async () => {
      await authorize()
      expect(await heading()).toBe('Log in')
      await inspectPage(page)
      await expectKeyboardUse(page)
      await page.fill('#username', 'alice')
      await page.fill('#password', 'wrong')
      await press('login')
      expect(await page.textContent('#problem')).toContain('wrong')
      expect(await page.inputValue('#username')).toBe('alice')
      await inspectPage(page)
      await page.fill('#password', 'alice')
      await page.keyboard.press('Enter')
      await page.waitForSelector('button[value=allow]')
      expect(await heading()).toBe('Allow access?')
      await inspectPage(page)
      await expectKeyboardUse(page)
      await press('allow')
      await page.waitForURL(`${callback}**`)
      expect(new URL(page.url()).searchParams.get('code')).toBeTruthy()
    }, 30_000)

    it('answers a client that asks for a form, by a script or by a button', async () => {
      const posted = page.waitForRequest((request) => request.url() === callback && request.method() === 'POST')
      await authorize({ response_mode: 'form_post' })
      // RFC 8252 8.6: whoever might be another app of the same name is asked about each time.
      await press('allow')
      if (!javaScriptEnabled) {
        await inspectPage(page)
        await page.click('button')
      }
      expect((await posted).postData()).toMatch(/(^|&)code=/)
      await page.waitForURL(callback)
    })

    it('asks again, names the account, and takes no for an answer', async () => {
      await authorize({ prompt: 'select_account' })
      expect(await heading()).toBe('Choose an account')
      // biome-ignore lint/performance/useDomNodeTextContent: as it is painted, where the parts of a button lose their spaces
      expect(await page.innerText('button[value=continue]')).toBe('Continue as Alice Adams')
      await inspectPage(page)
      await authorize({ prompt: 'login' })
      expect(await heading()).toBe('Log in')
      await inspectPage(page)
      await press('deny')
      await page.waitForURL(`${callback}**`)
      expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
    })

    it('connects a device', async () => {
      const answer = await fetch(`${server.issuer}/device_authorization`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'dev-app', scope: 'openid profile' }),
      })
      const { user_code: userCode } = (await answer.json()) as { user_code: string }
      await page.goto(`${server.issuer}/device`)
      await inspectPage(page)
      await page.fill('#user_code', 'BBBB-BBBB')
      await press('code')
      expect(await page.textContent('#problem')).toContain('unknown')
      await inspectPage(page)
      await page.fill('#user_code', userCode.toLowerCase())
      await press('code')
      expect(await heading()).toBe('Connect this device?')
      await inspectPage(page)
      await press('allow')
      expect(await heading()).toBe('Connected')
      await inspectPage(page)
    })

    it('shows what a user can do nothing about as a page, too', async () => {
      for (const slip of [{ redirect_uri: 'https://evil.example/' }, { client_id: 'nobody' }]) {
        await authorize(slip)
        expect(await heading()).toBe('This request cannot go on')
        await inspectPage(page)
      }
      expect((await page.goto(`${server.issuer}/nowhere`))?.status()).toBe(404)
      expect(await heading()).toBe('Not found')
      await inspectPage(page)
    })

    it.each(Object.keys(names) as (keyof typeof names)[])(
      'keeps its own words beside a name that is %s',
      async (kind) => {
        const redirect_uris = [callback]
        server.addClient({
          client_id: kind,
          client_name: names[kind],
          token_endpoint_auth_method: 'none',
          redirect_uris,
        })
        const scope = ['openid', ...Array.from({ length: 30 }, (_, i) => `${longScope}-${i}`)].join(' ')
        await authorize({ client_id: kind, prompt: 'consent', scope })
        expect(await heading()).toBe('Allow access?')
        await inspectPage(page)
        expect(await page.textContent('main p strong')).toBe(names[kind])
        expect(await page.locator('img, script').count()).toBe(0)
        expect(await page.title()).toBe(`Allow access? · ${names[kind]}`)
        expect(await page.evaluate(readOrder)).toEqual([true, true, true])
      },
      30_000,
    )

    it('says at its front that it runs, and leads to its pages', async () => {
      await page.goto(server.issuer)
      expect(await heading()).toBe('The server runs')
      await inspectPage(page)
      await expectKeyboardUse(page)
      for (const path of await page
        .locator('main a')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href')!)))
        expect((await page.request.get(server.issuer + path)).status(), path).toBe(200)
      await page.click('a[href="/device"]')
      expect(await heading()).toBe('Connect a device')
    })

    it('shows what applications ask, and makes codes', async () => {
      for (const path of ['/inbox', '/offer']) {
        await page.goto(server.issuer + path)
        await inspectPage(page)
      }
    })

    it('asks before it logs out, and does', async () => {
      await page.goto(`${server.issuer}/end_session`)
      expect(await heading()).toBe('Log out?')
      await inspectPage(page)
      await press('logout')
      expect(await heading()).toBe('Logged out')
      await inspectPage(page)
      await page.goto(`${server.issuer}/inbox`)
      expect(await heading()).toBe('Log in')
    })

    it('loads nothing from elsewhere and breaks no policy of its own', () => {
      // Chromium reports the statuses that were meant.
      expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
    })
  })
})

/** Whether each letter of "asks" after a name stands at the right of the one before it, or on a further line. */
function readOrder(): boolean[] {
  const words = document.querySelector('main p strong')!.nextSibling!
  const boxes = [1, 2, 3, 4].map((i) => {
    const range = document.createRange()
    range.setStart(words, i)
    range.setEnd(words, i + 1)
    return range.getBoundingClientRect()
  })
  return boxes.slice(1).map(({ left, top }, i) => top > boxes[i]!.top || left > boxes[i]!.left)
}
