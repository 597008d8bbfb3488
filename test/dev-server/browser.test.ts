// The pages in Chromium: scripts off on the phone, on at the desk, light and dark.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDevServer, type DevServer } from '../../src/dev-server/index.ts'
import { hasChromium, launchChromium } from '../support/browser.ts'

const asked = new URLSearchParams({
  client_id: 'dev-app',
  response_type: 'code',
  redirect_uri: 'http://127.0.0.1:3999/callback',
  scope: 'openid profile offline_access a-scope-with-a-name-that-is-longer-than-any-phone-is-wide-and-has-no-space',
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
})
const phone = { viewport: { width: 320, height: 640 }, colorScheme: 'light', javaScriptEnabled: false } as const
const desktop = { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', javaScriptEnabled: true } as const

describe.skipIf(!hasChromium)('the pages in a browser', () => {
  let browser: Browser
  let server: DevServer
  beforeAll(async () => {
    browser = await launchChromium()
    server = await createDevServer()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it.each([
    ['phone', phone],
    ['desktop', desktop],
  ] as const)(
    'lead a user on a %s from the login over the consent to the client',
    async (_, device) => {
      const context = await browser.newContext(device)
      const page = await context.newPage()
      const { width } = device.viewport
      const contentWidth = async () => (await page.locator('html').boundingBox())?.width
      // Nothing listens at the client: how the browser is sent there is what counts.
      await context.route('http://127.0.0.1:3999/**', (route) => route.fulfill({ body: 'arrived' }))
      await page.goto(`${server.issuer}/authorize?${asked}`)
      await page.fill('#username', 'alice')
      await page.fill('#password', 'wrong')
      await page.click('button[value=login]')
      expect(await page.textContent('#problem')).toContain('wrong')
      await page.fill('#password', 'alice')
      await page.click('button[value=login]')
      expect(await page.textContent('h1')).toBe('Allow access?')
      expect(await contentWidth()).toBe(width)
      const main = await page.locator('main').boundingBox()
      expect(main!.x + main!.width).toBeLessThanOrEqual(width)
      await page.click('button[value=allow]')
      await page.waitForURL('http://127.0.0.1:3999/**')
      expect(new URL(page.url()).searchParams.get('code')).toBeTruthy()
      await context.close()
    },
    30_000,
  )
})
