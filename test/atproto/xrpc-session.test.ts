// XRPC calls with a session's token: renewal, resending, and how a session ends. The rules are those of the sessions;
// here they are seen from the caller's side.
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import type { AccountXrpcClient } from '../../src/atproto/index.ts'
import { requireNonces } from '../../src/atproto/require-nonces.ts'
import { createSessionXrpcClient } from '../../src/atproto/xrpc/session-client.ts'
import type { SessionError } from '../../src/errors/index.ts'
import { failure, type Handler, json, type Received, serve } from '../http/serve.ts'
import { aSession, closeRigs, type RigOptions } from '../sessions/rig.ts'

afterEach(closeRigs)

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const nsid = 'com.example.notes.list'
const invalidToken = { 'www-authenticate': 'Bearer error="invalid_token"' }
const tokenOf = (authorization = '') => authorization.split(' ')[1]!

/** A session whose PDS is `pds`, which refuses the tokens of `refused`. */
async function aPdsSession(options: RigOptions = {}, answer: Handler = (_, response) => json(response, 200, {})) {
  const refused = new Set<string>()
  const seen: string[] = []
  let nonces = 0
  const pds = await serve((request, response) => {
    const scheme = request.headers.authorization?.split(' ')[0]
    const token = tokenOf(request.headers.authorization)
    seen.push(token)
    if (scheme === 'DPoP') response.setHeader('dpop-nonce', `pds-${++nonces}`)
    if (!refused.has(token)) return answer(request, response)
    response.setHeader('www-authenticate', `${scheme} error="invalid_token"`)
    return json(response, 401, { error: 'InvalidToken', message: 'token expired' })
  })
  const rig = await aSession({ ...options, sessions: { origins: [pds.origin], ...options.sessions } })
  const { session, clock } = rig
  const publicQueries = new Set<string>()
  const reopen = async () => session
  const whose = { session, did, pds: pds.origin, reopen, runtime: clock, fetch, publicQueries }
  const client = createSessionXrpcClient(whose)
  return {
    proxied: createSessionXrpcClient(whose, { proxy: 'did:web:api.example#app' }),
    ...rig,
    pds,
    refused,
    seen,
    client,
  }
}

