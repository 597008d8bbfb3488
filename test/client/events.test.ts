import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientEvent, createOAuthClient, type OAuthClientOptions, webFinger } from '../../src/client/index.ts'
import type { OAuthResponseError } from '../../src/errors/index.ts'
import { createSessions } from '../../src/sessions/index.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import type { HostileProviderOptions } from '../support/hostile-provider.ts'
import { aProvider, offlineScope } from './rig.ts'

async function setUp(provided: HostileProviderOptions = {}, more: Partial<OAuthClientOptions> = {}) {
  const provider = await aProvider({ client: { scope: offlineScope }, ...provided })
  const events: ClientEvent[] = []
  const client = createOAuthClient(
    optionsFor(provider, { scope: offlineScope, dpop: true, onEvent: (event) => events.push(event), ...more }),
  )
  return { provider, client, events }
}

/** `code_exchange start`, requests left out. */
const course = (events: readonly ClientEvent[]) =>
  events.filter(({ kind }) => kind !== 'request').map((event) => `${event.kind} ${'phase' in event ? event.phase : ''}`)

describe('onEvent', () => {
  it('tells of each operation of a login: start, stop, its duration and the issuer', async () => {
    const { provider, client, events } = await setUp()
    const url = await client.createAuthorizationUrl()
    const login = await client.handleCallback(provider.login(url))
    const renewed = await client.refresh(login)
    await client.revoke(renewed.tokens.refreshToken!)
    expect(course(events)).toEqual([
      ...['authorization_url start', 'discovery start', 'discovery stop', 'authorization_url stop'],
      ...['code_exchange start', 'jwks start', 'jwks stop', 'code_exchange stop'],
      ...['token_refresh start', 'token_refresh stop'],
      ...['token_revocation start', 'token_revocation stop'],
    ])
    for (const event of events) {
      expect(event.issuer).toBe(provider.issuer)
      if ('phase' in event && event.phase !== 'start') expect(event.duration).toBeGreaterThanOrEqual(0)
    }
  })

  it('gives start and stop of one operation one id, and no other that id', async () => {
    const { client, events } = await setUp()
    await Promise.all([client.createAuthorizationUrl(), client.createAuthorizationUrl()])
    const ids = events.flatMap((event) => ('phase' in event ? [event.id] : []))
    for (const id of new Set(ids)) expect(ids.filter((one) => one === id)).toHaveLength(2)
  })

  it('tells of each request by method, address without query, and status', async () => {
    const { provider, client, events } = await setUp()
    await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    const stopped = events.filter((event) => event.kind === 'request' && event.phase === 'stop')
    expect(stopped).toContainEqual(
      expect.objectContaining({ method: 'POST', url: `${provider.issuer}/token`, status: 200 }),
    )
    expect(stopped).toContainEqual(expect.objectContaining({ method: 'GET', url: `${provider.issuer}/jwks` }))
  })

  it('tells of the requests of a session, too', async () => {
    const { provider, client, events } = await setUp()
    const sessions = createSessions({ client })
    const session = await sessions.handleCallback(provider.login(await client.createAuthorizationUrl()))
    events.length = 0
    await session.fetch(`${provider.issuer}/userinfo?token=secret`)
    // The first attempt is asked for a DPoP nonce.
    expect(events.filter(({ kind }) => kind === 'request').slice(-2)).toMatchObject([
      { phase: 'start', url: `${provider.issuer}/userinfo` },
      { phase: 'stop', url: `${provider.issuer}/userinfo`, status: 200 },
    ])
  })

  it('names a failure by its code, and says nothing else of it', async () => {
    const { provider, client, events } = await setUp({
      faults: {
        answers: { token: { status: 400, body: () => '{"error":"invalid_grant","error_description":"of alice"}' } },
      },
    })
    const url = await client.createAuthorizationUrl()
    await expect(client.handleCallback(provider.login(url))).rejects.toThrow(/invalid_grant/)
    expect(events.at(-1)).toMatchObject({ kind: 'code_exchange', phase: 'error', error: 'invalid_grant' })
    expect(JSON.stringify(events)).not.toContain('alice')
  })

  it('repeats no prose that a server has in the place of a code, and the error none that a terminal or a page would run', async () => {
    const answer = { error: 'no such code: SECRET\u001b[2J\n'.padEnd(1000, 'x'), error_uri: 'javascript:alert(1)' }
    const { provider, client, events } = await setUp({
      faults: { answers: { token: { status: 400, body: () => JSON.stringify(answer) } } },
    })
    const url = await client.createAuthorizationUrl()
    const error = await client.handleCallback(provider.login(url)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'OAuthResponseError', errorUri: undefined })
    expect((error as OAuthResponseError).error).toMatch(/^no such code: SECRET \[2J x{1,300}$/)
    expect((error as OAuthResponseError).error.length).toBe(300)
    expect(events.at(-1)).toMatchObject({ kind: 'code_exchange', phase: 'error', error: 'oauth_error' })
    expect(JSON.stringify(events)).not.toContain('SECRET')
  })

  it('names a request that got no answer', async () => {
    const { client, events } = await setUp({}, { issuer: 'http://127.0.0.1:1' })
    await expect(client.metadata()).rejects.toThrow(/no complete answer/)
    expect(events.map((event) => 'error' in event && [event.kind, event.error]).filter(Boolean)).toEqual([
      ['request', 'TypeError'],
      ['discovery', 'network_error'],
    ])
  })

  it('shows no secret of any kind, whatever happens', async () => {
    const { provider, client, events } = await setUp()
    const url = await client.createAuthorizationUrl()
    const callback = provider.login(url)
    const login = await client.handleCallback(callback)
    await client.userInfo(login)
    await client.introspect(login.tokens.accessToken)
    await client.refresh(login)
    await client.revoke(login.tokens.accessToken)
    await expect(client.handleCallback(callback)).rejects.toThrow()
    const told = JSON.stringify(events)
    const secrets = [...provider.secrets(), ...callback.searchParams.values(), login.claims!.sub]
    for (const secret of secrets.filter((one) => one !== provider.issuer)) expect(told).not.toContain(secret)
    expect(secrets.length).toBeGreaterThan(5)
  })

  it('tells of what was let pass, by the code of the notice', async () => {
    const { provider, client, events } = await setUp({ faults: { answers: { par: { status: 200 } } } })
    const login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    expect(login.notices.map(({ code }) => code)).toContain('par_status')
    expect(events).toContainEqual({
      kind: 'notice',
      issuer: provider.issuer,
      code: 'par_status',
      clause: expect.any(String),
    })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('mine')
      },
    ],
  ])('lets a listener that %s change nothing', async (_, onEvent) => {
    const { provider, client } = await setUp({}, { onEvent })
    const login = await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    expect(login.claims?.sub).toBeTypeOf('string')
  })

  it('refuses a listener that is no function', async () => {
    await expect(setUp({}, { onEvent: 'console' as never })).rejects.toThrow(/"onEvent"/)
  })

  it('tells of the search for a user’s issuer, and not whom it was for', async () => {
    const server = createFakeServer()
    const query = '?resource=acct%3Aalice%40example.com&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer'
    server.set(`https://example.com/.well-known/webfinger${query}`, {
      subject: 'acct:alice@example.com',
      links: [{ rel: 'http://openid.net/specs/connect/1.0/issuer', href: 'https://op.example' }],
    })
    const events: ClientEvent[] = []
    await webFinger('alice@example.com', { fetch: server.fetch, onEvent: (event) => events.push(event) })
    expect(course(events)).toEqual(['identity_resolution start', 'identity_resolution stop'])
    expect(events[0]!.issuer).toBe('https://example.com')
    expect(JSON.stringify(events)).not.toContain('alice')
  })
})

describe('diagnostics_channel', () => {
  it('has the same events, each on the channel of its kind, without an onEvent', async () => {
    const heard: [string, ClientEvent][] = []
    const listen = (message: unknown, name: string | symbol) => heard.push([String(name), message as ClientEvent])
    const names = ['discovery', 'authorization_url', 'code_exchange', 'request'].map((kind) => `authentype:${kind}`)
    for (const name of names) subscribe(name, listen)
    onTestFinished(() => {
      for (const name of names) unsubscribe(name, listen)
    })
    const { provider, client } = await setUp({}, { onEvent: undefined as never })
    await client.handleCallback(provider.login(await client.createAuthorizationUrl()))
    const own = heard.filter(([, event]) => event.issuer === provider.issuer)
    for (const [name, event] of own) expect(name).toBe(`authentype:${event.kind}`)
    expect(course(own.map(([, event]) => event))).toEqual([
      ...['authorization_url start', 'discovery start', 'discovery stop', 'authorization_url stop'],
      ...['code_exchange start', 'code_exchange stop'],
    ])
    expect(own.some(([name]) => name === 'authentype:request')).toBe(true)
  })
})
