import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fetchWithCertificate, makeCertificates } from '../support/certificates.ts'

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

  it('serves over TLS, with a port for clients that have a certificate', async () => {
    const { server, ca } = makeCertificates('app.example')
    const folder = await mkdtemp(join(tmpdir(), 'authentype-serve-'))
    const files = await Promise.all(
      Object.entries({ key: server.key, cert: server.cert, ca }).map(async ([name, text]) => {
        await writeFile(join(folder, name), text)
        return join(folder, name)
      }),
    )
    const [key = '', cert = '', root = ''] = files
    const more = ['--tls-key', key, '--tls-cert', cert, '--client-ca', root, '--rotate-keys', '60']
    const { out, end } = await serve('--port', '0', '--json', ...more)
    const { issuer, mtlsOrigin } = JSON.parse(out) as Record<string, string>
    const url = `${issuer}/.well-known/openid-configuration`
    const metadata = (await (await fetchWithCertificate(ca)(new Request(url))).json()) as object
    expect(metadata).toMatchObject({ issuer, mtls_endpoint_aliases: { token_endpoint: `${mtlsOrigin}/token` } })
    expect(await end()).toEqual({ code: 0, err: '' })
    await rm(folder, { recursive: true })
  })

  it.each([
    [['--fault', 'fire'], 2, 'there is no fault'],
    [['--port', 'x'], 2, '--port'],
    [['--users', '/nowhere.json'], 3, '--users'],
    [['--users', 'package.json'], 3, 'users'],
    [['--rotate-keys', 'often'], 2, '--rotate-keys'],
    [['--tls-key', 'key.pem'], 2, '--tls-cert'],
    [['--client-ca', 'ca.pem'], 2, '--client-ca'],
    [['--tls-key', '/nowhere.pem', '--tls-cert', '/nowhere.pem'], 3, '--tls-key'],
    [['--tls-key', 'package.json', '--tls-cert', 'package.json'], 3, '--tls-key'],
    [['--certificate-header', 'not a name'], 3, 'clientCertificateHeader'],
  ])('refuses %j', async (args, code, text) => {
    const { end } = await serve(...args)
    const ended = await end()
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(text)
  })
})
