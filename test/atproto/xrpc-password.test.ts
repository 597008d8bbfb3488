// The login by password, against a PDS of a few lines that counts what it is asked.
import { describe, expect, it, vi } from 'vitest'
import { createPasswordXrpcClient, type PasswordXrpcClientOptions } from '../../src/atproto/index.ts'
import { recordKey } from '../../src/lib/record-store.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { failure, json, type Received, serve } from '../http/serve.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const nsid = 'com.example.notes.list'

/** A PDS of one account, whose access token is good until `expire`. */
async function aPds(refuse: { status: number; error: string } = { status: 400, error: 'ExpiredToken' }) {
  let issued = 0
  let isExpired = false
  const counts = { createSession: 0, refreshSession: 0, deleteSession: 0, calls: 0 }
  const state = { down: false, refusesRefresh: false, factor: undefined as string | undefined }
  const tokens = () => {
    issued++
    return { did, handle: 'bot.example', accessJwt: `access-${issued}`, refreshJwt: `refresh-${issued}` }
  }
  const sees = (request: Received, kind: string) => request.headers.authorization === `Bearer ${kind}-${issued}`
  const server = await serve(async (request, response) => {
    const [, method] = /^\/xrpc\/(?:com\.atproto\.server\.)?([\w.]+)/.exec(request.url) ?? []
    if (method === 'createSession') {
      counts.createSession++
      const { password, authFactorToken } = JSON.parse(request.body)
      if (password !== 'right') return json(response, 401, { error: 'AuthenticationRequired', message: 'wrong' })
      if (authFactorToken !== state.factor) return json(response, 401, { error: 'AuthFactorTokenRequired' })
      isExpired = false
      return json(response, 200, tokens())
    }
    if (method === 'refreshSession') {
      counts.refreshSession++
      if (state.down) return json(response, 503, { error: 'NotEnoughResources' })
      if (state.refusesRefresh || !sees(request, 'refresh')) return json(response, 400, { error: 'ExpiredToken' })
      isExpired = false
      return json(response, 200, tokens())
    }
    if (method === 'deleteSession') {
      counts.deleteSession++
      return response.writeHead(sees(request, 'refresh') ? 200 : 401).end()
    }
    counts.calls++
    if (isExpired || !sees(request, 'access')) return json(response, refuse.status, { error: refuse.error })
    return json(response, 200, { echo: request.body, proxy: request.headers['atproto-proxy'] ?? null })
  })
  const expire = () => {
    isExpired = true
  }
  return { server, counts, state, expire }
}

type Pds = Awaited<ReturnType<typeof aPds>>

async function aLogin(pds: Pds, options: Partial<PasswordXrpcClientOptions> = {}) {
  const xrpc = createPasswordXrpcClient({ service: pds.server.origin, ...options })
  await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
  return xrpc
}

/** A login whose token has expired; the answer of the renewal comes here only when it is released. */
async function aHeldRenewal() {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const pds = await aPds()
  const xrpc = await aLogin(pds, {
    async fetch(request) {
      const response = await fetch(request)
      if (request.url.endsWith('refreshSession')) await held
      return response
    },
  })
  pds.expire()
  const renewing = () => vi.waitFor(() => expect(pds.counts.refreshSession).toBe(1))
  return { pds, xrpc, renewing, release }
}

