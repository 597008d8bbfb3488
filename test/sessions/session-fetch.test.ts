import { afterEach, describe, expect, it, vi } from 'vitest'
import { aSession, closeRigs } from './rig.ts'

afterEach(closeRigs)

const bearerOf = (authorization: string | undefined) => authorization?.split(' ')[1]

describe('session.fetch', () => {
  it('carries the token as Bearer', async () => {
    const { session, provider, api } = await aSession()
    const response = await session.fetch(api)
    expect(response.status).toBe(200)
    expect(provider.requests.at(-1)?.headers.authorization).toMatch(/^Bearer /)
  })

  it('carries a bound token with a proof, and answers the nonce demand', async () => {
    const { session, provider, api } = await aSession({ client: { dpop: true } })
    const response = await session.fetch(api)
    expect(response.status).toBe(200)
    expect(provider.requests.at(-1)?.headers).toMatchObject({ authorization: expect.stringMatching(/^DPoP /) })
    expect(provider.misdeeds).toEqual([])
  })

  it('says what to do about a relative URL with nothing to resolve it on', async () => {
    const { session, provider } = await aSession()
    await expect(session.fetch('/userinfo')).rejects.toThrow(/"\/userinfo" is relative.*baseUrl/s)
    expect(provider.count('userinfo')).toBe(0)
  })

  it('resolves a relative URL on the baseUrl of createSessions', async () => {
    const first = await aSession()
    const other = first.anotherProcess({ baseUrl: first.provider.issuer })
    const session = await other.get(first.session.id)
    expect((await session.fetch('/userinfo')).status).toBe(200)
  })

  it('sends the token to no other origin', async () => {
    const { session } = await aSession()
    await expect(session.fetch('https://evil.example/userinfo')).rejects.toMatchObject({ code: 'origin_not_allowed' })
  })

  it('sends no token over plain http to a loopback address unless that was declared', async () => {
    const first = await aSession()
    const other = first.anotherProcess({ origins: ['http://api.example'] })
    const session = await other.get(first.session.id)
    await expect(session.fetch('http://api.example/')).rejects.toMatchObject({ code: 'insecure_url' })
  })

  it('refuses an Authorization header of the caller, which would take the place of the token', async () => {
    const { session, api } = await aSession()
    await expect(session.fetch(api, { headers: { authorization: 'Bearer x' } })).rejects.toThrow(TypeError)
  })

  it('renews a refused token once and sends again with the new one', async () => {
    const { session, provider, api } = await aSession()
    await session.fetch(api)
    const before = bearerOf(provider.requests.at(-1)?.headers.authorization)
    provider.endAccessTokens()
    const response = await session.fetch(api)
    expect(response.status).toBe(200)
    expect(provider.count('refresh')).toBe(1)
    expect(bearerOf(provider.requests.at(-1)?.headers.authorization)).not.toBe(before)
  })

  it('sends a body again after the refresh', async () => {
    const { session, provider, api } = await aSession()
    provider.endAccessTokens()
    const response = await session.fetch(api, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })
    expect(response.status).toBe(200)
    expect(provider.requests.at(-1)?.form.get('a')).toBe('b')
  })

  it('causes one refresh for ten calls that are refused at the same time', async () => {
    const { session, provider, api } = await aSession()
    provider.endAccessTokens()
    const responses = await Promise.all(Array.from({ length: 10 }, () => session.fetch(api)))
    expect(responses.map((response) => response.status)).toEqual(Array(10).fill(200))
    expect(provider.count('refresh')).toBe(1)
  })

  it('gives the answer and ends the session when the renewed token is refused as well', async () => {
    const { session, provider, api, events } = await aSession({
      faults: {
        answers: { userinfo: { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } } },
      },
    })
    const response = await session.fetch(api)
    expect(response.status).toBe(401)
    expect(provider.count('refresh')).toBe(1)
    expect(await session.status()).toBe('expired')
    expect(events.at(-1)).toMatchObject({ kind: 'session_expired', reason: 'access_token_rejected' })
    await expect(session.fetch(api)).rejects.toMatchObject({ code: 'session_expired', reason: 'access_token_rejected' })
  })

  it('ends no session whose renewed token came to its end before it was refused', async () => {
    const rig = await aSession()
    const invalid = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    const life = (await rig.session.getAccessToken()).expiresAt! - rig.clock.now()
    const slow = rig.anotherProcess({
      async fetch() {
        rig.clock.advance(life)
        return new Response('', invalid)
      },
    })
    const session = await slow.get(rig.session.id)
    expect((await session.fetch(rig.api)).status).toBe(401)
    expect((await rig.session.fetch(rig.api)).status).toBe(200)
    expect(await rig.session.status()).toBe('active')
  })

  it('ends no session that holds a newer token when the refusal of an older one comes late', async () => {
    const rig = await aSession()
    let late: (() => void) | undefined
    const invalid = () =>
      new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    let calls = 0
    const transport = async (): Promise<Response> => {
      calls++
      // The first token is refused, the second late, any other taken.
      if (calls === 1) return invalid()
      if (calls > 2) return new Response('ok')
      await new Promise<void>((resolve) => {
        late = resolve
      })
      return invalid()
    }
    const session = await rig.anotherProcess({ fetch: transport, origins: ['https://api.example'] }).get(rig.session.id)
    const slow = session.fetch('https://api.example/')
    await vi.waitFor(() => expect(late).toBeDefined())
    await session.refresh()
    late!()
    expect((await slow).status).toBe(401)
    expect(await session.status()).toBe('active')
    expect((await session.fetch('https://api.example/')).status).toBe(200)
  })

  it('passes any other status through without a refresh', async () => {
    const { session, provider, api } = await aSession({ faults: { answers: { userinfo: { status: 403 } } } })
    expect((await session.fetch(api)).status).toBe(403)
    expect(provider.count('refresh')).toBe(0)
  })

  it('follows no redirect with the token attached', async () => {
    const { session, provider, api } = await aSession({
      faults: { answers: { userinfo: { redirect: { status: 302, hops: 1, to: 'other-origin' } } } },
    })
    expect((await session.fetch(api)).status).toBe(302)
    expect(provider.requests.filter(({ url }) => url.pathname.startsWith('/hop'))).toEqual([])
  })
})
