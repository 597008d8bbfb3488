import { describe, expect, it } from 'vitest'
import { getJwks, oauthAuthorize, oauthRevoke, oauthToken, oauthTokenResult } from '../../generated/endpoints.ts'
import * as operations from '../../generated/operations.ts'
import { type ApiOptions, createApi } from '../../src/http/create-api.ts'
import type { BodyWriter, Operation, Validator } from '../../src/lib/api.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import {
  authorizeClient,
  fillStyledPath,
  followRedirects,
  readContent,
  readOAuthError,
  readTypedContent,
  writeBody,
  writeCookies,
  writeHeaders,
  writeJson,
  writeMultipart,
  writeRaw,
  writeStyledForm,
  writeStyledQuery,
} from '../../src/lib/wire/index.ts'
import { clientSecretBasic } from '../../src/protocol/client-auth.ts'
import { failure, type Handler, json, serve } from './serve.ts'

const isString: Validator = (value) =>
  typeof value === 'string' ? undefined : { path: '', expected: 'string', actualType: typeof value }

/** GET /thing, a JSON string, with every function that an operation can name; the rest as given. */
const anOperation = (parts: Partial<Operation> = {}): Operation => ({
  id: 'getThing',
  method: 'GET',
  path: '/thing',
  fillPath: fillStyledPath,
  authorize: authorizeClient,
  writeQuery: writeStyledQuery,
  parts: [writeHeaders, writeCookies, writeBody],
  read: readContent,
  readError: readOAuthError,
  responses: { 200: { 'application/json': isString }, 400: { 'application/json': null }, 401: {} },
  ...parts,
})

const answering = (status: number, type: string | undefined, body = '', headers = {}) =>
  serve((_, response) => response.writeHead(status, { ...(type && { 'content-type': type }), ...headers }).end(body))

const echo: Handler = ({ method, url, headers, body }, response) =>
  json(response, 200, JSON.stringify({ method, url, headers, body }))

async function echoed(operation: Operation, input = {}, init = {}) {
  const { origin } = await serve(echo)
  const text = await createApi({ baseUrl: `${origin}/base/` }).send(operation, input, init)
  return JSON.parse(text as string) as { method: string; url: string; headers: Record<string, string>; body: string }
}

