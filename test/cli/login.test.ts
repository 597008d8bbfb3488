import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'
import { bundleCommand, type CommandUnderTest } from './command.ts'

const lifetime = 4

let command: CommandUnderTest
let provider: RealProvider

beforeAll(async () => {
  command = await bundleCommand()
  provider = await startRealProvider({ accessTokenLifetime: lifetime })
  await provider.registerClient({
    client_id: 'cli',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  })
})

afterAll(async () => {
  command.close()
  await provider.close()
})

/** Plays the browser: from the address that the command prints to its loopback server. */
async function logIn(...more: readonly string[]) {
  return await command.start(
    ['login', provider.issuer, '--client-id', 'cli', '--no-browser', '--allow-loopback-http', ...more],
    (line) => {
      const url = addressIn(line)
      if (url) void visit(url)
    },
  )
}

/** The address stands alone on its line. */
const addressIn = (line: string) => /^\s+(https?:\S+)$/.exec(line)?.[1]

async function visit(url: string, deny = false): Promise<void> {
  const callback = await provider.loginHeadlessly(url, { login: 'alice', deny })
  const page = await fetch(callback)
  pages.push(await page.text())
}

const pages: string[] = []
const refreshes = () => provider.requests.filter(({ grantType }) => grantType === 'refresh_token').length

describe('authentype login', () => {
  it('logs in through the browser, and says so there and here', async () => {
    const { code, out, err } = await logIn('--json')
    expect(err).not.toContain('Error')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ issuer: provider.issuer, subject: 'alice', refreshable: true })
    expect(pages.at(-1)).toContain('You are logged in')
  })

  it('keeps nothing readable: sealed files for this user alone', async () => {
    const { out: token } = await command.run('token')
    const files = readdirSync(command.home, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(command.home, name),
    )
    const stored = files.filter((file) => statSync(file).isFile())
    expect(stored.length).toBeGreaterThan(1)
    for (const file of stored) {
      expect(statSync(file).mode & 0o077).toBe(0)
      expect(readFileSync(file, 'utf8')).not.toContain(token.trim())
    }
  })

  it('prints a token for scripts, and as JSON', async () => {
    const plain = await command.run('token')
    expect(plain).toMatchObject({ code: 0, err: '' })
    const json = await command.run('token', provider.issuer, '--json')
    expect(JSON.parse(json.out)).toMatchObject({ scope: expect.stringContaining('openid') })
    const { userinfo } = await endpoints()
    const answer = await fetch(userinfo, {
      headers: { authorization: `Bearer ${(await command.run('token')).out.trim()}` },
    })
    expect(answer.status).toBe(200)
  })

  it('renews once for ten shells that ask at the same time', async () => {
    await command.run('token')
    await new Promise((resolve) => setTimeout(resolve, lifetime * 1000))
    const before = refreshes()
    const runs = await Promise.all(Array.from({ length: 10 }, () => command.run('token')))
    expect(runs.map(({ code }) => code)).toEqual(Array(10).fill(0))
    expect(new Set(runs.map(({ out }) => out)).size).toBe(1)
    expect(refreshes() - before).toBe(1)
  })

  it('says what is wrong with files that somebody changed, and is whole when they are as they were', async () => {
    const files = readdirSync(command.home, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    const ends = new Set<number | null>()
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name)
      const before = readFileSync(path)
      for (const damage of [Buffer.alloc(0), Buffer.from(before.toReversed()), Buffer.from('{"format":1}')]) {
        writeFileSync(path, damage)
        const { code, out, err } = await command.run('token')
        ends.add(code)
        expect(`${out}${err}`, name).not.toMatch(/at .*\.js:\d|undefined|\[object/)
        if (code !== 0) expect(err, name).toMatch(/^authentype: /)
        writeFileSync(path, before)
      }
    }
    // Some files matter (a record, the key), some do not (a marker); none ends the command in a way of its own.
    expect([...ends].every((code) => code === 0 || code === 2 || code === 3 || code === 1)).toBe(true)
    expect(ends.size).toBeGreaterThan(1)
    expect((await command.run('token')).code).toBe(0)
  }, 120_000)

  it('keeps the tokens of no earlier login at the issuer, which no command could reach', async () => {
    const records = () => readdirSync(join(command.home, 'records/records')).length
    const before = records()
    expect((await logIn()).code).toBe(0)
    expect(records()).toBe(before)
    expect((await command.run('token')).code).toBe(0)
  })

  it.each([
    ['token', 'issuer', 'extra'],
    ['logout', 'issuer', 'extra'],
    ['login', 'issuer', 'extra', '--client-id', 'x'],
    ['discover', 'issuer', 'extra'],
    ['verify', 'token', 'extra', '--issuer', 'https://op.example', '--client-id', 'x'],
    ['generate', 'document', 'extra', '--out', 'folder'],
    ['serve', 'extra'],
  ])('refuses a word too many, and says how the command is used: %s', async (name, ...words) => {
    const { code, out, err } = await command.run(name, ...words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^authentype: .*["']extra["']/)
    expect(err).toContain(`\nUsage: authentype ${name} `)
  })

  it('ends at once where the login cannot even begin', async () => {
    const begin = (...options: string[]) => command.run('login', provider.issuer, '--allow-loopback-http', ...options)
    expect(await begin('--client-id', 'spa', '--client-secret-env', 'NOT_SET')).toMatchObject({ code: 2 })
    expect(await begin('--client-id', '')).toMatchObject({ code: 2, err: expect.stringContaining('--client-id') })
  })

  it('logs out: the tokens are revoked, and there is nothing to print any more', async () => {
    expect((await command.run('logout')).code).toBe(0)
    const after = await command.run('token')
    expect(after.code).toBe(2)
    expect(after.err).toContain('authentype login')
  })

  it('forgets a login whose session is gone', async () => {
    expect((await logIn()).code).toBe(0)
    const folder = join(command.home, 'records/records')
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (readFileSync(path, 'utf8').includes('"key":"session:')) rmSync(path)
    }
    expect((await command.run('token')).code).toBe(1)
    expect((await command.run('logout')).code).toBe(0)
    expect((await command.run('token')).code).toBe(2)
  })

  it('says which port cannot be had', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const arguments_ = ['login', provider.issuer, '--client-id', 'cli', '--allow-loopback-http', '--port', String(port)]
    expect(await command.run(...arguments_)).toMatchObject({ code: 2, err: expect.stringContaining('EADDRINUSE') })
    taken.close()
  })

  it('says in the browser and here that the user said no', async () => {
    const run = command.start(
      ['login', provider.issuer, '--client-id', 'cli', '--no-browser', '--allow-loopback-http'],
      (line) => {
        const url = addressIn(line)
        if (url) void visit(url, true)
      },
    )
    const { code, err } = await run
    expect(code).toBe(1)
    expect(err).toContain('access_denied')
    expect(err).toMatch(/\n {2}the server says: \w/)
    expect(pages.at(-1)).toContain('not logged in')
  })

  it('gives up when nobody comes back', async () => {
    const { code, err } = await command.run(
      ...['login', provider.issuer, '--client-id', 'cli', '--no-browser', '--allow-loopback-http', '--timeout', '1'],
    )
    expect(code).toBe(2)
    expect(err).toContain('--timeout')
  })

  it.each([
    [['login'], 'name one issuer'],
    [['login', 'https://issuer.example'], '--client-id is needed'],
    [['login', 'https://issuer.example', '--clientid', 'x'], '--clientid'],
    [['login', 'https://issuer.example', '--client-id', 'x', '--port', '99999'], '--port must be'],
    [['login', 'https://issuer.example', '--client-id', 'x', '--timeout', '0'], '--timeout must be'],
    [['token'], 'nobody is logged in'],
    [['verify', 'x'], '--issuer and --client-id'],
    [['discover'], 'name an issuer'],
  ])('says what is wrong with the command line: %j', async (args, message) => {
    const { code, err } = await command.run(...args)
    expect(err).toContain(message)
    expect(code).toBe(2)
  })
})

