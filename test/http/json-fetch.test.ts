import { describe, expect, it } from 'vitest'
import { fetchJson } from '../../src/http/json-fetch.ts'
import { failure, json, serve } from './serve.ts'

describe('fetchJson', () => {
  it('gives the parsed document and its headers', async () => {
    const { origin, received } = await serve((_, response) =>
      json(response, 200, { keys: [] }, { 'cache-control': 'max-age=60' }),
    )
    const { body, headers } = await fetchJson(fetch, `${origin}/jwks`, {
      accept: 'application/jwk-set+json, application/json',
    })
    expect(body).toEqual({ keys: [] })
    expect(headers.get('cache-control')).toBe('max-age=60')
    expect(received[0]!.headers.accept).toBe('application/jwk-set+json, application/json')
  })

  it.each(['application/json; charset=utf-8', 'application/jwk-set+json', 'APPLICATION/JSON'])(
    'takes %s',
    async (type) => {
      const { origin } = await serve((_, response) => json(response, 200, null, { 'content-type': type }))
      expect((await fetchJson(fetch, origin)).body).toBe(null)
    },
  )

  it.each(['{"issuer":"a","issuer":"b"}', '{"a":{"b":1,"\\u0062":2}}', '{"keys":[{"kty":"EC","kty":"RSA"}]}'])(
    'refuses a document with a member twice, of which two readers may take different ones: %s',
    async (text) => {
      const { origin } = await serve(
        (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(text),
      )
      expect(await failure(fetchJson(fetch, origin))).toMatchObject({ code: 'invalid_json', actual: 'a member twice' })
    },
  )

  it.each([201, 204, 206, 400, 404, 500])('refuses status %i', async (status) => {
    const { origin } = await serve((_, response) => json(response, status, {}))
    expect(await failure(fetchJson(fetch, origin))).toMatchObject({ code: 'unexpected_status', status })
  })

  it('refuses HTML, with an excerpt only where the status is an error', async () => {
    const page = '<html>\n<b>Bad   gateway</b>'
    const html = (status: number) =>
      serve((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end(page + 'x'.repeat(500)))
    const ok = await failure(fetchJson(fetch, (await html(200)).origin))
    expect(ok).toMatchObject({
      code: 'unexpected_content_type',
      status: 200,
      contentType: 'text/html',
    })
    expect(ok.excerpt).toBeUndefined()
    const bad = await failure(fetchJson(fetch, (await html(502)).origin))
    expect(bad).toMatchObject({ code: 'unexpected_status', contentType: 'text/html' })
    expect(bad.excerpt).toMatch(/^<html> <b>Bad gateway<\/b>x+…$/)
    expect((bad.excerpt as string).length).toBeLessThanOrEqual(201)
  })

  it('never quotes JSON, not even under the name of text', async () => {
    const { origin } = await serve((_, response) =>
      response.writeHead(500, { 'content-type': 'text/plain' }).end(' {"access_token":"secret"}'),
    )
    expect((await failure(fetchJson(fetch, origin))).excerpt).toBeUndefined()
  })

  it('refuses truncated JSON without quoting it', async () => {
    const { origin } = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"secret": "abc'),
    )
    const error = await failure(fetchJson(fetch, origin))
    expect(error).toMatchObject({ code: 'invalid_json', status: 200 })
    expect(`${error.message} ${error.cause}`).not.toContain('abc')
  })

  it('refuses more than 512 KiB', async () => {
    const { origin } = await serve((_, response) => json(response, 200, 'x'.repeat(512 * 1024)))
    expect(await failure(fetchJson(fetch, origin))).toMatchObject({ code: 'body_too_large' })
  })

  it('has one deadline over all redirects', async () => {
    const { origin } = await serve(async ({ url }, response) => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      const step = Number(url.slice(1))
      if (step < 3) response.writeHead(302, { location: `/${step + 1}` }).end()
      else json(response, 200, {})
    })
    expect(await failure(fetchJson(fetch, `${origin}/0`, { timeout: 100 }))).toMatchObject({ code: 'timeout' })
  })

  it('rethrows the reason of an abort', async () => {
    const { origin } = await serve(() => {})
    const reason = new Error('enough')
    expect(await failure(fetchJson(fetch, origin, { signal: AbortSignal.abort(reason) }))).toBe(reason)
  })
})