describe('createSession', () => {
  it('logs in, and calls carry its access token', async () => {
    const pds = await aPds()
    const xrpc = createPasswordXrpcClient({ service: pds.server.origin })
    expect(xrpc.did).toBeUndefined()
    expect(await xrpc.createSession({ identifier: 'bot.example', password: 'right' })).toEqual({
      did,
      handle: 'bot.example',
    })
    expect(xrpc.did).toBe(did)
    expect((await xrpc.post(nsid, { input: { a: 1 } })).data).toMatchObject({ echo: '{"a":1}' })
    expect(pds.server.received[0]!.headers.authorization).toBeUndefined()
  })

  it('tells that a code was mailed, and takes it', async () => {
    const pds = await aPds()
    pds.state.factor = 'ABCDE-12345'
    const xrpc = createPasswordXrpcClient({ service: pds.server.origin })
    const login = { identifier: 'bot.example', password: 'right' }
    expect(await failure(xrpc.createSession(login))).toMatchObject({ error: 'AuthFactorTokenRequired', status: 401 })
    await xrpc.createSession({ ...login, authFactorToken: 'ABCDE-12345' })
    expect((await xrpc.get(nsid)).status).toBe(200)
  })

  it('with a wrong password leaves nobody logged in', async () => {
    const pds = await aPds()
    const xrpc = createPasswordXrpcClient({ service: pds.server.origin })
    expect(await failure(xrpc.createSession({ identifier: 'bot.example', password: 'no' }))).toMatchObject({
      error: 'AuthenticationRequired',
    })
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'no_token' })
  })

  it('that cannot be kept is ended at the server, and nobody is logged in', async () => {
    const pds = await aPds()
    const store = { ...createMemoryStore(), commit: () => Promise.reject(new Error('down')) }
    const xrpc = createPasswordXrpcClient({ service: pds.server.origin, store })
    const login = xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    await expect(login).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(pds.counts.deleteSession).toBe(1)
    expect(xrpc.did).toBeUndefined()
  })

  it.each([null, 'x', { format: 99 }, { format: 1, did, service: 'https://evil.example' }])(
    'whose record is damaged is refused by a typed error and sent nowhere, until there is a new one: %j',
    async (value) => {
      const pds = await aPds()
      const store = createMemoryStore()
      const xrpc = await aLogin(pds, { store })
      const key = recordKey('atproto_password_session', JSON.stringify([pds.server.origin, did]))
      const { version } = (await store.get(key))!
      await store.commit([{ kind: 'put', key, value, expect: version }])
      for (const call of [() => xrpc.get(nsid), () => xrpc.refreshSession()]) {
        await expect(call()).rejects.toMatchObject({ code: 'invalid_record' })
      }
      expect(pds.counts.calls + pds.counts.refreshSession).toBe(0)
      await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
      expect((await xrpc.get(nsid)).status).toBe(200)
      await store.commit([{ kind: 'put', key, value, expect: (await store.get(key))!.version }])
      await xrpc.deleteSession()
      expect(await store.get(key)).toBeUndefined()
    },
  )

  it('asks for no proxy, whatever the calls ask for', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds, { proxy: 'did:web:api.example#app' })
    expect(pds.server.received[0]!.headers['atproto-proxy']).toBeUndefined()
    expect((await xrpc.get(nsid)).data).toMatchObject({ proxy: 'did:web:api.example#app' })
  })
})

describe('without a login', () => {
  it('calls, renewal and logout have no token', async () => {
    const pds = await aPds()
    const xrpc = createPasswordXrpcClient({ service: pds.server.origin })
    for (const call of [() => xrpc.get(nsid), () => xrpc.post(nsid), () => xrpc.refreshSession()]) {
      expect(await failure(call())).toMatchObject({ name: 'AtprotoError', code: 'no_token' })
    }
    expect(pds.counts.calls).toBe(0)
  })
})

