// The whole way over real sockets on this machine, through the transport that a client has by default.
import { expect, it } from 'vitest'
import { createAtprotoClient } from '../../src/atproto/index.ts'
import { serve } from '../http/serve.ts'
import { alice, createFakeNetwork, type FakeNetwork } from '../support/atproto/fake-network.ts'

async function aServedNetwork() {
  let network: FakeNetwork | undefined
  const open = async () => {
    const served = await serve(async ({ method, url, headers, body }, response) => {
      const fields = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string])
      const init = { method, headers: fields, ...(body !== '' && { body }) }
      const answer = await network!.fetch(new Request(`${served.origin}${url}`, init))
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
    })
    return served.origin
  }
  const [plc, pds, issuer] = [await open(), await open(), await open()]
  network = createFakeNetwork({ plc, pds, issuer })
  return { network, plc, pds, issuer }
}

it('logs in, calls, refreshes and logs out', async () => {
  const { network, plc, pds, issuer } = await aServedNetwork()
  const client = createAtprotoClient({
    baseUrl: 'http://127.0.0.1:8123',
    localhost: true,
    plcDirectoryUrl: plc,
    resolveTxt: network.resolveTxt,
    runtime: { ...network.clock, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
    allowLoopbackHttp: true,
  })
  const url = await client.createAuthorizationUrl(alice.handle)
  expect(url.origin).toBe(issuer)
  const session = await client.handleCallback(network.server.login(url))
  expect(session).toMatchObject({ subject: alice.did, resource: [pds] })
  expect((await session.fetch('/xrpc/com.example.ping')).status).toBe(200)
  network.clock.advance(60 * 60_000)
  expect((await session.fetch('/xrpc/com.example.ping', { method: 'POST', body: 'x' })).status).toBe(201)
  await session.logout()
  expect(network.server.accessTokens.size + network.server.refreshTokens.size).toBe(1)
  expect(network.sent.every(({ headers }) => headers.get('user-agent')?.startsWith('authentype/'))).toBe(true)
})

it('sends nothing to this machine unless it is told that it may', async () => {
  const { network, plc, pds } = await aServedNetwork()
  expect(() => createAtprotoClient({ baseUrl: 'https://app.hoster.dev', plcDirectoryUrl: plc })).toThrow(TypeError)
  const client = createAtprotoClient({ baseUrl: 'https://app.hoster.dev', resolveTxt: network.resolveTxt })
  await expect(client.createAuthorizationUrl(pds)).rejects.toMatchObject({ code: 'invalid_pds' })
  await expect(client.createAuthorizationUrl(pds.replace('http:', 'https:'))).rejects.toMatchObject({
    code: 'address_not_allowed',
  })
  await expect(client.identity.resolveDid('did:web:localhost')).rejects.toMatchObject({ code: 'invalid_did_type' })
  expect(network.sent).toEqual([])
})
