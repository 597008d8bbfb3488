// The small web app of the README, started as its reader would start it, against a certified provider.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, pause } from '../support/local-servers.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'
import { TestBrowser } from './rig.ts'

const root = resolve(import.meta.dirname, '../..')
let provider: RealProvider
let app: ChildProcess
let address: string

beforeAll(async () => {
  const port = await freePort()
  address = `http://127.0.0.1:${port}`
  provider = await startRealProvider()
  const client = { client_id: 'web-app', client_secret: 'a-secret-of-the-test-and-of-nothing-else' }
  await provider.registerClient({
    ...client,
    token_endpoint_auth_method: 'client_secret_basic',
    application_type: 'native',
    redirect_uris: [`${address}/auth/callback`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: 'ES256',
  })
  const command = ['--conditions=authentype-source', '--import', 'tsx', 'examples/web-app.ts']
  const env = { PATH: process.env.PATH, ISSUER: provider.issuer, PORT: String(port) }
  app = spawn(process.execPath, command, {
    cwd: root,
    env: { ...env, CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(address).then(
        () => true,
        () => false,
      )
    )
      return
    await pause(50)
  }
  throw new Error('examples/web-app.ts did not start')
}, 30_000)

afterAll(async () => {
  app?.kill()
  if (app?.exitCode === null && app.signalCode === null) await once(app, 'exit')
  await provider?.close()
})

describe('examples/web-app.ts', () => {
  it('has fewer than 40 lines, and is what the README shows', () => {
    const code = readFileSync(join(root, 'examples/web-app.ts'), 'utf8')
    expect(code.trimEnd().split('\n').length).toBeLessThan(40)
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(
      `<!-- example: web-app -->\n\`\`\`ts\n${code}\`\`\``,
    )
  })

  it('logs a user in, greets them, and logs them out', async () => {
    const browser = new TestBrowser(address, [])
    expect(await (await browser.request('/')).text()).toContain('Log in')
    const begun = await browser.request('/auth/login')
    const callback = await provider.loginHeadlessly(begun.headers.get('location')!)
    const done = await browser.request(callback.pathname + callback.search)
    expect([done.status, done.headers.get('location')]).toEqual([303, '/'])
    expect(await (await browser.request('/')).text()).toContain('Hello, alice')
    await browser.post('/auth/logout', {}, { origin: address })
    expect(await (await browser.request('/')).text()).toContain('Log in')
  })
})