describe('a refused access token', () => {
  it.each([
    [400, 'ExpiredToken'],
    [400, 'InvalidToken'],
    [401, 'AuthenticationRequired'],
    [403, 'Forbidden'],
  ])('with status %i and %s is renewed, and the call is sent once more with the new one', async (status, error) => {
    const pds = await aPds({ status, error })
    const xrpc = await aLogin(pds)
    pds.expire()
    expect((await xrpc.post(nsid, { input: { again: true } })).data).toMatchObject({ echo: '{"again":true}' })
    expect(pds.server.received.map(({ url, headers }) => [url.split('.').at(-1), headers.authorization])).toEqual([
      ['createSession', undefined],
      ['list', 'Bearer access-1'],
      ['refreshSession', 'Bearer refresh-1'],
      ['list', 'Bearer access-2'],
    ])
  })

  it('is renewed once for ten calls at a time', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds)
    pds.expire()
    const answers = await Promise.all(Array.from({ length: 10 }, () => xrpc.get(nsid)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(pds.counts.refreshSession).toBe(1)
  })

  it('is renewed once for ten calls where the new token has the text of the old one', async () => {
    let renewals = 0
    const server = await serve((request, response) => {
      if (request.url.endsWith('refreshSession')) renewals++
      else if (request.url.endsWith(nsid) && renewals === 0) return json(response, 400, { error: 'ExpiredToken' })
      return json(response, 200, { did, handle: 'bot.example', accessJwt: 'same', refreshJwt: `refresh-${renewals}` })
    })
    const xrpc = createPasswordXrpcClient({ service: server.origin })
    await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    await Promise.all(Array.from({ length: 10 }, () => xrpc.get(nsid)))
    expect(renewals).toBe(1)
  })

  it('is renewed once for two processes over one store', async () => {
    const pds = await aPds()
    const store = createMemoryStore()
    const one = await aLogin(pds, { store })
    const other = createPasswordXrpcClient({ service: pds.server.origin, store, did })
    pds.expire()
    await Promise.all([one.get(nsid), other.get(nsid), one.get(nsid), other.get(nsid)])
    expect(pds.counts.refreshSession).toBe(1)
  })

  it('that is refused after the renewal, too, is the error of the call', async () => {
    const pds = await aPds({ status: 403, error: 'AccountTakedown' })
    const xrpc = await aLogin(pds)
    const { received } = pds.server
    pds.expire()
    // The server refuses whatever it is shown.
    const original = received.push.bind(received)
    received.push = (request) => {
      if (request.url.endsWith(nsid)) pds.expire()
      return original(request)
    }
    expect(await failure(xrpc.get(nsid))).toMatchObject({ name: 'XrpcError', error: 'AccountTakedown', status: 403 })
    expect(pds.counts).toMatchObject({ calls: 2, refreshSession: 1 })
  })

  it('of a call with a stream is renewed for the next one, since the stream is used up', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds)
    pds.expire()
    const input = new Blob(['x']).stream()
    expect(await failure(xrpc.post(nsid, { input, contentType: 'image/png' }))).toMatchObject({ error: 'ExpiredToken' })
    expect((await xrpc.get(nsid)).status).toBe(200)
    expect(pds.counts.refreshSession).toBe(1)
  })

  it('of a call goes on as the account that it was made for, though another has logged in meanwhile', async () => {
    const bob = 'did:plc:z72i7hdynmk6r22z27h6tvur'
    const seen: (string | undefined)[] = []
    let renewed = 0
    let xrpc: ReturnType<typeof createPasswordXrpcClient>
    const server = await serve(async (request, response) => {
      if (request.url.endsWith('createSession')) {
        const { identifier } = JSON.parse(request.body)
        const account = identifier === 'bob' ? bob : did
        return json(response, 200, {
          did: account,
          handle: 'a.b',
          accessJwt: identifier,
          refreshJwt: `r-${identifier}`,
        })
      }
      if (request.url.endsWith('refreshSession')) {
        renewed++
        const isBob = request.headers.authorization === 'Bearer r-bob'
        const [account, name] = isBob ? [bob, 'bob-2'] : [did, 'alice-2']
        return json(response, 200, { did: account, handle: 'a.b', accessJwt: name, refreshJwt: `r-${name}` })
      }
      seen.push(request.headers.authorization)
      if (seen.length > 1) return json(response, 200, {})
      await xrpc.createSession({ identifier: 'bob', password: 'right' })
      return json(response, 401, { error: 'ExpiredToken' })
    })
    xrpc = createPasswordXrpcClient({ service: server.origin })
    await xrpc.createSession({ identifier: 'alice', password: 'right' })
    await xrpc.post(nsid, { input: { text: 'of alice' } })
    expect(seen).toEqual(['Bearer alice', 'Bearer alice-2'])
    expect({ did: xrpc.did, renewed }).toEqual({ did: bob, renewed: 1 })
  })

  it('that is no token error is left alone', async () => {
    const pds = await aPds({ status: 400, error: 'InvalidRequest' })
    const xrpc = await aLogin(pds)
    pds.expire()
    expect(await failure(xrpc.get(nsid))).toMatchObject({ error: 'InvalidRequest' })
    expect(pds.counts.refreshSession).toBe(0)
  })
})

