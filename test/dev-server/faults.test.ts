// The switches by which an application's author tests their own handling, and the server as users start it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDevHandler, createDevServer, type DevServer } from '../../src/dev-server/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'

const basic = `Basic ${btoa('dev-service:dev-service-secret')}`
let server: DevServer
beforeEach(async () => {
  server = await createDevServer()
})
afterEach(() => server.close())

const ask = () =>
  fetch(`${server.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api:read' }),
    headers: { authorization: basic },
  })
const tokenOf = async () => (await (await ask()).json()) as { access_token: string; expires_in: number }
const kidOf = (token: string) => (JSON.parse(atob(token.split('.')[0]!)) as { kid: string }).kid
const keys = async () => ((await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys

describe('faults', () => {
  it('lets access tokens live for a second', async () => {
    expect((await tokenOf()).expires_in).toBe(900)
    server.faults.add('expired-tokens')
    expect((await tokenOf()).expires_in).toBe(1)
    server.faults.delete('expired-tokens')
    expect((await tokenOf()).expires_in).toBe(900)
  })

  it('signs each answer by a key that nobody has seen, and publishes it with the old ones', async () => {
    const known = (await keys()).map(({ kid }) => kid)
    server.faults.add('rotated-keys')
    const kid = kidOf((await tokenOf()).access_token)
    expect(known).not.toContain(kid)
    const published = (await keys()).map((key) => key.kid)
    expect(published).toEqual(expect.arrayContaining([...known, kid]))
  })

  it('rotates keys when it is told to', async () => {
    const before = kidOf((await tokenOf()).access_token)
    await server.rotateKeys()
    expect(kidOf((await tokenOf()).access_token)).not.toBe(before)
    expect((await keys()).some(({ kid }) => kid === before)).toBe(true)
  })

  it('loses every other answer of the token endpoint', async () => {
    server.faults.add('lost-responses')
    await expect(ask()).rejects.toThrow('fetch failed')
    expect((await ask()).status).toBe(200)
    await expect(ask()).rejects.toThrow('fetch failed')
  })

  it('answers every other token request that it is not available, and does nothing for it', async () => {
    server.faults.add('unavailable')
    const first = await ask()
    expect(first.status).toBe(503)
    expect(first.headers.get('retry-after')).toBe('1')
    expect((await ask()).status).toBe(200)
    expect((await ask()).status).toBe(503)
  })

  it('answers late', async () => {
    const waits: number[] = []
    const delay = async (milliseconds: number) => {
      waits.push(milliseconds)
    }
    const slow = await createDevHandler({
      issuer: 'http://127.0.0.1:4999',
      faults: ['slow-responses'],
      runtime: { ...systemRuntime, delay },
    })
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    const init = { method: 'POST', body, headers: { authorization: basic } }
    expect((await slow.handle(new Request(`${slow.issuer}/token`, init))).status).toBe(200)
    expect(waits).toEqual([3_000])
  })

  it('takes no refresh token any more', async () => {
    server.faults.add('revoked-grants')
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' })
    const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body, headers: { authorization: basic } })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' })
    expect((await ask()).status).toBe(200)
  })

  it('denies each login without a page', async () => {
    server.faults.add('denied-logins')
    const query = new URLSearchParams({
      client_id: 'dev-app',
      redirect_uri: 'http://127.0.0.1:3999/callback',
      response_type: 'code',
      scope: 'openid',
      state: 's',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    })
    const answer = await fetch(`${server.issuer}/authorize?${query}`, { redirect: 'manual' })
    const callback = new URL(answer.headers.get('location') ?? '')
    expect(answer.status).toBe(303)
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({ error: 'access_denied', state: 's' })
  })
})

describe('key rotation', () => {
  it('goes by the clock, and publishes old keys until the last that they signed has expired', async () => {
    let now = Date.UTC(2026, 10, 21)
    const lifetimes = { accessToken: 60, idToken: 120 }
    const { handle, issuer, rotateKeys } = await createDevHandler({
      issuer: 'http://127.0.0.1:4999',
      lifetimes,
      runtime: { ...systemRuntime, now: () => now },
    })
    const kids = async () => {
      const answer = await handle(new Request(`${issuer}/jwks`))
      expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
      return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
    }
    const before = await kids()
    await rotateKeys()
    const during = await kids()
    expect(during).toHaveLength(2 * before.length)
    expect(during).toEqual(expect.arrayContaining(before))
    now += 119_000
    expect(await kids()).toEqual(expect.arrayContaining(before))
    now += 301_000
    const after = await kids()
    expect(after).toHaveLength(before.length)
    expect(after.filter((kid) => before.includes(kid))).toEqual([])
  })

  it('happens by itself where it is told to', async () => {
    const rotating = await createDevServer({ rotateKeysEvery: 1 })
    try {
      const count = async () =>
        ((await (await fetch(`${rotating.issuer}/jwks`)).json()) as { keys: object[] }).keys.length
      const before = await count()
      await expect.poll(count, { timeout: 15_000, interval: 200 }).toBeGreaterThan(before)
    } finally {
      await rotating.close()
    }
  })
})

describe('createDevServer', () => {
  it('refuses what it does not understand, by name', async () => {
    const refused = (options: object) => expect(createDevServer(options)).rejects
    await refused({ prot: 1 }).toThrow('prot')
    await refused({ faults: ['fire'] }).toThrow('faults')
    await refused({ issuer: 'http://127.0.0.1/path' }).toThrow('issuer')
    await refused({ users: [{ username: 'x' }] }).toThrow('users')
    await refused({ mtlsOrigin: 'https://127.0.0.1/path' }).toThrow('mtlsOrigin')
    await refused({ assertionIssuers: [{}] }).toThrow('assertionIssuers')
    await refused({ tls: { key: 'k' } }).toThrow('tls')
    await refused({ tls: { key: 'k', cert: 'c', pfx: 'p' } }).toThrow('pfx')
    await refused({ clientCertificateHeader: 'a b' }).toThrow('clientCertificateHeader')
    await refused({ rotateKeysEvery: 0 }).toThrow('rotateKeysEvery')
    await refused({
      users: [
        { username: 'x', password: 'y' },
        { username: 'x', password: 'z' },
      ],
    }).toThrow('users')
  })

  it('tells a sink what happened, and does not mind a sink that fails', async () => {
    const names: string[] = []
    const { handle, issuer } = await createDevHandler({
      issuer: 'http://127.0.0.1:4999',
      onEvent: ({ name }) => {
        names.push(name)
        throw new Error('full')
      },
    })
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    const answer = await handle(
      new Request(`${issuer}/token`, { method: 'POST', body, headers: { authorization: basic } }),
    )
    expect(answer.status).toBe(200)
    expect(names).toEqual(['token_issued'])
    const late = await createDevHandler({
      issuer: 'http://127.0.0.1:4999',
      // Neither a promise that is broken nor one that is never kept.
      onEvent: async ({ name }) => {
        names.push(name)
        if (names.length > 2) await new Promise(() => {})
        throw new Error('full')
      },
    })
    const again = () =>
      late.handle(new Request(`${issuer}/token`, { method: 'POST', body, headers: { authorization: basic } }))
    expect((await again()).status).toBe(200)
    expect((await again()).status).toBe(200)
    expect(names).toHaveLength(3)
  })
})
