// Logins through the authorization page of a real personal data server, and what a session does afterwards.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AtprotoEvent } from '../../../src/atproto/index.ts'
import { withAccessToken } from '../../../src/http/index.ts'
import { createMemoryStore } from '../../../src/stores/memory/index.ts'
import { failure } from '../../http/serve.ts'
import { pause } from '../../support/local-servers.ts'
import { authorize, type PdsRig, startRig } from './rig.ts'

const tokenMaxAge = 4_000
const collection = 'app.bsky.feed.post'

interface Methods {
  'com.atproto.repo.createRecord': {
    input: { repo: string; collection: string; record: object }
    output: { uri: string; cid: string }
  }
  'com.atproto.repo.getRecord': {
    params: { repo: string; collection: string; rkey: string }
    output: { uri: string; value: { text: string } }
  }
  'com.atproto.repo.uploadBlob': {
    input: Uint8Array<ArrayBuffer>
    output: { blob: { ref: { $link: string }; mimeType: string; size: number } }
  }
}

let rig: PdsRig
beforeAll(async () => {
  rig = await startRig({ tokenMaxAge })
})
afterAll(async () => await rig?.close())

const aPost = (text: string) => ({ $type: collection, text, createdAt: new Date().toISOString() })

/** What an application has seen of its own requests. */
interface Sent {
  readonly path: string
  readonly headers: Headers
  readonly body: URLSearchParams
}

function watch() {
  const sent: Sent[] = []
  const events: AtprotoEvent[] = []
  const onRequest = async (request: Request) => {
    const { pathname } = new URL(request.url)
    const entry = { path: pathname, headers: new Headers(request.headers), body: new URLSearchParams() }
    sent.push(entry)
    if (request.method !== 'POST' || !pathname.startsWith('/oauth/')) return
    for (const [name, value] of new URLSearchParams(await request.clone().text())) entry.body.append(name, value)
  }
  const to = (path: string) => sent.filter((request) => request.path === path)
  const kinds = (kind: AtprotoEvent['kind']) => events.filter((event) => event.kind === kind)
  return { sent, events, onRequest, to, kinds }
}

const proofOf = ({ headers }: Sent) =>
  JSON.parse(Buffer.from(headers.get('dpop')?.split('.')[1] ?? '', 'base64url').toString() || '{}') as Record<
    string,
    string | undefined
  >

