import { describe, expect, it } from 'vitest'
import { oauthToken, oauthTokenResult } from '../../generated/endpoints.ts'
import * as operations from '../../generated/operations.ts'
import { createApi } from '../../src/http/create-api.ts'
import type { Operation } from '../../src/lib/api.ts'
import { readTypedContent } from '../../src/lib/wire/index.ts'
import { anOperation, answering, isString } from './create-api-rig.ts'
import { failure, json, serve } from './serve.ts'

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
