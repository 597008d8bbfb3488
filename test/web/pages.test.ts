import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { aWebApp, closeRigs } from './rig.ts'

afterEach(closeRigs)

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const refused = { faults: { callback: { error: 'access_denied' } } } as const

describe('an error', () => {
  it.each([
    [html, 'text/html; charset=utf-8'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['', 'application/json'],
    ['application/json, text/html;q=0.5', 'application/json'],
    ['application/json;q=0.5, text/html', 'text/html; charset=utf-8'],
    ['text/html;q=0, application/json', 'application/json'],
  ])('answers "%s" with %s', async (accept, type) => {
    const { newBrowser } = await aWebApp(refused)
    const browser = newBrowser()
    const response = await browser.request(await browser.toCallback(), { headers: { accept } })
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('vary')).toBe('Accept')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('is a page on which nothing runs and nothing loads', async () => {
    const { newBrowser } = await aWebApp(refused)
    const response = await newBrowser().login()
    const page = await response.text()
    const policy = response.headers.get('content-security-policy')!
    const style = /<style>([\s\S]*)<\/style>/.exec(page)![1]!
    expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page).not.toMatch(/<script|<img|<link|\sstyle="|\son\w+="|javascript:/i)
    expect(page).toContain('<html lang="en">')
    expect(page).toContain('You were not logged in')
  })

  it('says nothing on its page that came with the request', async () => {
    const { newBrowser } = await aWebApp({ ...refused, web: { resolveHandle: () => undefined } })
    const browser = newBrowser()
    const marked = await browser.request(`/login?handle=${encodeURIComponent('"><script>x</script>')}`)
    const page = await marked.text()
    expect(page).not.toContain('<script>')
    expect(page).toContain('value="&quot;&gt;&lt;script&gt;x&lt;/script&gt;"')
  })

  it('shows its technical side in development alone', async () => {
    const { newBrowser } = await aWebApp({
      ...refused,
      client: () => ({ redirectUri: 'http://127.0.0.1:3999/callback' }),
      web: { development: true },
    })
    expect(await (await newBrowser().login()).text()).toMatch(/answered the login with &quot;access_denied&quot;/)
    const production = await aWebApp(refused)
    expect(await (await production.newBrowser().login()).text()).not.toContain('answered the login')
  })

  it('can be rendered by the application', async () => {
    const { newBrowser } = await aWebApp({
      ...refused,
      web: {
        renderPage: (page) =>
          page.kind === 'error' ? new Response(`Ours: ${page.error.code}`, { status: page.status }) : undefined,
      },
    })
    const response = await newBrowser().login()
    expect([response.status, await response.text()]).toEqual([403, 'Ours: access_denied'])
    expect(await (await newBrowser().request('/accounts')).text()).toContain('You are not logged in')
  })
})