describe('createApi: the URL', () => {
  const url = (operation: Operation, input = {}, options = {}, init = {}) =>
    createApi({ baseUrl: 'https://api.example/v1/', ...options }).url(operation, input, init).href

  it('joins base URL and path, and keeps the query of the base', () => {
    expect(url(anOperation())).toBe('https://api.example/v1/thing')
    expect(url(anOperation(), { query: { a: 1 } }, { baseUrl: 'https://api.example?key=x' })).toBe(
      'https://api.example/thing?key=x&a=1',
    )
  })

  it('falls back on the server of the document, and says so when there is none', () => {
    const operation = anOperation({ server: 'https://doc.example/api' })
    expect(url(operation, {}, { baseUrl: undefined })).toBe('https://doc.example/api/thing')
    expect(url(operation)).toBe('https://api.example/v1/thing')
    expect(url(operation, {}, {}, { baseUrl: 'https://call.example' })).toBe('https://call.example/thing')
    expect(() => createApi().url(anOperation())).toThrow(/baseUrl/)
  })

  it('keeps a path parameter in its segment', () => {
    const operation = anOperation({ path: '/clients/{id}/keys' })
    expect(url(operation, { path: { id: 'a/b?c#d e%2f\\' } })).toBe(
      'https://api.example/v1/clients/a%2Fb%3Fc%23d%20e%252f%5C/keys',
    )
    for (const id of ['..', '.', '', undefined]) expect(() => url(operation, { path: { id } })).toThrow(TypeError)
    expect(() => url(anOperation({ path: '/{a}{b}/x' }), { path: { a: '.', b: '.' } })).toThrow(TypeError)
    expect(url(anOperation({ path: '/{a}.json' }), { path: { a: '..' } })).toContain('/...json')
    expect(() => url(operation, { path: Object.create({ id: 'inherited' }) })).toThrow(TypeError)
  })

  it.each([
    [{}, [1, 2], '1,2'],
    [{}, { a: 1, b: 2 }, 'a,1,b,2'],
    [{ explode: true }, { a: 1, b: 2 }, 'a=1,b=2'],
    [{ style: 'label' }, 'x', '.x'],
    [{ style: 'label', explode: true }, [1, 2], '.1.2'],
    [{ style: 'matrix' }, 'x', ';v=x'],
    [{ style: 'matrix' }, [1, 2], ';v=1,2'],
    [{ style: 'matrix', explode: true }, [1, 2], ';v=1;v=2'],
    [{ style: 'matrix', explode: true }, { a: 1, b: 2 }, ';a=1;b=2'],
  ])('writes path parameters in style %j', (encoding, value, expected) => {
    const operation = anOperation({ path: '/{v}', encodings: { path: { v: encoding as object } } })
    expect(url(operation, { path: { v: value } })).toBe(`https://api.example/v1/${expected}`)
  })

  it.each([
    [{}, 'a b&c=d+e', 'v=a%20b%26c%3Dd%2Be'],
    [{}, ['x,y', 'z'], 'v=x%2Cy&v=z'],
    [{}, { a: 1, b: null, c: 'x' }, 'a=1&c=x'],
    [{ explode: false }, ['x,y', 'z'], 'v=x%2Cy,z'],
    [{ explode: false }, { a: 1, b: 2 }, 'v=a,1,b,2'],
    [{ style: 'spaceDelimited' }, [1, 2], 'v=1%202'],
    [{ style: 'pipeDelimited' }, [1, 2], 'v=1%7C2'],
    [
      { style: 'deepObject' },
      { a: 1, b: { c: [2, 3] } },
      'v%5Ba%5D=1&v%5Bb%5D%5Bc%5D%5B0%5D=2&v%5Bb%5D%5Bc%5D%5B1%5D=3',
    ],
    [{ style: 'json' }, { a: 1 }, 'v=%7B%22a%22%3A1%7D'],
    [{ allowReserved: true }, 'https://x/?a=b&c#d+e', 'v=https://x/?a=b%26c%23d%2Be'],
    [{}, [], ''],
    [{}, false, 'v=false'],
    [{}, '', 'v='],
  ])('writes query parameters in style %j', (encoding, value, expected) => {
    const operation = anOperation({ encodings: { query: { v: encoding as object } } })
    expect(url(operation, { query: { v: value, absent: undefined, nothing: null } })).toBe(
      `https://api.example/v1/thing${expected && '?'}${expected}`,
    )
  })

  it('lets the discovered URL win over base and path, its query kept', () => {
    const metadata = { authorization_endpoint: 'https://as.example/auth?tenant=a%20b' }
    const api = createApi({ metadata })
    expect(oauthAuthorize(api, { query: { response_type: 'code', client_id: 'c' } as never }).href).toBe(
      'https://as.example/auth?tenant=a%20b&response_type=code&client_id=c',
    )
    expect(oauthAuthorize(api, { query: { client_id: 'c' } as never }, { url: 'https://other.example/x' }).href).toBe(
      'https://other.example/x?client_id=c',
    )
  })

  it('refuses what the server does not offer, before anything is sent', async () => {
    const api = createApi({
      metadata: { issuer: 'https://as.example' },
      fetch: () => Promise.reject(new Error('sent')),
    })
    const error = await failure(getJwks(api, {}))
    expect(error).toMatchObject({ code: 'missing_metadata', field: 'jwks_uri' })
  })

  it('quotes no password of a URL', () => {
    expect(() => url(anOperation(), {}, { baseUrl: 'https://user:secret@api.example' })).toThrow(/^(?!.*secret)/)
  })
})

