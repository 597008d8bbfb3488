import { describe, expect, it } from 'vitest'
import { getJwks, oauthAuthorize } from '../../generated/endpoints.ts'
import { createApi } from '../../src/http/create-api.ts'
import type { Operation } from '../../src/lib/api.ts'
import { anOperation } from './create-api-rig.ts'
import { failure } from './serve.ts'

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
    for (const baseUrl of ['localhost:3000', '/api', 'file:///etc', 'https://me:secret@api.example'])
      expect(() => createApi({ baseUrl }).url(anOperation())).toThrow(/"baseUrl" must be an http\(s\) URL/)
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
