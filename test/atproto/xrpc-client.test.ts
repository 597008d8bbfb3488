// The clients that need no session, over real HTTP: what is sent, what comes back, what is refused.
import { describe, expect, it } from 'vitest'
import {
  createPasswordXrpcClient,
  createUnauthenticatedXrpcClient,
  type XrpcClientOptions,
} from '../../src/atproto/index.ts'
import { XrpcError } from '../../src/errors/index.ts'
import { failure, type Handler, json, type Served, serve } from '../http/serve.ts'

const nsid = 'com.example.notes.list'

async function rig(handler: Handler, options: XrpcClientOptions = {}) {
  const server = await serve(handler)
  return { server, xrpc: createUnauthenticatedXrpcClient({ service: server.origin, ...options }) }
}

const echo: Handler = (_, response) => json(response, 200, { ok: true })
const last = ({ received }: Served) => received.at(-1)!

describe('a query', () => {
  it('goes to /xrpc/{nsid}, with params as Lexicon writes them', async () => {
    const { server, xrpc } = await rig(echo)
    const params = { text: 'a b&c', limit: 5, deep: false, tags: ['x', 'y'], none: undefined }
    const { status, data, headers } = await xrpc.get(nsid, { params })
    expect(last(server).method).toBe('GET')
    expect(last(server).url).toBe(`/xrpc/${nsid}?text=a+b%26c&limit=5&deep=false&tags=x&tags=y`)
    expect({ status, data, type: headers.get('content-type') }).toEqual({
      status: 200,
      data: { ok: true },
      type: 'application/json',
    })
  })

  it.each([[1.5], [Number.NaN], [{ a: 1 }], [null]])(
    'refuses the parameter %j, which Lexicon has no form for',
    async (value) => {
      const { server, xrpc } = await rig(echo)
      const error = await failure(xrpc.get(nsid, { params: { value: value as never } }))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain('"value"')
      expect(server.received).toEqual([])
    },
  )

  it.each(['../admin', 'com.example', 'com.example.list?x=1', 'com.example.9list', '', 'com..example.list'])(
    'refuses "%s", which is no NSID',
    async (name) => {
      const { server, xrpc } = await rig(echo)
      expect(await failure(xrpc.get(name))).toBeInstanceOf(TypeError)
      expect(server.received).toEqual([])
    },
  )

  it('refuses an option that it does not know', async () => {
    const { xrpc } = await rig(echo)
    expect((await failure(xrpc.get(nsid, { input: {} } as never))).message).toContain('unknown option "input"')
  })
})

describe('a procedure', () => {
  it('sends JSON, and says so', async () => {
    const { server, xrpc } = await rig(echo)
    await xrpc.post(nsid, { input: { a: [1, 'é'] }, params: { dry: true } })
    expect(last(server)).toMatchObject({ method: 'POST', url: `/xrpc/${nsid}?dry=true`, body: '{"a":[1,"é"]}' })
    expect(last(server).headers['content-type']).toBe('application/json')
  })

  it('sends nothing where there is no input', async () => {
    const { server, xrpc } = await rig(echo)
    await xrpc.post(nsid)
    expect(last(server).body).toBe('')
    expect(last(server).headers['content-type']).toBeUndefined()
  })

  it.each([
    ['text', 'hello'],
    ['bytes', new TextEncoder().encode('hello')],
    ['a buffer', new TextEncoder().encode('hello').buffer],
    ['a Blob', new Blob(['hello'])],
    ['a stream', new Blob(['hello']).stream()],
  ])('sends %s as it is, under the content type that is given', async (_, input) => {
    const { server, xrpc } = await rig(echo)
    await xrpc.post(nsid, { input, contentType: 'image/png' })
    expect(last(server).body).toBe('hello')
    expect(last(server).headers['content-type']).toBe('image/png')
  })

  it("takes a Blob's own type", async () => {
    const { server, xrpc } = await rig(echo)
    await xrpc.post(nsid, { input: new Blob(['x'], { type: 'image/jpeg' }) })
    expect(last(server).headers['content-type']).toBe('image/jpeg')
  })

  it.each([
    ['text', 'hello', undefined],
    ['bytes', new Uint8Array(3), undefined],
    ['a Blob without a type', new Blob(['x']), undefined],
    ['a form', new FormData(), undefined],
    ['an object under a type that is not JSON', {}, 'image/png'],
    ['a function', () => {}, undefined],
  ])('refuses %s without a content type that fits', async (_, input, contentType) => {
    const { server, xrpc } = await rig(echo)
    expect(await failure(xrpc.post(nsid, { input, contentType }))).toBeInstanceOf(TypeError)
    expect(server.received).toEqual([])
  })
})

