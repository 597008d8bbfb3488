import { describe, expect, it } from 'vitest'
import * as operations from '../../generated/operations.ts'
import type { paths } from '../../generated/schema.ts'
import { createPathsClient } from '../../src/http/paths-client.ts'
import { withAccessToken } from '../../src/http/with-access-token.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { failure, json, serve } from './serve.ts'

interface Things {
  '/things/{id}': {
    get: {
      parameters: { path: { id: string }; query?: { list?: string[]; q?: string } }
      responses: { 200: { content: { 'application/json': { id: string } } } }
    }
    post: {
      parameters: { path: { id: string } }
      requestBody: { content: { 'application/json': { a: number } } }
      responses: { 200: { content: { 'application/json': { id: string } } } }
    }
  }
}

const tagged = (name: string): Fetch => {
  return async (request) => {
    const headers = new Headers(request.headers)
    headers.set('x-by', name)
    return await fetch(new Request(request, { headers }))
  }
}

const answering = (status: number, type: string, body: string, headers = {}) =>
  serve((_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body))

const things = async (served: Promise<{ origin: string }>) =>
  createPathsClient<Things>({ baseUrl: (await served).origin })
const get = async (served: Promise<{ origin: string }>) =>
  (await things(served)).GET('/things/{id}', { params: { path: { id: 'x' } } })

