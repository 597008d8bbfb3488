// The README as a newcomer follows it: an empty directory, its commands, its programs, and no provider but the one that
// the package brings.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { freePort, pause } from '../support/local-servers.ts'
import { cleanEnvironment, createEmptyProject, type EmptyProject, root } from './packed-package.ts'

const page = readFileSync(join(root, 'README.md'), 'utf8')
const commands = /## Try it\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)![1]!.trim().split('\n')
const programOf = (name: string) =>
  new RegExp(`<!-- example: ${name} -->\n\`\`\`ts\n([\\s\\S]*?)\`\`\``).exec(page)![1]!
const running: ChildProcess[] = []
let project: EmptyProject
let server: Awaited<ReturnType<typeof start>>
let issuer: string

/** A command that goes on. */
function launch(command: string, env: Readonly<Record<string, string>> = {}) {
  const [name = '', ...args] = command.split(' ')
  // A group of its own, as in a terminal: npx hands no signal on.
  const child = spawn(name, args, { cwd: project.home, env: { ...cleanEnvironment(), ...env }, detached: true })
  running.push(child)
  const closed = once(child, 'close').then(([code]) => code as number | null)
  const started = { child, closed, stdout: '', stderr: '', onText: () => {} }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      started[name] += String(chunk)
      started.onText()
    })
  }
  return started
}

/** The same, once it has printed what is waited for. */
async function start(command: string, awaited: RegExp, env?: Readonly<Record<string, string>>) {
  const started = launch(command, env)
  const isSeen = () => awaited.test(started.stdout) || awaited.test(started.stderr)
  const seen = new Promise<void>((resolve) => {
    started.onText = () => isSeen() && resolve()
  })
  await Promise.race([seen, started.closed])
  expect(isSeen(), started.stdout + started.stderr).toBe(true)
  return started
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  process.kill(-child.pid!, 'SIGINT')
  await once(child, 'close')
}

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
  server = await start(`${commands[3]} --port 0`, /Interrupt to stop/)
  issuer = /Issuer\s+(\S+)/.exec(server.stdout)![1]!
}, 180_000)

afterEach(async () => {
  for (const child of running.splice(0)) if (child !== server.child) await stop(child)
})

afterAll(async () => {
  if (server) await stop(server.child)
  project?.remove()
})

describe('the README, followed in an empty directory', () => {
  it('says what the server says of itself', async () => {
    const usual = await start('npx authentype serve --help', /Exit codes/)
    expect(usual.stdout).toContain('default: 4000')
    expect(page).toContain('It serves `http://127.0.0.1:4000`')
    expect(server.stdout).toMatch(/alice, password alice\n.*bob, password bob/)
    expect(server.stdout).toContain('dev-service, secret dev-service-secret')
  })

  it('has a command-line tool that runs', async () => {
    writeFileSync(join(project.home, 'tool.ts'), programOf('command-line-tool'))
    const first = await start('npx tsx tool.ts', /enter (\S+)\n/, { ISSUER: issuer })
    const [, address, userCode] = /Open (\S+) and enter (\S+)/.exec(first.stderr)!
    const url = `${address}?${new URLSearchParams({ user_code: userCode! })}`
    expect(await new HeadlessBrowser().travel(url)).toContain('Your device goes on by itself')
    expect([await first.closed, first.stdout]).toEqual([0, expect.stringContaining("name: 'Alice Adams'")])
    const second = await start('npx tsx tool.ts', /Alice Adams/, { ISSUER: issuer })
    expect([await second.closed, second.stderr]).toEqual([0, expect.not.stringContaining('Open')])
  }, 60_000)

  it('has a web app that runs', async () => {
    writeFileSync(join(project.home, 'app.ts'), programOf('web-app'))
    const port = await freePort()
    const app = `http://127.0.0.1:${port}`
    launch('npx tsx app.ts', { ISSUER: issuer, PORT: String(port) })
    const isUp = () => fetch(app).then(Boolean, () => false)
    for (let tries = 0; tries < 300 && !(await isUp()); tries++) await pause(50)
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
    const { stdout, closed } = await start('npx tsx server.ts', /request_uri=/)
    expect([await closed, stdout]).toEqual([0, expect.stringContaining('client_id=dev-app')])
  }, 60_000)

  it('has commands of the shell that find the server', async () => {
    const env = { AUTHENTYPE_HOME: join(project.home, '.authentype') }
    const [command] = /npx authentype login http:\/\/127\.0\.0\.1:4000 [^`]+/.exec(page)!
    const login = `${command.replace('http://127.0.0.1:4000', issuer)} --no-browser`
    const { stdout, stderr, closed } = await start(login, /http\S+\/authorize\S+/, env)
    const callback = await new HeadlessBrowser().login(/http\S+\/authorize\S+/.exec(stdout + stderr)![0])
    expect((await fetch(callback)).status).toBe(200)
    expect(await closed).toBe(0)
    const token = await start('npx authentype token', /\S+\n/, env)
    expect(await token.closed).toBe(0)
    const headers = { authorization: `Bearer ${token.stdout.trim()}` }
    expect(await (await fetch(`${issuer}/userinfo`, { headers })).json()).toMatchObject({ sub: 'alice' })
    const logout = await start('npx authentype logout', /./, env)
    expect(await logout.closed).toBe(0)
    expect((await fetch(`${issuer}/userinfo`, { headers })).status).toBe(401)
  }, 60_000)
})
