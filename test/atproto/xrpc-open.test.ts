// Which session an XRPC client is of.
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { failure } from '../http/serve.ts'
import { alice, issuer, pds, plc } from '../support/atproto/fake-network.ts'
import { aRig } from './rig.ts'

describe('createXrpcClient', () => {
  it('opens a session by its key, and calls its PDS under the name of the application', async () => {
    const { client, network, logIn } = await aRig({ userAgent: 'my-app/1.0' })
    const session = await logIn()
    const xrpc = await client.createXrpcClient(session.id)
    expect(xrpc.did).toBe(alice.did)
    await xrpc.get('com.atproto.server.getSession')
    const sent = network.sentTo(`${pds}/xrpc/com.atproto.server.getSession`)
    expect(sent.at(-1)!.headers.get('user-agent')).toBe('my-app/1.0')
  })

  it('finds of several sessions of a DID the newest', async () => {
    const { client, clock, logIn, network } = await aRig()
    const older = await logIn()
    clock.advance(1000)
    const newer = await logIn()
    const tokens = [(await older.getAccessToken()).value, (await newer.getAccessToken()).value]
    const xrpc = await client.createXrpcClient(alice.did)
    await xrpc.get('com.atproto.server.getSession')
    const sent = network.sentTo(`${pds}/xrpc/com.atproto.server.getSession`).at(-1)!
    expect(sent.headers.get('authorization')).toBe(`DPoP ${tokens[1]}`)
  })

  it('finds an active session before a newer one that has ended', async () => {
    const { client, clock, logIn, network } = await aRig()
    const older = await logIn()
    clock.advance(1000)
    const newer = await logIn()
    network.server.refreshTokens.clear()
    await failure(newer.refresh())
    expect(await newer.status()).toBe('expired')
    const xrpc = await client.createXrpcClient(alice.did)
    await xrpc.get('com.atproto.server.getSession')
    const sent = network.sentTo(`${pds}/xrpc/com.atproto.server.getSession`).at(-1)!
    expect(sent.headers.get('authorization')).toBe(`DPoP ${(await older.getAccessToken()).value}`)
  })

  it('follows the account to a PDS that it moves to, as soon as a renewal has found out', async () => {
    const { client, network, logIn } = await aRig()
    const session = await logIn()
    const xrpc = await client.createXrpcClient(session.id)
    const nsid = 'com.atproto.server.getSession'
    await xrpc.get(nsid, { params: { limit: 1 } })
    const next = 'https://next.hoster.dev'
    const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: next }]
    network.set(`${plc}/${alice.did}`, network.document({ service }))
    network.set(`${next}/.well-known/oauth-protected-resource`, { resource: next, authorization_servers: [issuer] })
    network.set(`${next}/xrpc/${nsid}`, () => Response.json({}, { headers: { 'dpop-nonce': 'next-1' } }))
    const before = network.sentTo(`${pds}/xrpc/${nsid}`).length
    await xrpc.refresh()
    await Promise.all([xrpc.get(nsid, { params: { limit: 2 } }), xrpc.get(nsid)])
    expect(network.sentTo(`${pds}/xrpc/${nsid}`)).toHaveLength(before)
    const sent = network.sentTo(`${next}/xrpc/${nsid}`)
    expect(sent.map(({ url }) => url)).toEqual([`${next}/xrpc/${nsid}?limit=2`, `${next}/xrpc/${nsid}`])
    expect(sent[0]!.headers.get('authorization')).toBe(`DPoP ${(await session.getAccessToken()).value}`)
  })

  it('follows it, too, when the PDS that it has left refuses its tokens', async () => {
    const { client, network, logIn } = await aRig()
    const session = await logIn()
    const xrpc = await client.createXrpcClient(session.id)
    const nsid = 'com.atproto.server.getSession'
    const next = 'https://next.hoster.dev'
    const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: next }]
    network.set(`${plc}/${alice.did}`, network.document({ service }))
    network.set(`${next}/.well-known/oauth-protected-resource`, { resource: next, authorization_servers: [issuer] })
    network.set(`${next}/xrpc/${nsid}`, () => Response.json({ at: 'next' }, { headers: { 'dpop-nonce': 'next-1' } }))
    const headers = { 'dpop-nonce': 'pds-nonce-1', 'www-authenticate': 'DPoP error="invalid_token"' }
    network.set(`${pds}/xrpc/${nsid}`, () => Response.json({ error: 'InvalidToken' }, { status: 401, headers }))
    expect((await xrpc.get(nsid)).data).toEqual({ at: 'next' })
    expect(await session.status()).toBe('active')
  })

  it('uploads a stream, though the PDS asks for it twice: it has a nonce to give first', async () => {
    const { client, network, logIn } = await aRig()
    const { id } = await logIn()
    const xrpc = await client.createXrpcClient(id)
    const bodies: string[] = []
    const upload = `${pds}/xrpc/com.atproto.repo.uploadBlob`
    network.set(upload, async (request) => {
      bodies.push(`${request.headers.get('content-type')}: ${await request.text()}`)
      const isFirst = bodies.length === 1
      const headers = { 'dpop-nonce': 'pds-nonce-1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
      return isFirst ? Response.json({}, { status: 401, headers }) : Response.json({}, { headers })
    })
    const input = new Blob(['hello']).stream()
    const { status } = await xrpc.post('com.atproto.repo.uploadBlob', { input, contentType: 'text/plain' })
    expect([status, ...bodies]).toEqual([200, 'text/plain: hello', 'text/plain: hello'])
  })

  it('proves by the clock of the PDS, from the first call on', async () => {
    const { client, clock, network, logIn } = await aRig()
    const ahead = 240_000
    const headers = () => ({ date: new Date(clock.now() + ahead).toUTCString(), 'dpop-nonce': 'pds-nonce-1' })
    const resource = { resource: pds, authorization_servers: [issuer] }
    network.set(`${pds}/.well-known/oauth-protected-resource`, () => Response.json(resource, { headers: headers() }))
    const nsid = 'com.atproto.server.getSession'
    network.set(`${pds}/xrpc/${nsid}`, () => Response.json({}, { headers: headers() }))
    const xrpc = await client.createXrpcClient((await logIn()).id)
    await xrpc.get(nsid)
    const { iat = 0 } = decodeJwt(network.sentTo(`${pds}/xrpc/${nsid}`)[0]!.headers.get('dpop')!)
    expect(Math.abs(iat * 1000 - clock.now() - ahead)).toBeLessThanOrEqual(2000)
  })

  it.each([alice.did, 'an-id-of-nobody'])('tells that %s has no session', async (key) => {
    const { client } = await aRig()
    expect(await failure(client.createXrpcClient(key))).toMatchObject({ name: 'AtprotoError', code: 'not_found' })
  })

  it.each(['Authorization', 'dpop'])('leaves %s to the session', async (name) => {
    const { client, logIn } = await aRig()
    const { id } = await logIn()
    const headers = { [name]: 'Bearer x' }
    const xrpc = await client.createXrpcClient(id)
    const call = xrpc.get('com.atproto.server.getSession', { headers })
    for (const error of [await failure(call), await failure(client.createXrpcClient(id, { headers }))]) {
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(name.toLowerCase())
    }
  })

  it('refuses an option that it does not know', async () => {
    const { client, logIn } = await aRig()
    const { id } = await logIn()
    expect((await failure(client.createXrpcClient(id, { retries: 3 } as never))).message).toContain('"retries"')
  })
})
