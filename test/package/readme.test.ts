// The README as a newcomer follows it: an empty directory, its commands, its programs, and no provider but the one that
// the package brings.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { freePort } from '../support/local-servers.ts'
import { createEmptyProject, type EmptyProject, root } from './packed-package.ts'
import { openTerminals, type RunningCommand, type Terminals } from './running-commands.ts'

const page = readFileSync(join(root, 'README.md'), 'utf8')
const commands = /## Try it\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)![1]!.trim().split('\n')
const programOf = (name: string) =>
  new RegExp(`<!-- example: ${name} -->\n\`\`\`ts\n([\\s\\S]*?)\`\`\``).exec(page)![1]!
let project: EmptyProject
let terminals: Terminals
let server: RunningCommand
let issuer: string

beforeAll(async () => {
  project = createEmptyProject()
  expect(commands).toEqual([
    'npm init -y',
    'npm pkg set type=module',
    'npm install authentype hono tsx',
    'npx authentype serve',
  ])
  for (const command of commands.slice(0, 2)) project.run('npm', command.split(' ').slice(1))
  project.install(...commands[2]!.split(' ').slice(2))
  // The port of the page may be somebody else's on this machine.
  terminals = openTerminals(project.home)
  server = await terminals.launchUntil(`${commands[3]} --port 0`, /Interrupt to stop/)
  issuer = /Issuer\s+(\S+)/.exec(server.stdout)![1]!
}, 180_000)

afterEach(() => terminals.interrupt(server))

afterAll(async () => {
  await terminals?.interrupt()
  project?.remove()
})

describe('the README, followed in an empty directory', () => {
  it('says what the server says of itself', async () => {
    const usual = await terminals.launchUntil('npx authentype serve --help', /Exit codes/)
    expect(usual.stdout).toContain('default: 4000')
    expect(page).toContain('It serves `http://127.0.0.1:4000`')
    expect(server.stdout).toMatch(/alice, password alice\n.*bob, password bob/)
    expect(server.stdout).toContain('dev-service, secret dev-service-secret')
  })

  it('has a command-line tool that runs', async () => {
    writeFileSync(join(project.home, 'tool.ts'), programOf('command-line-tool'))
    const first = await terminals.launchUntil('npx tsx tool.ts', /enter (\S+)\n/, { ISSUER: issuer })
    const [, address, userCode] = /Open (\S+) and enter (\S+)/.exec(first.stderr)!
    const url = `${address}?${new URLSearchParams({ user_code: userCode! })}`
    expect(await new HeadlessBrowser().travel(url)).toContain('Your device goes on by itself')
    expect([await first.closed, first.stdout]).toEqual([0, expect.stringContaining("name: 'Alice Adams'")])
    const second = await terminals.launchUntil('npx tsx tool.ts', /Alice Adams/, { ISSUER: issuer })
    expect([await second.closed, second.stderr]).toEqual([0, expect.not.stringContaining('Open')])
  }, 60_000)

  it('has a web app that runs', async () => {
    writeFileSync(join(project.home, 'app.ts'), programOf('web-app'))
    const port = await freePort()
    const app = `http://127.0.0.1:${port}`
    await terminals.launchAt(app, 'npx tsx app.ts', { ISSUER: issuer, PORT: String(port) })
    const browser = new HeadlessBrowser()
    expect(await (await browser.send(app)).text()).toContain('Log in')
    const callback = await new HeadlessBrowser().login(
      (await browser.send(`${app}/auth/login`)).headers.get('location')!,
    )
    expect((await browser.send(callback)).headers.get('location')).toBe('/')
    expect(await (await browser.send(app)).text()).toContain('Hello, alice')
    await browser.send(`${app}/auth/logout`, { method: 'POST', body: new URLSearchParams(), headers: { origin: app } })
    expect(await (await browser.send(app)).text()).toContain('Log in')
  }, 60_000)

  it('has a server in a program that runs', async () => {
    writeFileSync(join(project.home, 'server.ts'), programOf('dev-server'))
    const { stdout, closed } = await terminals.launchUntil('npx tsx server.ts', /request_uri=/)
    expect([await closed, stdout]).toEqual([0, expect.stringContaining('client_id=dev-app')])
  }, 60_000)

  it('has commands of the shell that find the server', async () => {
    const env = { AUTHENTYPE_HOME: join(project.home, '.authentype') }
    const [command] = /npx authentype login http:\/\/127\.0\.0\.1:4000 [^`]+/.exec(page)!
    const login = `${command.replace('http://127.0.0.1:4000', issuer)} --no-browser`
    const { stdout, stderr, closed } = await terminals.launchUntil(login, /http\S+\/authorize\S+/, env)
    const callback = await new HeadlessBrowser().login(/http\S+\/authorize\S+/.exec(stdout + stderr)![0])
    expect((await fetch(callback)).status).toBe(200)
    expect(await closed).toBe(0)
    const token = await terminals.launchUntil('npx authentype token', /\S+\n/, env)
    expect(await token.closed).toBe(0)
    const headers = { authorization: `Bearer ${token.stdout.trim()}` }
    expect(await (await fetch(`${issuer}/userinfo`, { headers })).json()).toMatchObject({ sub: 'alice' })
    const logout = await terminals.launchUntil('npx authentype logout', /./, env)
    expect(await logout.closed).toBe(0)
    expect((await fetch(`${issuer}/userinfo`, { headers })).status).toBe(401)
  }, 60_000)
})