describe('headers', () => {
  it('are those of the client, and those of a call before them', async () => {
    const labeler = 'did:plc:ar7c4by46qjdydhdevvrndac'
    const { server, xrpc } = await rig(echo, {
      userAgent: 'my-app/1.2',
      proxy: 'did:web:api.example#bsky_appview',
      labelers: [labeler, `${labeler};redact`],
      headers: { 'accept-language': 'ga' },
    })
    await xrpc.get(nsid)
    expect(last(server).headers).toMatchObject({
      'user-agent': 'my-app/1.2',
      'atproto-proxy': 'did:web:api.example#bsky_appview',
      'atproto-accept-labelers': `${labeler}, ${labeler};redact`,
      'accept-language': 'ga',
    })
    await xrpc.get(nsid, {
      proxy: 'did:web:other.example#x',
      labelers: [labeler],
      headers: { 'accept-language': 'gd' },
    })
    expect(last(server).headers).toMatchObject({
      'atproto-proxy': 'did:web:other.example#x',
      'atproto-accept-labelers': labeler,
      'accept-language': 'gd',
    })
  })

  it('name the library where the application gives no name', async () => {
    const { server, xrpc } = await rig(echo)
    await xrpc.get(nsid)
    expect(last(server).headers['user-agent']).toMatch(/^authentype\/\d/)
  })

  it.each(['did:web:api.example', 'api.example#x', 'did:web:a#b#c', 'did:web:a#b\r\nx: y'])(
    'refuses the proxy "%s", at the client and at a call',
    async (proxy) => {
      const { server, xrpc } = await rig(echo)
      expect(() => createUnauthenticatedXrpcClient({ service: server.origin, proxy })).toThrow(TypeError)
      expect(await failure(xrpc.get(nsid, { proxy }))).toBeInstanceOf(TypeError)
    },
  )
})

describe('an answer', () => {
  it.each([200, 201, 202])('with status %i is a success', async (status) => {
    const { xrpc } = await rig((_, response) => json(response, status, { made: true }))
    expect(await xrpc.post(nsid)).toMatchObject({ status, data: { made: true } })
  })

  it('with status 204 has no data', async () => {
    const { xrpc } = await rig((_, response) => response.writeHead(204).end())
    expect(await xrpc.post(nsid)).toMatchObject({ status: 204, data: undefined })
  })

  it('gives text as a string and anything else as bytes', async () => {
    const { xrpc } = await rig(({ url }, response) =>
      response.setHeader('content-type', url.endsWith('a') ? 'text/plain' : 'image/png').end('é'),
    )
    expect((await xrpc.get('com.example.a')).data).toBe('é')
    expect((await xrpc.get('com.example.b')).data).toEqual(new TextEncoder().encode('é'))
  })

  it('that is called JSON and is none is refused', async () => {
    const { xrpc } = await rig((_, response) => response.setHeader('content-type', 'application/json').end('<p>'))
    expect(await failure(xrpc.get(nsid))).toMatchObject({ name: 'ResponseError', code: 'invalid_json' })
  })

  it('that leads elsewhere is refused', async () => {
    const { xrpc, server } = await rig((_, response) =>
      response.writeHead(302, { location: '/xrpc/com.example.b' }).end(),
    )
    expect(await failure(xrpc.get(nsid))).toMatchObject({ code: 'redirect_refused' })
    expect(server.received).toHaveLength(1)
  })

  it('larger than the limit is refused, and so is one that takes too long', async () => {
    const large = await rig((_, response) => response.end('x'.repeat(200)), { maxBytes: 100 })
    expect(await failure(large.xrpc.get(nsid))).toMatchObject({ code: 'body_too_large' })
    const slow = await rig(() => {}, { timeout: 50 })
    expect(await failure(slow.xrpc.get(nsid))).toMatchObject({ name: 'TimeoutError' })
  })
})