describe('createApi: headers, cookies and body', () => {
  const writers: Record<string, BodyWriter> = {
    'application/json': writeJson,
    'application/vnd.x+json': writeJson,
    'application/x-www-form-urlencoded': writeStyledForm,
    'multipart/form-data': writeMultipart,
    'application/octet-stream': writeRaw,
    'text/plain': writeRaw,
  }
  const posting = (types: readonly string[], encodings: Operation['encodings'] = {}) =>
    anOperation({ method: 'POST', body: Object.fromEntries(types.map((type) => [type, writers[type]!])), encodings })

  it('sends headers of API, input and call, the later winning, and asks for the documented types', async () => {
    const { origin, received } = await serve((_, response) => json(response, 200, 'x'))
    const api = createApi({ baseUrl: origin, headers: { 'x-a': '1', 'x-b': '1', 'x-c': '1' }, userAgent: 'me/1' })
    const responses = { 200: { 'application/json': null, 'application/jwt': null } }
    const accept = 'application/json, application/jwt;q=0.9'
    await api.send(
      anOperation({ responses, accept }),
      { headers: { 'x-b': 2, 'x-list': [1, 2] } },
      { headers: { 'x-c': '3' } },
    )
    expect(received[0]!.headers).toMatchObject({
      'user-agent': 'me/1',
      accept: 'application/json, application/jwt;q=0.9',
      'x-a': '1',
      'x-b': '2',
      'x-c': '3',
      'x-list': '1,2',
    })
  })

  it('sends cookies', async () => {
    expect((await echoed(anOperation(), { cookies: { a: 'x;y', b: 2 } })).headers.cookie).toBe('a=x%3By; b=2')
  })

  it('sends JSON, its length known', async () => {
    const { headers, body } = await echoed(posting(['application/json']), { body: { a: [1] } })
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '9' })
    expect(body).toBe('{"a":[1]}')
    expect((await echoed(posting(['application/vnd.x+json']), { body: 'text' })).body).toBe('"text"')
  })

  it('sends forms: arrays repeated, objects as JSON, extension parameters as they are', async () => {
    const encodings = {
      body: { list: { explode: false }, json: { contentType: 'application/json' }, deep: { style: 'deepObject' } },
    } as const
    const input = {
      body: {
        grant_type: 'x y',
        resource: ['https://a.example', 'b'],
        list: ['p,q', 'r'],
        json: [{ type: 't' }],
        claims: { id_token: null },
        deep: { a: 'b' },
        absent: undefined,
      },
    }
    const { headers, body } = await echoed(posting(['application/x-www-form-urlencoded'], encodings), input)
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(body.split('&')).toEqual([
      'grant_type=x+y',
      'resource=https%3A%2F%2Fa.example',
      'resource=b',
      'list=p%2Cq,r',
      'json=%5B%7B%22type%22%3A%22t%22%7D%5D',
      'claims=%7B%22id_token%22%3Anull%7D',
      'deep%5Ba%5D=b',
    ])
  })

  it('sends multipart, a part for each item, with a boundary', async () => {
    const input = { body: { name: 'n', tags: ['a', 'b'], meta: { x: 1 }, typed: { y: 2 }, file: new Blob(['data']) } }
    const encodings = { body: { typed: { contentType: 'application/json' } } }
    const { headers, body } = await echoed(posting(['multipart/form-data'], encodings), input)
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(body.match(/name="tags"/g)).toHaveLength(2)
    expect(body).toContain('{"x":1}')
    expect(body).toMatch(/name="typed".*\r\nContent-Type: application\/json\r\n\r\n\{"y":2\}/)
    expect(body).toMatch(/name="file"; filename="blob"/)
  })

  it('sends bytes, text and what is ready as it is, under the type that the call chooses', async () => {
    const types = ['application/json', 'application/octet-stream', 'text/plain']
    const bytes = { body: new Uint8Array([104, 105]), contentType: 'application/octet-stream' }
    expect(await echoed(posting(types), bytes)).toMatchObject({
      body: 'hi',
      headers: { 'content-type': 'application/octet-stream' },
    })
    expect((await echoed(posting(types), { body: 'plain', contentType: 'text/plain' })).body).toBe('plain')
    const stream = new Blob(['streamed']).stream()
    expect((await echoed(posting(types), { body: stream, contentType: 'text/plain' })).body).toBe('streamed')
    expect(await failure(echoed(posting(['text/plain']), { body: { a: 1 } }))).toBeInstanceOf(TypeError)
  })

  it('quotes no header value that HTTP does not allow', async () => {
    for (const place of [{ headers: { a: 'sec\nret' } }, {}]) {
      const error = await failure(echoed(anOperation(), place, { headers: { b: 'sec\nret' } }))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).not.toContain('sec')
    }
  })
})

