// The switches by which an application's author tests their own handling, and the server as users start it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDevHandler, createDevServer, type DevServer } from '../../src/dev-server/index.ts'

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
})

describe('createDevServer', () => {
  it('refuses what it does not understand, by name', async () => {
    const refused = (options: object) => expect(createDevServer(options)).rejects
    await refused({ prot: 1 }).toThrow('prot')
    await refused({ faults: ['fire'] }).toThrow('faults')
    await refused({ issuer: 'http://127.0.0.1/path' }).toThrow('issuer')
    await refused({ users: [{ username: 'x' }] }).toThrow('users')
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
  })
})
