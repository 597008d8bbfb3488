import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

/** The command as a process of its own, until its first line. */
async function serve(...args: readonly string[]) {
  const node = ['--conditions=authentype-source', '--import', 'tsx', 'src/cli/main.ts', 'serve', ...args]
  const child = spawn(process.execPath, node)
  let [out, err] = ['', '']
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  const closed = once(child, 'close') as Promise<[number]>
  const line = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      out += String(chunk)
      if (out.endsWith('\n')) resolve()
    })
  })
  await Promise.race([line, closed])
  return {
    out,
    async end() {
      child.kill('SIGINT')
      const [code] = await closed
      return { code, err }
    },
  }
}

describe('authentype serve', () => {
  it('says what it is, serves, and ends when it is interrupted', async () => {
    const { out, end } = await serve('--port', '0', '--json', '--fault', 'nonce-demands')
    const { issuer, users, clients, faults } = JSON.parse(out) as Record<string, never>
    expect(users).toMatchObject([{ username: 'alice', sub: 'alice' }, { username: 'bob' }])
    expect(clients).toMatchObject([{ client_id: 'dev-app' }, { client_id: 'dev-service' }])
    expect(faults).toEqual(['nonce-demands'])
    const metadata = await fetch(`${issuer}/.well-known/openid-configuration`)
    expect(await metadata.json()).toMatchObject({ issuer })
    expect(await end()).toEqual({ code: 0, err: '' })
  })

  it.each([
    [['--fault', 'fire'], 2, 'there is no fault'],
    [['--port', 'x'], 2, '--port'],
    [['--users', '/nowhere.json'], 3, '--users'],
  ])('refuses %j', async (args, code, text) => {
    const { end } = await serve(...args)
    const ended = await end()
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(text)
  })
})