describe('createApi: credentials', () => {
  const named = (name: string): Fetch & { calls: Request[] } => {
    const calls: Request[] = []
    return Object.assign(
      async (request: Request) => {
        calls.push(request)
        return Response.json(name)
      },
      { calls },
    )
  }
  const plain = named('plain')
  const token = named('token')
  const client = named('client')
  const both = createApi({ baseUrl: 'https://a.example', fetch: plain, authenticatedFetch: token, clientFetch: client })

  it('go exactly where the document asks for them', async () => {
    expect(await both.send(anOperation())).toBe('plain')
    expect(await both.send(anOperation({ accessToken: 'required' }))).toBe('token')
    expect(await both.send(anOperation({ accessToken: 'optional' }))).toBe('token')
    expect(await both.send(anOperation({ method: 'POST', clientAuth: 'required' }))).toBe('client')
    expect(await both.send(anOperation(), {}, { authenticatedFetch: token })).toBe('plain')
  })

  it('authenticate the client in a form by clientAuth', async () => {
    const { origin, received } = await serve((_, response) => void response.end())
    const api = createApi({ baseUrl: origin, clientId: 'c', clientAuth: clientSecretBasic('s') })
    await oauthRevoke(api, { body: { token: 't' } })
    expect(received[0]).toMatchObject({ body: 'token=t', headers: { authorization: `Basic ${btoa('c:s')}` } })
  })

  it('are missed with advice', async () => {
    const api = createApi({ baseUrl: 'https://a.example', fetch: plain })
    expect((await failure(api.send(anOperation({ accessToken: 'required' })))).message).toMatch(/authenticatedFetch/)
    expect((await failure(api.send(anOperation({ clientAuth: 'required' })))).message).toMatch(/clientAuth/)
    expect(await api.send(anOperation({ accessToken: 'optional', clientAuth: 'optional' }))).toBe('plain')
  })

  it('may be the call’s own', async () => {
    const headers = { authorization: 'Bearer mine' }
    expect(await both.send(anOperation({ accessToken: 'required' }), {}, { headers })).toBe('plain')
  })

  it('are refused among headers that go everywhere, and clientAuth without what it needs', async () => {
    for (const name of ['Authorization', 'DPoP', 'Cookie'])
      expect(() => createApi({ headers: { [name]: 'x' } })).toThrow(TypeError)
    const revoke = (options: ApiOptions) =>
      failure(oauthRevoke(createApi({ baseUrl: 'https://a.example', ...options }), { body: { token: 't' } }))
    expect((await revoke({ clientAuth: clientSecretBasic('s') })).message).toMatch(/clientId/)
    const jwt = { method: 'private_key_jwt', signingAlg: 'ES256', authenticate: () => ({}) }
    expect((await revoke({ clientId: 'c', clientAuth: jwt })).message).toMatch(/issuer/)
    expect(() => createApi({ baseURL: 'x' } as object)).toThrow(/baseURL/)
  })

  it('are not sent after a redirect; a GET without any follows within its origin', async () => {
    const { origin, received } = await serve(({ url }, response) => {
      if (url === '/thing') response.writeHead(302, { location: '/next' }).end()
      else json(response, 200, 'followed')
    })
    const api = createApi({ baseUrl: origin, authenticatedFetch: (request) => fetch(request) })
    expect(await api.send(anOperation({ follow: followRedirects }))).toBe('followed')
    expect(await failure(api.send(anOperation({ accessToken: 'required' })))).toMatchObject({
      code: 'redirect_refused',
      status: 302,
    })
    expect(await failure(api.send(anOperation({ method: 'POST' })))).toMatchObject({ code: 'redirect_refused' })
    expect(received.map(({ url }) => url)).toEqual(['/thing', '/next', '/thing', '/thing'])
  })
})

