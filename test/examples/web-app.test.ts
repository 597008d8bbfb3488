// The small web app of the README, started as its reader would start it: at the development server, where it needs no
// registration, and at a certified provider.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDevServer, type DevServer } from '../../src/dev-server/index.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { freePort, pause } from '../support/local-servers.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'
import { TestBrowser } from '../web/rig.ts'
import { root, type StartedExample, startExample } from './start-example.ts'

const registered = { client_id: 'web-app', client_secret: 'a-secret-of-the-test-and-of-nothing-else' }
let server: DevServer
let provider: RealProvider
let app: StartedExample | undefined

beforeAll(async () => {
  server = await createDevServer()
  provider = await startRealProvider()
})

afterAll(async () => {
  await app?.stop()
  await server?.close()
  await provider?.close()
})

async function startApp(env: Readonly<Record<string, string>>, port: number): Promise<string> {
  await app?.stop()
  app = startExample('web-app.ts', { env: { ...env, PORT: String(port) } })
  const address = `http://127.0.0.1:${port}`
  const answers = () => fetch(address).then(Boolean, () => false)
  for (let tries = 0; tries < 200; tries++) {
    if (await answers()) return address
    await pause(50)
  }
  throw new Error(`examples/web-app.ts did not start: ${app.out.stderr}`)
}

const places = {
  async 'the development server'(port: number) {
    const address = await startApp({ ISSUER: server.issuer }, port)
    return { address, name: 'alice', browse: (url: string) => new HeadlessBrowser().login(url) }
  },
  async 'a certified provider'(port: number) {
    await provider.registerClient({
      ...registered,
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'native',
      redirect_uris: [`http://127.0.0.1:${port}/auth/callback`],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'ES256',
    })
    const { client_id: CLIENT_ID, client_secret: CLIENT_SECRET } = registered
    const address = await startApp({ ISSUER: provider.issuer, CLIENT_ID, CLIENT_SECRET }, port)
    return { address, name: 'alice', browse: (url: string) => provider.loginHeadlessly(url) }
  },
}

describe('examples/web-app.ts', () => {
  it('has fewer than 40 lines, and is what the README shows', () => {
    const code = readFileSync(join(root, 'examples/web-app.ts'), 'utf8')
    expect(code.trimEnd().split('\n').length).toBeLessThan(40)
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(
      `<!-- example: web-app -->\n\`\`\`ts\n${code}\`\`\``,
    )
  })

  it.each(Object.keys(places) as (keyof typeof places)[])(
    'logs a user of %s in, greets them, and logs them out',
    async (place) => {
      const { address, name, browse } = await places[place](await freePort())
      const browser = new TestBrowser(address, [])
      const first = await (await browser.request('/')).text()
      expect(first).toContain('Log in')
      // Without these a browser shows it as of 1998: by quirks, tiny on a phone, white in the dark.
      for (const part of ['<!doctype html>', '<html lang=', 'width=device-width', 'light dark', '<title>'])
        expect(first).toContain(part)
      const begun = await browser.request('/auth/login')
      const callback = await browse(begun.headers.get('location')!)
      const done = await browser.request(callback.pathname + callback.search)
      expect([done.status, done.headers.get('location')]).toEqual([303, '/'])
      expect(await (await browser.request('/')).text()).toContain(`Hello, ${name}`)
      await browser.post('/auth/logout', {}, { origin: address })
      expect(await (await browser.request('/')).text()).toContain('Log in')
    },
    30_000,
  )
})
