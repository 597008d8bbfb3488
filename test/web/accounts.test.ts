import { afterEach, describe, expect, it } from 'vitest'
import type { WebAccount } from '../../src/web/index.ts'
import { aWebApp, closeRigs, type TestBrowser } from './rig.ts'

afterEach(closeRigs)

const json = { headers: { accept: 'application/json' } }

async function accountsOf(browser: TestBrowser): Promise<WebAccount[]> {
  return ((await (await browser.request('/accounts', json)).json()) as { accounts: WebAccount[] }).accounts
}

async function withTwoAccounts() {
  const rig = await aWebApp({ issuers: 2, faults: { idToken: { claims: { name: 'Alice <b>&"' } } } })
  const browser = rig.newBrowser()
  for (const { issuer } of rig.providers) await browser.login(`/login?issuer=${issuer}`)
  return { ...rig, browser }
}

describe('the accounts of one browser', () => {
  it('are listed without the id of any session', async () => {
    const { browser, sessions, providers } = await withTwoAccounts()
    const accounts = await accountsOf(browser)
    expect(accounts).toMatchObject([
      { issuer: providers[0]!.issuer, subject: 'alice', name: 'Alice <b>&"', active: false },
      { issuer: providers[1]!.issuer, subject: 'alice', active: true },
    ])
    const page = await (await browser.request('/accounts')).text()
    expect(page).toContain('Alice &lt;b&gt;&amp;&quot;')
    for (const each of sessions) {
      for (const { id } of await each.findBySubject('alice')) expect(page + JSON.stringify(accounts)).not.toContain(id)
    }
  })

  it('are switched, each keeping its own tokens', async () => {
    const { browser, providers } = await withTwoAccounts()
    const [first] = await accountsOf(browser)
    const response = await browser.post('/switch', { account: first!.ref, return_to: '/inbox' })
    expect(response.headers.get('location')).toBe('/inbox')
    expect(await browser.me()).toMatchObject({ issuer: providers[0]!.issuer })
    expect(await accountsOf(browser)).toMatchObject([{ active: true }, { active: false }])
  })

  it('are none of another browser', async () => {
    const { browser, newBrowser, providers } = await withTwoAccounts()
    const [first] = await accountsOf(browser)
    const stranger = newBrowser()
    await stranger.login(`/login?issuer=${providers[1]!.issuer}`)
    for (const path of ['/switch', '/logout']) {
      const response = await stranger.post(path, { account: first!.ref }, json.headers)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ error: 'unknown_account' })
    }
    expect(await accountsOf(browser)).toHaveLength(2)
  })

  it('are listed once each, however often they log in', async () => {
    const { browser, providers } = await withTwoAccounts()
    await browser.login(`/login?issuer=${providers[0]!.issuer}`)
    const accounts = await accountsOf(browser)
    expect(accounts.map(({ issuer, active }) => [issuer, active])).toEqual([
      [providers[0]!.issuer, true],
      [providers[1]!.issuer, false],
    ])
    await browser.post('/logout')
    expect(await accountsOf(browser)).toMatchObject([{ issuer: providers[1]!.issuer, active: true }])
  })

  it('say whose devices are meant where there are several', async () => {
    const { browser } = await withTwoAccounts()
    const labelOf = async () =>
      /value="everywhere"><button class="second">(.*?)<\/button>/.exec(
        await (await browser.request('/accounts')).text(),
      )![1]
    const [, active] = await accountsOf(browser)
    expect(active).toMatchObject({ active: true, name: 'Alice <b>&"' })
    expect(await labelOf()).toBe('<span>Log out <bdi>Alice &lt;b&gt;&amp;&quot;</bdi> on all devices</span>')
    await browser.post('/logout')
    expect(await labelOf()).toBe('Log out on all devices')
  })

  it('log out one by one', async () => {
    const { browser, providers } = await withTwoAccounts()
    const [first] = await accountsOf(browser)
    await browser.post('/logout', { account: first!.ref })
    expect(await accountsOf(browser)).toMatchObject([{ issuer: providers[1]!.issuer, active: true }])
    expect(await browser.me()).toMatchObject({ issuer: providers[1]!.issuer })
  })

  it('are none at first, which the page says', async () => {
    const { newBrowser } = await aWebApp()
    expect(await (await newBrowser().request('/accounts')).text()).toContain('You are not logged in')
  })

  it('grow by a login that asks for another account', async () => {
    const { newBrowser, provider } = await aWebApp()
    await newBrowser().request('/login?prompt=select_account')
    expect(provider.requests.find(({ answer }) => answer === 'par')?.form.get('prompt')).toBe('login')
    await newBrowser().request('/login?prompt=none')
    expect(provider.requests.findLast(({ answer }) => answer === 'par')?.form.get('prompt')).toBeNull()
  })
})