describe('a renewal', () => {
  it('that the server refuses ends the login, and says so to every call', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds)
    pds.expire()
    pds.state.refusesRefresh = true
    for (let i = 0; i < 2; i++) {
      expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'session_expired', reason: 'refresh_refused' })
    }
    expect(pds.counts.refreshSession).toBe(1)
    await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    expect((await xrpc.get(nsid)).status).toBe(200)
  })

  it('that fails ends nothing, and is tried again after a while', async () => {
    const pds = await aPds()
    const runtime: FakeRuntime = createFakeRuntime()
    const xrpc = await aLogin(pds, { runtime })
    pds.expire()
    pds.state.down = true
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'refresh_failed' })
    pds.state.down = false
    // Too early: the server is left in peace.
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'refresh_failed' })
    expect(pds.counts.refreshSession).toBe(1)
    runtime.advance(60_000)
    expect((await xrpc.get(nsid)).status).toBe(200)
  })

  it('that has worked again lets the next failure wait no longer than the first', async () => {
    const pds = await aPds()
    const runtime: FakeRuntime = createFakeRuntime()
    const xrpc = await aLogin(pds, { runtime })
    const fail = async () => {
      pds.expire()
      pds.state.down = true
      await failure(xrpc.get(nsid))
      pds.state.down = false
    }
    for (let i = 0; i < 4; i++) {
      await fail()
      runtime.advance(60_000)
    }
    expect((await xrpc.get(nsid)).status).toBe(200)
    await fail()
    // The first wait is a second at the most.
    runtime.advance(1_000)
    expect((await xrpc.get(nsid)).status).toBe(200)
  })

  it('waits for as long as the server asks', async () => {
    let renewals = 0
    const runtime: FakeRuntime = createFakeRuntime()
    const server = await serve((request, response) => {
      if (request.url.endsWith('createSession')) {
        return json(response, 200, { did, handle: 'bot.example', accessJwt: 'a', refreshJwt: 'r' })
      }
      if (!request.url.endsWith('refreshSession')) return json(response, 400, { error: 'ExpiredToken' })
      renewals++
      return json(response, 429, { error: 'RateLimitExceeded' }, { 'retry-after': '120' })
    })
    const xrpc = createPasswordXrpcClient({ service: server.origin, runtime })
    await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    for (const wait of [0, 60_000, 59_000]) {
      runtime.advance(wait)
      expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'refresh_failed' })
    }
    expect(renewals).toBe(1)
    runtime.advance(2_000)
    await failure(xrpc.get(nsid))
    expect(renewals).toBe(2)
  })

  it('that comes late is not put over a login that was made meanwhile', async () => {
    const { pds, xrpc, renewing, release } = await aHeldRenewal()
    const call = xrpc.get(nsid)
    await renewing()
    await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    release()
    await call
    await xrpc.get(nsid)
    // access-1 was refused, access-2 came late, access-3 is of the new login.
    expect(pds.server.received.at(-1)!.headers.authorization).toBe('Bearer access-3')
    expect(pds.counts.refreshSession).toBe(1)
  })

  it('can be asked for', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds)
    await xrpc.refreshSession()
    await xrpc.get(nsid)
    expect(pds.server.received.at(-1)!.headers.authorization).toBe('Bearer access-2')
  })

  it('that answers for another account is refused', async () => {
    let first = true
    const server = await serve((request, response) => {
      if (!request.url.includes('server')) return json(response, 401, {})
      const who = first ? did : 'did:plc:ragtjsm2j2vknwkz3zp4oxrd'
      first = false
      return json(response, 200, { did: who, handle: 'bot.example', accessJwt: 'a', refreshJwt: 'r' })
    })
    const xrpc = createPasswordXrpcClient({ service: server.origin })
    await xrpc.createSession({ identifier: 'bot.example', password: 'right' })
    const error = await failure(xrpc.get(nsid))
    expect(error).toMatchObject({ code: 'refresh_failed', cause: { code: 'invalid_body' } })
  })
})

describe('deleteSession', () => {
  it('ends the login at the server, and here whatever the server says', async () => {
    const pds = await aPds()
    const xrpc = await aLogin(pds)
    await xrpc.deleteSession()
    expect(pds.counts.deleteSession).toBe(1)
    expect(pds.server.received.at(-1)!.headers.authorization).toBe('Bearer refresh-1')
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'no_token' })
  })

  it('is not undone by a renewal that was under way: its tokens are ended, too', async () => {
    const { pds, xrpc, renewing, release } = await aHeldRenewal()
    const call = failure(xrpc.get(nsid))
    await renewing()
    await xrpc.deleteSession()
    release()
    expect(await call).toMatchObject({ code: 'session_not_found' })
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'no_token' })
    expect(pds.server.received.at(-1)!.headers.authorization).toBe('Bearer refresh-2')
    expect(pds.counts.deleteSession).toBe(2)
  })
})

describe('tokens', () => {
  it('outlive the process in a store, and stand in no error', async () => {
    const pds = await aPds()
    const store = createMemoryStore()
    await aLogin(pds, { store })
    const later = createPasswordXrpcClient({ service: pds.server.origin, store, did })
    expect((await later.get(nsid)).status).toBe(200)
    pds.expire()
    pds.state.refusesRefresh = true
    const error = await failure(later.get(nsid))
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/access-|refresh-\d/)
  })
})
