// The page that ends a login at the command line, in Chromium: it is all that its user sees of us there.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoopbackServer } from '../../src/cli/loopback-server.ts'
import { inspectPage } from '../dev-server/page-inspection.ts'
import { hasChromium, launchChromium } from '../support/browser.ts'

describe.skipIf(!hasChromium)('the page after a login at the command line', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, 60_000)
  afterAll(() => browser?.close())

  it.each([
    ['light', 320, 'rgb(255, 255, 255)'],
    ['dark', 1280, 'rgb(18, 18, 18)'],
  ] as const)(
    'can be read in %s colours at %i pixels, and breaks no policy of its own',
    async (colorScheme, width, canvas) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 640 } })
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      const server = await startLoopbackServer()
      const callback = server.waitFor(async () => true)
      const shown = page.goto(`${server.redirectUri}?code=c`)
      await callback
      await server.close({ title: 'You are logged in', text: 'You can close this window.' })
      await shown
      await inspectPage(page)
      expect(await page.title()).toBe('You are logged in')
      expect(await page.evaluate(() => getComputedStyle(document.body).textAlign)).toBe('center')
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(canvas)
      expect(complaints).toEqual([])
      await page.close()
    },
  )
})