describe.each([
  ['the development client, public', (options) => rig.publicClient(options)],
  ['a confidential client with a hosted document', (options) => rig.confidentialClient(options)],
] satisfies [string, PdsRig['publicClient']][])('%s', (_, createClient) => {
  it('logs in by handle, writes a record and reads it', async () => {
    const client = createClient({})
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    expect(session).toMatchObject({ subject: account.did, issuer: rig.pds.url, resource: [rig.pds.url] })

    const xrpc = await client.createXrpcClient<Methods>(account.did)
    const written = await xrpc.post('com.atproto.repo.createRecord', {
      input: { repo: xrpc.did, collection, record: aPost('Dia duit, a dhomhain') },
    })
    expect(written).toMatchObject({ status: 200, data: { uri: expect.stringContaining(`at://${account.did}/`) } })
    const rkey = written.data.uri.split('/').at(-1)!
    const read = await xrpc.get('com.atproto.repo.getRecord', { params: { repo: xrpc.did, collection, rkey } })
    expect(read.data.value.text).toBe('Dia duit, a dhomhain')
  })

  it('logs in by the URL of the PDS, where the page asks for the account', async () => {
    const client = createClient({})
    const account = await rig.anAccount()
    const session = await rig.logIn(client, rig.pds.url, account)
    expect(session.subject).toBe(account.did)
  })

  it('logs in by DID', async () => {
    const client = createClient({})
    const account = await rig.anAccount()
    expect((await rig.logIn(client, account.did, account)).subject).toBe(account.did)
  })

  it('renews past expiry, once for ten calls at a time', async () => {
    const seen = watch()
    const client = createClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    const before = (await session.getAccessToken()).value
    await pause(tokenMaxAge + 500)
    const xrpc = await client.createXrpcClient(session.id)
    const renewals = () => seen.to('/oauth/token').filter(({ body }) => body.get('grant_type') === 'refresh_token')
    const call = () => xrpc.get('com.atproto.server.getSession')
    const answers = await Promise.all(Array.from({ length: 10 }, call))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(seen.kinds('session_refreshed')).toHaveLength(1)
    // A second request can only be the first one with the nonce that the server asked for.
    expect(new Set(renewals().map(({ body }) => body.get('refresh_token'))).size).toBe(1)
    expect((await session.getAccessToken()).value).not.toBe(before)
    // And once more, with the rotated refresh token.
    await pause(tokenMaxAge + 500)
    expect((await call()).status).toBe(200)
    expect(seen.kinds('session_refreshed')).toHaveLength(2)
  })

  it('sends a refused call again with the token that another process has renewed', async () => {
    const store = createMemoryStore()
    const seen = watch()
    const one = createClient({ store })
    const other = createClient({ ...seen, store })
    const account = await rig.anAccount()
    const session = await rig.logIn(one, account.handle, account)
    const xrpc = await other.createXrpcClient(account.did)
    const call = () => xrpc.get('com.atproto.server.getSession')
    await call()
    const old = await session.getAccessToken()
    const next = await session.refresh()
    // The server takes a token no more once it was renewed, and the other process holds the old one for a while.
    expect((await call()).status).toBe(200)
    const tokens = seen.to('/xrpc/com.atproto.server.getSession').map(({ headers }) => headers.get('authorization'))
    expect(tokens.slice(-2)).toEqual([`DPoP ${old.value}`, `DPoP ${next.value}`])
    expect(seen.kinds('session_refreshed')).toEqual([])
  })

  it('is refused after revocation, and logs in again', async () => {
    const seen = watch()
    const client = createClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    const revoked = await session.getAccessToken()
    await session.logout()
    expect(seen.kinds('revocation_failed')).toEqual([])
    const tokens = new Set(seen.to('/oauth/revoke').map(({ body }) => body.get('token')))
    expect(tokens).toContain(revoked.value)
    expect(tokens.size).toBe(2)

    const stale = withAccessToken(
      client.fetch,
      { getAccessToken: async () => revoked },
      {
        origins: [rig.pds.url],
        allowLoopbackHttp: true,
      },
    )
    const refused = await stale(new Request(`${rig.pds.url}/xrpc/com.atproto.server.getSession`))
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: 'invalid_token' })
    expect(await failure(client.createXrpcClient(account.did))).toMatchObject({ code: 'not_found' })

    const again = await rig.logIn(client, account.handle, account)
    const xrpc = await client.createXrpcClient(account.did)
    expect(again.id).not.toBe(session.id)
    expect((await xrpc.get('com.atproto.server.getSession')).data).toMatchObject({ did: account.did })
  })

  it('ends the session when the server has revoked it, and says so', async () => {
    const seen = watch()
    const client = createClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    const xrpc = await client.createXrpcClient(session.id)
    await rig.pds.revokeAll(account.did)
    expect(await failure(xrpc.get('com.atproto.server.getSession'))).toMatchObject({
      code: 'session_expired',
      reason: 'refresh_refused',
    })
    expect(await session.status()).toBe('expired')
    expect(seen.kinds('session_expired')).toHaveLength(1)
  })

  it('uploads bytes and gets them back', async () => {
    const client = createClient({})
    const account = await rig.anAccount()
    await rig.logIn(client, account.handle, account)
    const xrpc = await client.createXrpcClient<Methods>(account.did)
    const input = crypto.getRandomValues(new Uint8Array(20_000))
    const { data } = await xrpc.post('com.atproto.repo.uploadBlob', {
      input,
      contentType: 'application/octet-stream',
    })
    expect(data.blob.size).toBe(input.byteLength)
    const record = { ...aPost('with a picture'), $type: 'com.example.file', file: data.blob }
    await xrpc.post('com.atproto.repo.createRecord', {
      input: { repo: xrpc.did, collection: 'com.example.file', record },
    })
    const cid = data.blob.ref.$link
    const got = await xrpc.get('com.atproto.sync.getBlob', { params: { did: xrpc.did, cid } })
    expect(got.data).toEqual(input)
  })

  it('tells that the user said no', async () => {
    const client = createClient({})
    const account = await rig.anAccount()
    const page = await rig.browser.newPage()
    const url = await client.createAuthorizationUrl(account.handle)
    const back = await authorize(page, url, { handle: account.handle, back: client.redirectUri, deny: true })
    await page.close()
    expect(await failure(client.handleCallback(back))).toMatchObject({ error: 'access_denied' })
  })

  it('sends a proof with each request to the server, with the newest nonce of that server', async () => {
    const seen = watch()
    const client = createClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    const xrpc = await client.createXrpcClient(session.id)
    await xrpc.get('com.atproto.server.getSession')
    await session.refresh()
    await xrpc.get('com.atproto.server.getSession')
    for (const path of ['/oauth/par', '/oauth/token', '/xrpc/com.atproto.server.getSession']) {
      const requests = seen.to(path)
      expect(requests.length, path).toBeGreaterThan(0)
      for (const request of requests) expect(proofOf(request).htm, path).toBeDefined()
      // Only the first request to a server may have none, and was then asked for one.
      expect(proofOf(requests.at(-1)!).nonce, path).toBeDefined()
    }
    const proofs = seen.sent.map(proofOf).filter(({ jti }) => jti !== undefined)
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(proofs.length)
  })
})

describe('a confidential client', () => {
  it('authenticates at each endpoint, at revocation, too', async () => {
    const seen = watch()
    const client = rig.confidentialClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    await session.refresh()
    await session.logout()
    for (const path of ['/oauth/par', '/oauth/token', '/oauth/revoke']) {
      const requests = seen.to(path)
      expect(requests.length, path).toBeGreaterThan(0)
      for (const { body } of requests) {
        expect(body.get('client_assertion_type'), path).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        const claims = JSON.parse(Buffer.from(body.get('client_assertion')!.split('.')[1]!, 'base64url').toString())
        expect(claims).toMatchObject({ iss: client.clientId, sub: client.clientId, aud: rig.pds.url })
      }
    }
    expect(client.clientMetadata).toMatchObject({ response_types: ['code'], dpop_bound_access_tokens: true })
  })
})

describe('the development client', () => {
  it('proves itself with no assertion anywhere', async () => {
    const seen = watch()
    const client = rig.publicClient(seen)
    const account = await rig.anAccount()
    const session = await rig.logIn(client, account.handle, account)
    await session.refresh()
    await session.logout()
    expect(seen.sent.some(({ body }) => body.has('client_assertion'))).toBe(false)
  })
})