describe('createApi: answers', () => {
  const send = async (operation: Operation, served: Promise<{ origin: string }>) =>
    createApi({ baseUrl: (await served).origin }).send(operation)
  const result = async (operation: Operation, served: Promise<{ origin: string }>) =>
    createApi({ baseUrl: (await served).origin }).result(operation)

  it('resolves to the validated body', async () => {
    expect(await send(anOperation(), answering(200, 'application/json; charset=utf-8', '"x"'))).toBe('x')
    expect(await send(anOperation(), answering(200, 'application/jwk-set+json', '"x"'))).toBe('x')
    expect(await send(anOperation(), answering(200, undefined, '"x"'))).toBe('x')
  })

  it('takes nothing without a content type where a specification demands one, and reads errors all the same', async () => {
    const operation = anOperation({ clause: 'RFC 6749 5.1', read: readTypedContent })
    const error = await failure(send(operation, answering(200, undefined, '"x"')))
    expect(error).toMatchObject({ code: 'unexpected_content_type', clause: 'RFC 6749 5.1', actual: 'no content type' })
    expect(error.message).toMatch(/expected application\/json, got no content type with status 200 \(RFC 6749 5\.1\)$/)
    expect(await send(operation, answering(200, 'application/json', '"x"'))).toBe('x')
    const refusal = await failure(send(operation, answering(400, undefined, '{"error":"invalid_grant"}')))
    expect(refusal).toMatchObject({ code: 'oauth_error', error: 'invalid_grant' })
  })

  it('names no clause where only the API’s own document has the rule', async () => {
    const error = await failure(send(anOperation(), answering(200, 'application/json', '5')))
    expect(error).toMatchObject({ code: 'invalid_body', clause: undefined, expected: 'string at ""', actual: 'number' })
  })

  it('has a clause for whatever our own document says of an answer', () => {
    const all = Object.values(operations) as readonly Operation[]
    // What a browser sends is answered to the browser.
    const answered = all.filter(({ responses, read, readError }) => read ?? readError ?? !('302' in responses))
    expect(answered.length).toBeGreaterThanOrEqual(15)
    for (const { id, clause } of answered)
      expect(clause, id).toMatch(/^(?:RFC \d+|OIDC Core|OpenID Connect Discovery|CIBA Core) [\d.]+$/)
  })

  it('parses by content type: JSON, text, tokens as text, the rest as a Blob', async () => {
    const of = (type: string, as: 'text' | 'blob' | null = null) => anOperation({ responses: { 200: { [type]: as } } })
    expect(await send(of('text/csv', 'text'), answering(200, 'text/csv', 'a,b'))).toBe('a,b')
    expect(await send(of('application/jwt', 'text'), answering(200, 'application/jwt', 'a.b.c'))).toBe('a.b.c')
    const blob = (await send(of('image/png', 'blob'), answering(200, 'image/png', 'png'))) as Blob
    expect([blob.type, await blob.text()]).toEqual(['image/png', 'png'])
    expect(await send(of('application/octet-stream', 'blob'), answering(200, 'image/gif', 'gif'))).toBeInstanceOf(Blob)
    expect(await send(of('*/*'), answering(200, 'application/json', '[1]'))).toEqual([1])
    expect(await send(of('*/*'), answering(200, 'text/plain', '[1]'))).toBe('[1]')
    expect(await send(of('text/*', 'text'), answering(200, 'text/x', 'x'))).toBe('x')
  })

  it('holds what comes under a range to the schema of the range', async () => {
    const isList = (value: unknown) =>
      Array.isArray(value) ? undefined : { path: '', expected: 'array', actualType: typeof value }
    const operation = anOperation({ responses: { 200: { '*/*': isList } } })
    expect(await send(operation, answering(200, 'application/json', '[1]'))).toEqual([1])
    // A login page with status 200, say, and an image.
    expect(await failure(send(operation, answering(200, 'text/html', '<html>')))).toMatchObject({
      code: 'invalid_body',
    })
    expect(await failure(send(operation, answering(200, 'image/png', 'png')))).toMatchObject({
      code: 'unexpected_content_type',
    })
  })

  it('takes answers without a body where the document has none', async () => {
    const responses = { 200: {}, 204: {}, 201: { 'application/json': null, '': null } }
    for (const [status, body] of [
      [204, ''],
      [200, ''],
      [200, 'no meaning'],
      [201, ''],
    ] as const) {
      expect(await send(anOperation({ responses }), answering(status, 'text/plain', body))).toBeUndefined()
    }
    expect(await send(anOperation({ method: 'HEAD', responses }), answering(200, 'application/json'))).toBeUndefined()
  })

  it.each([
    ['unexpected_content_type', 200, 'text/html', '<html>'],
    ['invalid_json', 200, 'application/json', '"cut'],
    ['invalid_body', 200, 'application/json', '5'],
    ['invalid_body', 200, 'application/json', ''],
    ['unexpected_status', 418, 'application/json', '{}'],
    ['unexpected_status', 206, 'application/json', '"x"'],
    ['unexpected_status', 502, 'text/html', '<html>'],
    ['unexpected_content_type', 400, 'text/html', '<html>'],
    ['invalid_json', 400, 'application/json', '{'],
    ['redirect_refused', 302, 'text/html', ''],
  ])('throws %s for status %i with %s', async (code, status, type, body) => {
    const error = await failure(send(anOperation(), answering(status, type, body)))
    expect(error).toMatchObject({ name: 'ResponseError', code, status, contentType: body && type })
    expect(error.message).toContain('getThing')
  })

  it('says where a body does not fit, and not what stands there', async () => {
    const error = await failure(send(anOperation(), answering(200, 'application/json', '{"secret":"abc"}')))
    expect(error.message).toBe('getThing: expected string at "", got object with status 200')
    expect(Object.keys(error)).not.toContain('response')
  })

  it('takes what is nested deeper than a validator can follow for a body of another shape', async () => {
    const depth = (value: unknown): number => (Array.isArray(value) ? 1 + depth(value[0]) : 0)
    const judge = (value: unknown) => (depth(value) ? undefined : { path: '', expected: 'array', actualType: 'number' })
    const operation = anOperation({ responses: { 200: { 'application/json': judge } } })
    const body = '['.repeat(200_000) + ']'.repeat(200_000)
    expect(await failure(send(operation, answering(200, 'application/json', body)))).toMatchObject({
      name: 'ResponseError',
      code: 'invalid_body',
    })
  })

  it('shows the start of a page that a proxy puts before an OAuth endpoint', async () => {
    const error = await failure(send(anOperation(), answering(502, 'text/html', '<h1>Bad Gateway</h1>')))
    expect(error).toMatchObject({ code: 'unexpected_status', excerpt: '<h1>Bad Gateway</h1>' })
  })

  it('throws ApiError for a documented error, its body out of sight of loggers', async () => {
    const error = await failure(
      send(anOperation(), answering(400, 'application/json', '{"message":"secret"}', { 'x-a': 'b' })),
    )
    expect(error).toMatchObject({ name: 'ApiError', code: 'api_error', status: 400, operation: 'getThing' })
    expect(error.body).toEqual({ message: 'secret' })
    expect((error.headers as Headers).get('x-a')).toBe('b')
    expect(JSON.stringify(error) + error.message).not.toContain('secret')
  })

  it('throws OAuthResponseError for a body with an error, documented or not', async () => {
    const body = '{"error":"invalid_grant","error_description":"code secret-code expired"}'
    for (const status of [400, 429, 503]) {
      const error = await failure(
        send(anOperation(), answering(status, 'application/json', body, { 'retry-after': '2' })),
      )
      expect(error).toMatchObject({ code: 'oauth_error', error: 'invalid_grant', status, retryAfter: 2000 })
      expect(error.errorDescription).toBe('code secret-code expired')
      expect(error.message).not.toContain('secret-code')
    }
  })

  it('throws OAuthResponseError for the error of a challenge where the body says nothing', async () => {
    const headers = { 'www-authenticate': 'Bearer realm="x", DPoP error="invalid_token", error_description="expired"' }
    for (const [type, body] of [
      ['', ''],
      ['text/html', '<html>'],
    ] as const) {
      for (const status of [401, 403]) {
        const error = await failure(send(anOperation(), answering(status, type, body, headers)))
        expect(error).toMatchObject({
          code: 'oauth_error',
          error: 'invalid_token',
          errorDescription: 'expired',
          status,
        })
      }
    }
  })

  it('throws ApiError for an empty documented 401', async () => {
    expect(await failure(send(anOperation(), answering(401, undefined)))).toMatchObject({
      code: 'api_error',
      status: 401,
      body: undefined,
    })
  })

  it('shows no error code that could be something else', async () => {
    const error = await failure(send(anOperation(), answering(400, 'application/json', '{"error":"a secret\\nline"}')))
    expect(error.message).not.toContain('secret')
  })

  it('takes the default for no success where the document lists another', async () => {
    const responses = { 201: { 'application/json': isString }, default: { 'application/json': null } }
    const { origin } = await answering(200, 'application/json', '"ok"')
    const sent = createApi({ baseUrl: origin }).result(anOperation({ responses }))
    await expect(sent).rejects.toMatchObject({ code: 'unexpected_status', status: 200 })
  })

  it('matches a range of statuses and the default', async () => {
    const responses = { '2XX': { 'application/json': isString }, default: { 'application/json': null } }
    expect(await send(anOperation({ responses }), answering(202, 'application/json', '"x"'))).toBe('x')
    expect(await failure(send(anOperation({ responses }), answering(418, 'application/json', '{}')))).toMatchObject({
      code: 'api_error',
    })
  })

  it('resolves to the union by status with result, and throws there only for what is not documented', async () => {
    const refused = await result(anOperation(), answering(400, 'application/json', '{"error":"x"}'))
    expect(refused).toMatchObject({ ok: false, status: 400, body: { error: 'x' }, contentType: 'application/json' })
    const ok = (await result(anOperation(), answering(200, 'application/json', '"x"', { 'x-a': 'b' }))) as {
      headers: Headers
    }
    expect(ok).toMatchObject({ ok: true, status: 200, body: 'x' })
    expect(ok.headers.get('x-a')).toBe('b')
    expect(await failure(result(anOperation(), answering(200, 'application/json', '5')))).toMatchObject({
      code: 'invalid_body',
    })
  })

  it('never takes a browser’s opaque redirect for an answer', async () => {
    const opaque = Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' })
    const api = createApi({ baseUrl: 'https://a.example', fetch: async () => opaque })
    expect(await failure(api.send(anOperation({ method: 'POST' })))).toMatchObject({
      code: 'redirect_refused',
      status: 0,
    })
  })

  it('keeps the deadline over the body, and the abort’s reason', async () => {
    const { origin } = await serve(
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('"'),
    )
    const api = createApi({ baseUrl: origin, timeout: 5000 })
    expect(await failure(api.send(anOperation(), {}, { timeout: 50 }))).toMatchObject({ code: 'timeout', timeout: 50 })
    const quick = createApi({ baseUrl: origin, timeout: 50 })
    const init = { timeout: undefined, signal: AbortSignal.timeout(1000) } as { signal: AbortSignal }
    expect(await failure(quick.send(anOperation(), {}, init))).toMatchObject({ code: 'timeout', timeout: 50 })
    const reason = new Error('enough')
    expect(await failure(api.send(anOperation(), {}, { signal: AbortSignal.abort(reason) }))).toBe(reason)
  })

  it('sends generated operations', async () => {
    const { origin, received } = await serve(({ body }, response) => {
      if (body.includes('good')) json(response, 200, { access_token: 'at', token_type: 'Bearer' })
      else json(response, 400, { error: 'invalid_grant' })
    })
    const api = createApi({ metadata: { token_endpoint: `${origin}/t?x=1` } })
    const grant = {
      grant_type: 'authorization_code',
      code: 'good',
      redirect_uri: 'https://app.example/cb',
      client_id: 'c',
    } as const
    expect((await oauthToken(api, { body: grant })).access_token).toBe('at')
    expect(received[0]!.url).toBe('/t?x=1')
    expect(await failure(oauthToken(api, { body: { ...grant, code: 'bad' } }))).toMatchObject({
      error: 'invalid_grant',
    })
    expect(await oauthTokenResult(api, { body: { ...grant, code: 'bad' } })).toMatchObject({ ok: false, status: 400 })
  })
})