describe('a call for a session', () => {
  it('goes to the PDS of the account, with its token', async () => {
    const { client, pds, session } = await aPdsSession()
    expect(client.did).toBe(did)
    expect(await client.get(nsid, { params: { limit: 3 } })).toMatchObject({ status: 200, data: {} })
    expect(pds.received[0]!.url).toBe(`/xrpc/${nsid}?limit=3`)
    expect(tokenOf(pds.received[0]!.headers.authorization)).toBe((await session.getAccessToken()).value)
  })

  it('that is refused is sent once more, after a renewal, with the new token and the same body', async () => {
    const { client, provider, pds, refused, seen } = await aPdsSession()
    await client.get(nsid)
    refused.add(seen[0]!)
    expect((await client.post(nsid, { input: { text: 'hello' } })).status).toBe(200)
    expect(provider.count('refresh')).toBe(1)
    expect(seen).toHaveLength(3)
    expect(seen[1]).toBe(seen[0])
    expect(seen[2]).not.toBe(seen[0])
    expect(pds.received.slice(1).map(({ body }) => body)).toEqual(['{"text":"hello"}', '{"text":"hello"}'])
  })

  it('that is refused ten times at once renews once', async () => {
    const { client, provider, refused, seen } = await aPdsSession()
    await client.get(nsid)
    refused.add(seen[0]!)
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.get(nsid)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(provider.count('refresh')).toBe(1)
  })

  it('at the end of the token renews before it is sent, once for ten', async () => {
    const { client, provider, clock, session, seen } = await aPdsSession()
    const { expiresAt, value } = await session.getAccessToken()
    clock.advance(expiresAt! - clock.now())
    await Promise.all(Array.from({ length: 10 }, () => client.get(nsid)))
    expect(provider.count('refresh')).toBe(1)
    expect(new Set(seen).size).toBe(1)
    expect(seen).not.toContain(value)
  })

  it('that is refused again after the renewal ends the session, and says so with the answer', async () => {
    const { client, session, refused } = await aPdsSession()
    refused.has = () => true
    const error = (await failure(client.get(nsid))) as unknown as SessionError
    expect(error).toMatchObject({ code: 'session_expired', reason: 'access_token_rejected' })
    expect(error.response?.status).toBe(401)
    expect(await error.response?.json()).toMatchObject({ error: 'InvalidToken' })
    expect(Object.keys(error)).not.toContain('response')
    expect(await session.status()).toBe('expired')
    expect(await failure(client.get(nsid))).toMatchObject({ code: 'session_expired' })
  })

  it('that is refused because the renewed token came to its end meanwhile ends no session', async () => {
    let life = 0
    const { client, session, clock } = await aPdsSession({
      sessions: {
        async fetch() {
          clock.advance(life)
          return Response.json({ error: 'InvalidToken' }, { status: 401, headers: invalidToken })
        },
      },
    })
    life = (await session.getAccessToken()).expiresAt! - clock.now()
    expect(await failure(client.get(nsid))).toMatchObject({ name: 'XrpcError', error: 'InvalidToken', status: 401 })
    expect(await session.status()).toBe('active')
  })

  it('whose renewal is refused ends the session, and says so', async () => {
    const answers = { refresh: { status: 400, body: '{"error":"invalid_grant"}' } }
    const { client, session, refused, seen, events } = await aPdsSession({ faults: { answers } })
    await client.get(nsid)
    refused.add(seen[0]!)
    expect(await failure(client.get(nsid))).toMatchObject({ code: 'session_expired', reason: 'refresh_refused' })
    expect(await session.status()).toBe('expired')
    expect(events.at(-1)).toMatchObject({ kind: 'session_expired', reason: 'refresh_refused' })
  })

  it('whose renewal fails keeps the session', async () => {
    const answers = { refresh: { status: 503, body: '' } }
    const { client, session, refused, seen } = await aPdsSession({ faults: { answers } })
    await client.get(nsid)
    refused.add(seen[0]!)
    expect(await failure(client.get(nsid))).toMatchObject({ code: 'refresh_failed' })
    expect(await session.status()).toBe('degraded')
  })

  it('that is refused for another reason renews nothing', async () => {
    const { client, provider } = await aPdsSession({}, (_, response) =>
      json(response, 403, { error: 'ScopeMissingError', message: 'Missing required scope' }),
    )
    expect(await failure(client.get(nsid))).toMatchObject({
      name: 'XrpcError',
      error: 'ScopeMissingError',
      status: 403,
    })
    expect(provider.count('refresh')).toBe(0)
  })

  it.each([200, 201, 204])('answered with status %i is a success', async (status) => {
    const { client } = await aPdsSession({}, (_, response) => response.writeHead(status).end())
    expect((await client.post(nsid)).status).toBe(status)
  })

  it('of a bound session carries proofs with the nonce of the PDS, never with that of the issuer', async () => {
    const { client, pds } = await aPdsSession({ client: { dpop: true } })
    await client.get(nsid)
    await client.get(nsid)
    await client.refresh()
    await client.get(nsid)
    const nonces = pds.received.map(({ headers }) => {
      const [, claims] = String(headers.dpop).split('.')
      return JSON.parse(Buffer.from(claims!, 'base64url').toString()).nonce as string | undefined
    })
    expect(nonces).toEqual([undefined, 'pds-1', 'pds-2'])
  })

  it('to no account any more tells that there is no session', async () => {
    const { client, session } = await aPdsSession()
    await session.logout()
    expect(await failure(client.get(nsid))).toMatchObject({ code: 'session_not_found' })
  })

  it('after a late renewal finds no session that was logged out meanwhile', async () => {
    const { client, session, provider, refused, seen, sessions } = await aPdsSession({
      faults: { answers: { refresh: { drip: { bytes: 40, everyMs: 20 } } } },
    })
    await client.get(nsid)
    refused.add(seen[0]!)
    const call = failure(client.get(nsid))
    while (provider.count('refresh') === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await session.logout()
    expect(await call).toMatchObject({ code: 'session_not_found' })
    expect(await failure(sessions.get(session.id))).toMatchObject({ code: 'session_not_found' })
  })
})

describe('refresh', () => {
  it('renews now, and shows no token', async () => {
    const { client, provider, seen } = await aPdsSession()
    await client.get(nsid)
    expect(await client.refresh()).toBeUndefined()
    await client.get(nsid)
    expect(provider.count('refresh')).toBe(1)
    expect(seen[1]).not.toBe(seen[0])
  })
})

describe('the types of a lexicon', () => {
  interface Notes {
    'com.example.notes.list': { params: { limit?: number; cursor?: string }; output: { notes: string[] } }
    'com.example.notes.get': { params: { id: string }; output: { text: string } }
    'com.example.notes.put': { input: { text: string }; output: undefined }
  }

  it('say what params, input and data are, and leave other methods open', () => {
    type Client = AccountXrpcClient<Notes>
    async function uses(client: Client) {
      const list = await client.get('com.example.notes.list')
      expectTypeOf(list.data).toEqualTypeOf<{ notes: string[] }>()
      const { data } = await client.get('com.example.notes.get', { params: { id: 'a' } })
      expectTypeOf(data).toEqualTypeOf<{ text: string }>()
      await client.post('com.example.notes.put', { input: { text: 'a' } })
      const other = await client.get('com.example.other', { params: { any: 1 } })
      expectTypeOf(other.data).toEqualTypeOf<unknown>()
      // @ts-expect-error "id" is required
      await client.get('com.example.notes.get')
      // @ts-expect-error a number is no id
      await client.get('com.example.notes.get', { params: { id: 1 } })
      // @ts-expect-error "text" is required
      await client.post('com.example.notes.put', { input: {} })
      // @ts-expect-error there is no such parameter
      await client.get('com.example.notes.list', { params: { offset: 1 } })
    }
    expectTypeOf(uses).toBeFunction()
  })
})

describe('a query of public data', () => {
  /** A PDS that looks at the token for each method but one, and gives nonces only where it does. */
  async function aPartlyPublicPds() {
    const state = { isPublic: true }
    const rig = await aPdsSession(
      { client: { dpop: true }, sessions: { fetch: requireNonces(fetch) } },
      (request, response) => {
        const isPublic = state.isPublic && request.url.includes('getRecord')
        if (isPublic) response.removeHeader('dpop-nonce')
        if (!isPublic && request.headers.authorization === undefined)
          return json(response, 401, { error: 'AuthMissing' })
        return json(response, 200, { isPublic })
      },
    )
    return { ...rig, state }
  }
  const getRecord = 'com.atproto.repo.getRecord'
  const schemes = (pds: { received: readonly Received[] }) =>
    pds.received.map(({ headers }) => headers.authorization?.split(' ')[0])

  it('is answered as to anybody, since an answer without a nonce to a proof is refused', async () => {
    const { client, pds } = await aPartlyPublicPds()
    expect((await client.get(getRecord)).data).toEqual({ isPublic: true })
    expect(schemes(pds)).toEqual(['DPoP', undefined])
  })

  it('carries no token the next time', async () => {
    const { client, pds } = await aPartlyPublicPds()
    for (let i = 0; i < 3; i++) await client.get(getRecord)
    expect(schemes(pds)).toEqual(['DPoP', undefined, undefined, undefined])
    await client.get(nsid)
    expect(schemes(pds).at(-1)).toBe('DPoP')
  })

  it('carries one again when the PDS asks for it', async () => {
    const { client, pds, state } = await aPartlyPublicPds()
    await client.get(getRecord)
    state.isPublic = false
    expect((await client.get(getRecord)).data).toEqual({ isPublic: false })
    expect(schemes(pds)).toEqual(['DPoP', undefined, undefined, 'DPoP'])
  })

  it('is nothing that a client of another service asks for', async () => {
    const { proxied, pds } = await aPartlyPublicPds()
    expect(await failure(proxied.get(getRecord))).toMatchObject({ code: 'missing_dpop_nonce' })
    expect(schemes(pds)).toEqual(['DPoP'])
  })

  it.each([
    ['a procedure', (client: AccountXrpcClient) => client.post(getRecord)],
    [
      'a query of another service',
      (client: AccountXrpcClient) => client.get(getRecord, { proxy: 'did:web:a.example#b' }),
    ],
  ])('is nothing that %s can be', async (_, call) => {
    const { client, pds } = await aPartlyPublicPds()
    expect(await failure(call(client))).toMatchObject({ code: 'missing_dpop_nonce' })
    expect(schemes(pds)).toEqual(['DPoP'])
  })
})
