import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { alice, issuer, pds, plc } from '../support/atproto/fake-network.ts'
import { aRig } from './rig.ts'

const token = `${issuer}/oauth/token`
const refreshes = ({ network }: Awaited<ReturnType<typeof aRig>>) =>
  network.sentTo(token).filter(({ form }) => form.get('grant_type') === 'refresh_token')

describe('before each refresh', () => {
  it('the account is looked up anew', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    const [documents, resources] = [
      rig.network.sentTo(`${plc}/${alice.did}`).length,
      rig.network.sentTo(`${pds}/.well-known/oauth-protected-resource`).length,
    ]
    await session.refresh()
    await session.refresh()
    expect(rig.network.sentTo(`${plc}/${alice.did}`)).toHaveLength(documents + 2)
    expect(rig.network.sentTo(`${pds}/.well-known/oauth-protected-resource`)).toHaveLength(resources + 2)
  })

  it('an account that has another server by now ends the session, and its refresh token is not sent', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.network.set(`${pds}/.well-known/oauth-protected-resource`, {
      resource: pds,
      authorization_servers: ['https://auth.elsewhere.dev'],
    })
    await expect(session.refresh()).rejects.toMatchObject({ code: 'session_expired', reason: 'refresh_mismatch' })
    expect(refreshes(rig)).toHaveLength(0)
    expect(await session.status()).toBe('expired')
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'session_expired', reason: 'refresh_mismatch' }))
  })

  it.each(['plc.directory', 'pds.hoster.dev'])(
    'a network failure at %s degrades the session, and nothing is used up',
    async (host) => {
      const rig = await aRig()
      const session = await rig.logIn()
      rig.network.down(host)
      await expect(session.refresh()).rejects.toMatchObject({
        code: 'refresh_failed',
        cause: { code: 'identity_unavailable' },
      })
      expect(await session.status()).toBe('degraded')
      expect(refreshes(rig)).toHaveLength(0)
      rig.network.up(host)
      rig.clock.advance(60 * 60_000 - 30_000)
      expect((await session.getAccessToken()).value).not.toBe('')
      expect(await session.status()).toBe('active')
      expect(refreshes(rig)).toHaveLength(1)
    },
  )

  it('metadata that cannot be had counts as such a failure, too', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    const elsewhere = rig.anotherClient()
    rig.network.down('auth.hoster.dev')
    const same = await elsewhere.sessions.get(session.id)
    await expect(same.refresh()).rejects.toMatchObject({ cause: { code: 'identity_unavailable' } })
    rig.network.up('auth.hoster.dev')
    rig.clock.advance(10 * 60_000)
    await same.refresh()
    expect(await same.status()).toBe('active')
  })

  it('a PDS that the account has moved to at the same server becomes the session’s', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    const moved = 'https://pds2.hoster.dev'
    rig.network.set(
      `${plc}/${alice.did}`,
      rig.network.document({
        service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: moved }],
      }),
    )
    rig.network.set(`${moved}/.well-known/oauth-protected-resource`, {
      resource: moved,
      authorization_servers: [issuer],
    })
    await session.refresh()
    expect((await rig.client.sessions.open(alice.did)).resource).toEqual([moved])
  })
})

describe('a refresh', () => {
  it.each([
    ['of another account', { sub: 'did:plc:z72i7hdynmk6r22z27h6tvur' }],
    ['without sub', { sub: undefined }],
    ['without the scope atproto', { scope: 'transition:generic' }],
  ])('that is answered with tokens %s ends the session, and revokes them', async (_, refreshed) => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.network.server.faults.refreshed = refreshed
    await expect(session.refresh()).rejects.toMatchObject({ code: 'session_expired', reason: 'refresh_mismatch' })
    expect(rig.network.server.refreshTokens.size).toBe(0)
  })

  it('that is refused ends the session and says so', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.network.server.refreshTokens.clear()
    await expect(session.refresh()).rejects.toMatchObject({ code: 'session_expired', reason: 'refresh_refused' })
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'session_expired', reason: 'refresh_refused' }))
  })

  it('happens once for fifty calls at expiry', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.clock.advance(60 * 60_000)
    const answers = await Promise.all(Array.from({ length: 50 }, () => session.fetch('/xrpc/com.example.ping')))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(refreshes(rig)).toHaveLength(1)
  })

  it('happens in the background of months, over many processes', async () => {
    const rig = await aRig()
    const { id } = await rig.logIn()
    for (let day = 0; day < 60; day++) {
      rig.clock.advance(24 * 60 * 60_000)
      const session = await rig.anotherClient().sessions.get(id)
      expect((await session.fetch('/xrpc/com.example.ping')).status).toBe(200)
    }
    // Each process has the server's nonce to learn.
    expect(refreshes(rig).filter(({ headers }) => decodeJwt(headers.get('dpop')!).nonce)).toHaveLength(60)
  })
})

