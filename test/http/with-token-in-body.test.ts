import { describe, expect, it } from 'vitest'
import { withTokenInBody } from '../../src/http/with-token-in-body.ts'
import { failure, serve } from './serve.ts'

describe('withTokenInBody', () => {
  it('sends the token as a form parameter, and nothing of it in header or URL (RFC 6750 2.2)', async () => {
    const { origin, received } = await serve((_, response) => void response.end('ok'))
    await withTokenInBody(fetch, 'a+b/c=&d')(new Request(`${origin}/userinfo`, { method: 'POST' }))
    const [{ method, url, headers, body }] = received as [(typeof received)[number]]
    expect([method, url, headers.authorization]).toEqual(['POST', '/userinfo', undefined])
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect([...new URLSearchParams(body)]).toEqual([['access_token', 'a+b/c=&d']])
  })

  it.each(['GET', 'PUT'])('refuses a %s, which has no such form', async (method) => {
    const sent = withTokenInBody(async () => new Response(), 'token')(new Request('https://a.example/', { method }))
    expect(await failure(sent)).toBeInstanceOf(TypeError)
  })
})