describe('authentype verify and discover', () => {
  it('prints each rule, and why a token is not to be believed', async () => {
    const token = ['{"alg":"ES256"}', '{"iss":"x"}', 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    const { code, out } = await command.run(
      ...['verify', token, '--issuer', provider.issuer, '--client-id', 'cli', '--allow-loopback-http', '--json'],
    )
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'shape' })]),
    })
  })

  it('prints the metadata, and refuses another issuer’s', async () => {
    expect((await endpoints()).userinfo).toContain(provider.issuer)
    const alias = provider.issuer.replace('127.0.0.1', 'localhost')
    const { code, err } = await command.run('discover', alias, '--allow-loopback-http')
    expect(code).toBe(3)
    expect(err).toContain('RFC 8414 3.3')
  })

  it('says how a server of this machine is taken, and does not take it without', async () => {
    const { code, err } = await command.run('discover', provider.issuer)
    expect(code).toBe(3)
    expect(err).toContain('RFC 6749 3.1')
    expect(err).toContain('--allow-loopback-http')
    const elsewhere = await command.run('discover', 'http://issuer.example')
    expect(elsewhere.err).not.toContain('--allow-loopback-http')
  })
})

async function endpoints(): Promise<{ userinfo: string }> {
  const { out } = await command.run('discover', provider.issuer, '--allow-loopback-http', '--json')
  return { userinfo: (JSON.parse(out) as { userinfo_endpoint: string }).userinfo_endpoint }
}