// What a library like this one is known to have got wrong.
describe('of the known mistakes', () => {
  it('none: metadata says response_types', async () => {
    const { client } = await aRig()
    expect(client.clientMetadata.response_types).toEqual(['code'])
  })

  it('none: a pushed request carries a DPoP proof', async () => {
    const { client, network } = await aRig()
    await client.createAuthorizationUrl(alice.handle)
    for (const { headers } of network.sentTo(`${issuer}/oauth/par`)) expect(headers.get('dpop')).toBeTruthy()
  })

  it('none: revocation authenticates the client, and takes both tokens', async () => {
    const { logIn, network } = await aRig()
    const session = await logIn()
    await session.logout()
    const revoked = network.sentTo(`${issuer}/oauth/revoke`).filter((_, i, all) => i > all.length - 3)
    expect(revoked.map(({ form }) => form.get('token_type_hint'))).toEqual(['refresh_token', 'access_token'])
    for (const { form } of revoked) expect(decodeJwt(form.get('client_assertion')!)).toMatchObject({ aud: issuer })
    expect(network.server.accessTokens.size + network.server.refreshTokens.size).toBe(0)
  })

  it('none: each server has its own nonce', async () => {
    const { logIn, network } = await aRig()
    const session = await logIn()
    await session.fetch('/xrpc/com.example.ping')
    network.server.nextNonce()
    await session.refresh()
    await session.fetch('/xrpc/com.example.ping')
    const nonceOf = ({ headers }: { headers: Headers }) => decodeJwt(headers.get('dpop')!).nonce
    const toPds = network.sentTo(`${pds}/xrpc/com.example.ping`).map(nonceOf)
    expect(toPds).toEqual([undefined, 'pds-nonce-1', 'pds-nonce-1'])
    const toServer = network.sentTo(token).map(nonceOf)
    expect(toServer).toEqual(['as-nonce-1', 'as-nonce-1', 'as-nonce-2'])
  })

  it('none: 201 and 204 are successes', async () => {
    const { logIn, network } = await aRig()
    const session = await logIn()
    expect((await session.fetch('/xrpc/com.example.create', { method: 'POST' })).status).toBe(201)
    const nothing = await session.fetch('/xrpc/com.example.nothing', { method: 'POST' })
    expect([nothing.status, await nothing.text()]).toEqual([204, ''])
    network.server.faults.answers = { revoke: () => new Response(null, { status: 204 }) }
    const events: unknown[] = []
    await session.logout()
    expect(events).toEqual([])
  })

  it('none: what is sent again after a refresh carries the new token', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    const { value: old } = await session.getAccessToken()
    // The PDS takes it no more, whatever its time says.
    rig.network.server.accessTokens.delete(old)
    const answer = await session.fetch('/xrpc/com.example.ping')
    const { token: used } = (await answer.json()) as { token: string }
    expect(answer.status).toBe(200)
    expect(used).not.toBe(old)
    expect(used).toBe((await session.getAccessToken()).value)
    const bearing = rig.network
      .sentTo(`${pds}/xrpc/com.example.ping`)
      .map(({ headers }) => headers.get('authorization'))
    expect(bearing.at(-1)).toBe(`DPoP ${used}`)
  })

  it('none: logout revokes at the server, and a PDS that is asked then refuses', async () => {
    const { logIn, network, client } = await aRig()
    const session = await logIn()
    const { value } = await session.getAccessToken()
    await session.logout()
    expect(network.server.grantOf(value)).toBeUndefined()
    await expect(session.fetch('/xrpc/com.example.ping')).rejects.toMatchObject({ code: 'session_not_found' })
    await expect(client.sessions.open(session.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('none: a late write does not bring back a session that was deleted, and its tokens are revoked', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    let answerRefresh = () => {}
    const held = new Promise<void>((resolve) => {
      answerRefresh = resolve
    })
    const handle = rig.network.server.handle
    rig.network.set(token, async (request) => {
      const response = await handle(request)
      await held
      return response
    })
    const refresh = session.refresh().catch((error: unknown) => error)
    while (refreshes(rig).length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    const logout = session.logout()
    await logout
    answerRefresh()
    expect(await refresh).toMatchObject({ code: 'session_not_found' })
    await expect(rig.client.sessions.get(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
    expect(await rig.client.sessions.findByDid(alice.did)).toEqual([])
    expect(rig.network.server.refreshTokens.size + rig.network.server.accessTokens.size).toBe(0)
  })
})

describe('revocation', () => {
  it('that fails is an event, and the session is gone all the same', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    rig.network.down('auth.hoster.dev')
    await session.logout()
    const failed = rig.events.filter(({ kind }) => kind === 'revocation_failed')
    expect(failed).toHaveLength(2)
    expect(failed[0]).toMatchObject({ issuer, token: 'refresh_token', error: 'network_error' })
    expect(await rig.client.sessions.findByDid(alice.did)).toEqual([])
  })

  it('at a server that has no such endpoint is an event, too', async () => {
    const rig = await aRig()
    rig.network.server.faults.metadata = { revocation_endpoint: undefined }
    const session = await rig.logIn()
    await session.logout()
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'revocation_failed', error: 'missing_metadata' }))
  })
})

describe('sessions', () => {
  it('are found by DID, the newest first, and opened by id or DID', async () => {
    const rig = await aRig()
    const first = await rig.logIn()
    rig.clock.advance(1000)
    const second = await rig.logIn()
    const { sessions } = rig.client
    expect((await sessions.findByDid(alice.did)).map(({ id }) => id)).toEqual([second.id, first.id])
    expect((await sessions.open(alice.did)).id).toBe(second.id)
    expect((await sessions.open(first.id)).id).toBe(first.id)
    rig.network.server.refreshTokens.clear()
    await second.refresh().catch(() => {})
    expect((await sessions.open(alice.did)).id).toBe(first.id)
    await first.refresh().catch(() => {})
    expect((await sessions.open(alice.did)).id).toBe(second.id)
  })

  it('that are not there are not found', async () => {
    const { client } = await aRig()
    await expect(client.sessions.open(alice.did)).rejects.toMatchObject({ code: 'not_found' })
    await expect(client.sessions.open('nobody')).rejects.toMatchObject({ code: 'not_found' })
    await expect(client.sessions.get('nobody')).rejects.toMatchObject({ code: 'session_not_found' })
    await expect(client.sessions.findByDid('nobody')).rejects.toThrow(TypeError)
  })

  it('are kept for as long as the application says', async () => {
    const rig = await aRig({ sessions: { lifetime: 60_000 } })
    const session = await rig.logIn()
    rig.clock.advance(60_001)
    await expect(rig.anotherClient().sessions.get(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('of another application in the same store are not opened', async () => {
    const rig = await aRig()
    const session = await rig.logIn()
    const other = rig.anotherClient({ baseUrl: 'https://other.hoster.dev' })
    expect(await other.sessions.findByDid(alice.did)).toEqual([])
    await expect(other.sessions.open(session.id)).rejects.toMatchObject({ code: 'not_found' })
    const callback = rig.network.server.login(await rig.client.createAuthorizationUrl(alice.handle))
    await expect(other.handleCallback(callback)).rejects.toMatchObject({ code: 'unknown_transaction' })
    expect((await rig.client.handleCallback(callback)).subject).toBe(alice.did)
  })

  it('send their token to their PDS alone', async () => {
    const { logIn } = await aRig()
    const session = await logIn()
    await expect(session.fetch('https://pds.elsewhere.dev/xrpc/com.example.ping')).rejects.toMatchObject({
      code: 'origin_not_allowed',
    })
  })

  it('name the application to every server', async () => {
    const { logIn, network } = await aRig({ userAgent: 'an-app/1.0 (+https://app.hoster.dev)' })
    const session = await logIn()
    await session.fetch('/xrpc/com.example.ping')
    expect(new Set(network.sent.map(({ headers }) => headers.get('user-agent')))).toEqual(
      new Set(['an-app/1.0 (+https://app.hoster.dev)']),
    )
  })

  it('whose login cannot be kept leave no tokens behind', async () => {
    const rig = await aRig()
    const commit = rig.store.commit.bind(rig.store)
    const url = await rig.client.createAuthorizationUrl(alice.handle)
    const callback = rig.network.server.login(url)
    rig.store.commit = async (changes) => {
      if (changes.some(({ key }) => key.startsWith('session:'))) throw new Error('disk full')
      return await commit(changes)
    }
    await expect(rig.client.handleCallback(callback)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(rig.network.server.accessTokens.size + rig.network.server.refreshTokens.size).toBe(0)
  })
})
