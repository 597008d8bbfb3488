import { describe, expect, it } from 'vitest'
import { createApi } from '../../src/http/create-api.ts'
import type { BodyWriter, Operation } from '../../src/lib/api.ts'
import { writeJson, writeMultipart, writeRaw, writeStyledForm } from '../../src/lib/wire/index.ts'
import { anOperation, echoed } from './create-api-rig.ts'
import { failure, json, serve } from './serve.ts'

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
