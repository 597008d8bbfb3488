// docs/own-server.md as a stranger follows it: an empty directory, the packed package, a PostgreSQL, the page's programs
// under the names that it gives them. At the end the web app of the README logs in there.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCompilers } from '../../scripts/support/compilers.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { freePort, type LocalServer } from '../support/local-servers.ts'
import { hasPostgres, startPostgres } from '../support/postgres-server.ts'
import { createEmptyProject, type EmptyProject, root, strictCompilerOptions } from './packed-package.ts'
import { openTerminals, type Terminals } from './running-commands.ts'

const page = readFileSync(join(root, 'docs/own-server.md'), 'utf8')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const programs = [...page.matchAll(/<!-- example: (\w+) -->\n```ts\n([\s\S]*?)```/g)]
const installed = /npm install (authentype [\w@/ ]+?) +#/.exec(page)![1]!.split(' ')

describe.skipIf(!hasPostgres)('docs/own-server.md, followed in an empty directory', () => {
  let project: EmptyProject
  let terminals: Terminals
  let database: LocalServer
  let app: string
  let issuer: string

  beforeAll(async () => {
    project = createEmptyProject()
    for (const line of ['init -y', 'pkg set type=module']) project.run('npm', line.split(' '))
    // Both frameworks, and what the web app needs.
    project.install(...installed, 'express', '@types/express')
    for (const [, name, code] of programs) writeFileSync(join(project.home, `${name}.ts`), code!)
    const [, webApp] = /<!-- example: web-app -->\n```ts\n([\s\S]*?)```/.exec(readme)!
    writeFileSync(join(project.home, 'app.ts'), webApp!)
    database = await startPostgres()
    const [port, appPort] = [await freePort(), await freePort()]
    ;[issuer, app] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${appPort}`]
    terminals = openTerminals(project.home)
    const env = { DATABASE_URL: database.url, PORT: String(port), APP: app }
    await terminals.launchAt(issuer, 'npx tsx main.ts', env)
    const [, secret] = /CLIENT_SECRET='([^']+)'/.exec(page)!
    const client = { ISSUER: issuer, CLIENT_ID: 'app', CLIENT_SECRET: secret!, PORT: String(appPort) }
    await terminals.launchAt(app, 'npx tsx app.ts', client)
  }, 240_000)

  afterAll(async () => {
    await terminals?.interrupt()
    await database?.close()
    project?.remove()
  })

  /** What a form of the page at this address is answered with. */
  async function sendForm(browser: HeadlessBrowser, url: URL, fields: Record<string, string>, origin = issuer) {
    const init = { method: 'POST', body: new URLSearchParams(fields), headers: { origin } }
    const response = await browser.send(url, init)
    const location = response.headers.get('location')
    return { response, next: location === null ? undefined : new URL(location, url) }
  }

  /** From the web app to the login page of the server. */
  async function begin(browser: HeadlessBrowser): Promise<URL> {
    let url = new URL((await browser.send(`${app}/auth/login`)).headers.get('location')!)
    for (let step = 0; step < 5 && url.pathname !== '/login'; step++) {
      url = new URL((await browser.send(url)).headers.get('location')!, url)
    }
    return url
  }

  it('has programs that compile beside TypeScript 5, 6 and 7', () => {
    const [, option] = /`"rewriteRelativeImportExtensions": (true)`/.exec(page)!
    const compilerOptions = {
      ...strictCompilerOptions,
      types: ['node'],
      rewriteRelativeImportExtensions: option === 'true',
    }
    const include = programs.map(([, name]) => `${name}.ts`)
    writeFileSync(join(project.home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }))
    for (const path of [...findCompilers().map((each) => each.path), join(root, 'node_modules/.bin/tsc6')])
      expect(project.compile(path), path).toBe('')
  }, 120_000)

  it('ends with a server at which the web app of the README logs in', async () => {
    const browser = new HeadlessBrowser()
    const login = await begin(browser)
    expect(await (await browser.send(login)).text()).toContain('<input name="username"')
    const wrong = await sendForm(browser, login, { username: 'alice', password: 'wrong' })
    expect(await wrong.response.text()).toContain('User name or password is wrong.')
    const { next: waiting } = await sendForm(browser, login, { username: 'alice', password: 'alice' })
    const question = await (await browser.send(waiting!)).text()
    expect(question).toContain('The web app asks for:')
    expect(question).toContain('<li>offline_access</li>')
    const { next: here } = await sendForm(browser, waiting!, { answer: 'yes' })
    const callback = (await browser.send(here!)).headers.get('location')!
    expect((await browser.send(callback)).headers.get('location')).toBe('/')
    expect(await (await browser.send(app)).text()).toContain('Hello, alice')
  }, 30_000)

  it('has pages that take no form of another site, and lead to none', async () => {
    const browser = new HeadlessBrowser()
    const login = await begin(browser)
    const alice = { username: 'alice', password: 'alice' }
    expect((await sendForm(browser, login, alice, 'https://evil.example')).response.status).toBe(403)
    expect(browser.cookies.has('login')).toBe(false)
    for (const place of ['https://evil.example/', `${issuer}.evil.example/authorize/`, '//evil.example', '']) {
      const url = new URL(`/login?${new URLSearchParams({ return_to: place })}`, issuer)
      expect((await sendForm(browser, url, alice)).response.status, place).toBe(400)
    }
    const { next: waiting } = await sendForm(browser, login, alice)
    const strange = await sendForm(browser, waiting!, { answer: 'yes' }, 'https://evil.example')
    expect([strange.response.status, strange.next]).toEqual([403, undefined])
  }, 30_000)
})