describe('createPathsClient', () => {
  it('leaves the token off where the document asks for none', async () => {
    const { origin, received } = await serve(({ url }, response) => {
      json(response, 200, url === '/userinfo' ? { sub: 's' } : { keys: [] })
    })
    const client = createPathsClient<paths>({
      baseUrl: origin,
      fetch: tagged('token'),
      publicFetch: tagged('public'),
      operations,
    })
    expect((await client.GET('/userinfo')).data).toEqual({ sub: 's' })
    expect((await client.GET('/jwks')).data).toEqual({ keys: [] })
    expect((await client.request('get', '/jwks')).data).toEqual({ keys: [] })
    expect(received.map(({ headers }) => headers['x-by'])).toEqual(['token', 'public', 'public'])
  })

  it('sends everything through the one fetch where it has no table', async () => {
    const { origin, received } = await serve((_, response) => json(response, 200, {}))
    const client = createPathsClient<paths>({ baseUrl: origin, fetch: tagged('token') })
    await client.GET('/jwks')
    expect(received[0]!.headers['x-by']).toBe('token')
  })

  it('lets discovered URLs win, their query kept', async () => {
    const { origin, received } = await serve((_, response) => json(response, 200, { keys: [] }))
    const metadata = { jwks_uri: `${origin}/keys?tenant=a` }
    const client = createPathsClient<paths>({ baseUrl: 'https://unused.example', operations, metadata })
    await client.GET('/jwks')
    expect(received[0]!.url).toBe('/keys?tenant=a')
    expect(await failure(client.GET('/userinfo'))).toMatchObject({
      code: 'missing_metadata',
      field: 'userinfo_endpoint',
    })
  })

  it('sends forms as the document declares them, without being told the content type', async () => {
    const { origin, received } = await serve((_, response) =>
      json(response, 200, { access_token: 'a', token_type: 'Bearer' }),
    )
    const client = createPathsClient<paths>({ baseUrl: origin, operations })
    const body = { grant_type: 'client_credentials', resource: ['https://a.example', 'https://b.example'] } as never
    await client.POST('/token', { body })
    expect(received[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(received[0]!.body).toBe(
      'grant_type=client_credentials&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example',
    )
  })

  it('keeps the query of a base URL before its own, and a path parameter in its segment', async () => {
    const { origin, received } = await serve((_, response) => json(response, 200, { id: 'x' }))
    const client = createPathsClient<Things>({ baseUrl: `${origin}/v1/?key=k` })
    await client.GET('/things/{id}', { params: { path: { id: 'a/b' }, query: { list: ['p', 'q'] } } })
    expect(received[0]!.url).toBe('/v1/things/a%2Fb?key=k&list=p&list=q')
    expect(await failure(client.GET('/things/{id}', { params: { path: { id: '..' } } }))).toBeInstanceOf(TypeError)
    expect(await failure(client.GET('/things/{id}', {} as never))).toBeInstanceOf(TypeError)
  })

  it('sends its body again when the fetch needs to, the length known', async () => {
    const { origin, received } = await serve(({ headers }, response) => {
      if (headers.authorization === 'Bearer good') json(response, 200, { id: 'x' })
      else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
    })
    const source = {
      getAccessToken: async (request?: { rejected?: string }) =>
        ({ kind: 'bearer', scope: '', value: request?.rejected ? 'good' : 'stale' }) as const,
    }
    const carrying = withAccessToken(fetch, source, { origins: [origin], allowLoopbackHttp: true })
    const client = createPathsClient<Things>({ baseUrl: origin, fetch: carrying })
    const { data } = await client.POST('/things/{id}', { params: { path: { id: 'x' } }, body: { a: 1 } })
    expect(data).toEqual({ id: 'x' })
    expect(received.map(({ body, headers }) => [body, headers['content-length']])).toEqual([
      ['{"a":1}', '7'],
      ['{"a":1}', '7'],
    ])
  })

  it('gives a token that is no JSON as text', async () => {
    const { origin } = await answering(200, 'application/jwt', 'a.b.c')
    const client = createPathsClient<paths>({ baseUrl: origin, operations })
    expect((await client.GET('/userinfo')).data).toBe('a.b.c')
  })

  it('parses as the call says', async () => {
    const client = await things(answering(200, 'image/png', 'png'))
    const { data } = await client.GET('/things/{id}', { params: { path: { id: 'x' } }, parseAs: 'blob' })
    expect(await (data as unknown as Blob).text()).toBe('png')
  })

  it('returns an error with a body as openapi-fetch does', async () => {
    const { error, response } = await get(answering(400, 'application/json', '{"error":"x"}'))
    expect([error, response.status]).toEqual([{ error: 'x' }, 400])
  })

  it('throws where openapi-fetch would return an empty error: an empty 401, a redirect', async () => {
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' }
    expect(await failure(get(answering(401, 'text/plain', '', challenge)))).toMatchObject({
      code: 'oauth_error',
      error: 'invalid_token',
    })
    expect(await failure(get(answering(401, 'text/plain', '')))).toMatchObject({
      code: 'unexpected_status',
      status: 401,
    })
    const elsewhere = { location: 'https://evil.example/' }
    expect(await failure(get(answering(302, 'text/html', '', elsewhere)))).toMatchObject({
      code: 'redirect_refused',
      status: 302,
    })
  })

  it('throws for truncated JSON and for pages, quoting nothing', async () => {
    const cut = await failure(get(answering(200, 'application/json', '{"secret":')))
    expect(cut).toMatchObject({ code: 'invalid_json', status: 200 })
    expect(`${cut.message}${cut.cause}`).not.toContain('secret')
    expect(await failure(get(answering(200, 'text/html', '<html>')))).toMatchObject({ code: 'unexpected_content_type' })
    const { origin } = await answering(200, 'text/html', '<html>')
    expect(await failure(createPathsClient<paths>({ baseUrl: origin, operations }).GET('/jwks'))).toMatchObject({
      code: 'unexpected_content_type',
    })
    const client = await things(answering(200, 'application/json', '{"secret":'))
    const forced = client.GET('/things/{id}', { params: { path: { id: 'x' } }, parseAs: 'json' })
    expect(await failure(forced)).toMatchObject({ code: 'invalid_json' })
  })

  it('makes typed errors of lost connections, before and half way', async () => {
    expect(await failure(get(serve((_, response) => response.destroy())))).toMatchObject({ code: 'network_error' })
    const cut = serve((_, response) => {
      response.writeHead(200, { 'content-length': '100', 'content-type': 'application/json' }).write('{')
      setTimeout(() => response.destroy(), 10)
    })
    expect(await failure(get(cut))).toMatchObject({ code: 'network_error' })
  })

  it('has no middleware, and refuses options that it does not know', () => {
    expect(createPathsClient<Things>({ baseUrl: 'https://a.example' })).not.toHaveProperty('use')
    expect(() => createPathsClient({ baseUrl: 'https://a.example', headers: {} } as never)).toThrow(/headers/)
  })
})