describe('an error', () => {
  it("has the server's name for it, its words and its status", async () => {
    const { xrpc } = await rig((_, response) =>
      json(response, 400, { error: 'RecordNotFound', message: 'no such\u001b[31m record' }),
    )
    const error = await failure(xrpc.get(nsid))
    expect(error).toBeInstanceOf(XrpcError)
    expect(error).toMatchObject({ code: 'xrpc_error', error: 'RecordNotFound', status: 400, nsid })
    expect(error.message).toBe(`${nsid} was answered with 400 RecordNotFound: no such [31m record`)
  })

  it.each([
    [404, 'text/html', '<h1>Not Found</h1>', 'XRPCNotSupported'],
    [502, 'text/html', '<h1>Bad Gateway</h1>', 'UpstreamFailure'],
    [500, 'application/json', '{"oops"', 'InternalServerError'],
    [401, 'application/json', '{"error":17}', 'AuthenticationRequired'],
    [400, 'application/json', '{"error":"two words"}', 'InvalidRequest'],
    [418, 'application/json', 'null', 'InvalidRequest'],
    [599, '', '', 'Unknown'],
  ])('of status %i as %s with %s is told by its status', async (status, type, body, name) => {
    const { xrpc } = await rig((_, response) => response.writeHead(status, { 'content-type': type }).end(body))
    expect(await failure(xrpc.get(nsid))).toMatchObject({ name: 'XrpcError', error: name, status })
  })

  it('tells how long to wait', async () => {
    const { xrpc } = await rig((_, response) =>
      json(response, 429, { error: 'RateLimitExceeded' }, { 'retry-after': '7', 'ratelimit-remaining': '0' }),
    )
    const error = (await failure(xrpc.get(nsid))) as unknown as XrpcError
    expect(error.retryAfter).toBe(7_000)
    expect(error.headers.get('ratelimit-remaining')).toBe('0')
    // Headers and body are for the application, and for no logger.
    expect(Object.keys(error)).not.toContain('headers')
    expect(Object.keys(error)).not.toContain('body')
  })

  it('of the network is one of the library', async () => {
    const xrpc = createUnauthenticatedXrpcClient({ service: 'http://127.0.0.1:1' })
    expect(await failure(xrpc.get(nsid))).toMatchObject({ name: 'NetworkError' })
  })
})

describe('createUnauthenticatedXrpcClient', () => {
  it.each([
    ...['https://a.example/path', 'https://a.example?x', 'ftp://a.example', 'a.example', 'https://u@a.example'],
    ...['http://a.example', 'http://10.0.0.1', 'https://:secret@a.example'],
  ])('refuses the service %s', (service) => {
    const refused = (create: () => unknown) => {
      expect(create).toThrow('"service"')
      expect(create).not.toThrow('secret')
    }
    refused(() => createUnauthenticatedXrpcClient({ service }))
    // A password would be sent there.
    refused(() => createPasswordXrpcClient({ service }))
  })

  it('refuses an option that it does not know', () => {
    expect(() => createUnauthenticatedXrpcClient({ service: 'https://a.example', retry: 3 } as never)).toThrow(
      '"retry"',
    )
  })
})
