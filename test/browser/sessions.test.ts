// Sessions in two tabs of a real browser: IndexedDB, Web Locks, BroadcastChannel and WebCrypto are Chromium's own.
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasChromium, launchChromium, type ServedPage, servePage } from '../support/browser.ts'
import type { SessionPage } from './session-page.ts'

declare const page: SessionPage

let served: ServedPage
let browser: Browser
let context: BrowserContext
let first: Page
let second: Page

beforeAll(async () => {
  if (!hasChromium) return
  served = await servePage(join(import.meta.dirname, 'session-page.ts'))
  browser = await launchChromium()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await served?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  await context?.close()
  context = await browser.newContext()
  first = await openTab()
  second = await openTab()
  const id = await first.evaluate(() => page.logIn())
  await second.evaluate((known) => page.open(known), id)
})

async function openTab(): Promise<Page> {
  const opened = await context.newPage()
  await opened.goto(served.origin)
  await opened.waitForFunction(() => 'page' in globalThis)
  return opened
}

describe.skipIf(!hasChromium)('a session in two tabs, in Chromium', () => {
  it('is renewed once for twenty refused calls of both', async () => {
    const tenCalls = () => Promise.all(Array.from({ length: 10 }, () => page.call()))
    const answers = await Promise.all([first.evaluate(tenCalls), second.evaluate(tenCalls)])
    expect(answers.flat()).toEqual(Array(20).fill('ok'))
    expect(await first.evaluate(() => page.refreshes())).toBe(1)
  })

  it('is gone in one tab as soon as the other has logged out, and that tab is told', async () => {
    expect(await second.evaluate(() => page.call())).toBe('ok')
    const loggedOutAt = Date.now()
    await first.evaluate(() => page.logOut())
    await second.waitForFunction(() => page.events().some(({ kind }) => kind === 'session_ended'))
    // Well before the five seconds after which the store is asked anyway.
    expect(Date.now() - loggedOutAt).toBeLessThan(2_000)
    expect(await second.evaluate(() => page.call())).toBe('session_not_found')
  })

  it('is used by the other tab with what this one renewed, without a second refresh', async () => {
    expect(await first.evaluate(() => page.call())).toBe('ok')
    expect(await second.evaluate(() => page.call())).toBe('ok')
    expect(await first.evaluate(() => page.refreshes())).toBe(1)
  })
})
