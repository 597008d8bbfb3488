import { describe, expect, it } from 'vitest'
import { withoutRedirects, withRedirects } from '../../src/http/redirects.ts'
import { failure, serve } from './serve.ts'

/** Answers `/n` with a redirect to `/n-1`, and `/0` with its own request. */
const chain = (status = 302) =>
  serve(({ url, method }, response) => {
    const left = Number(url.slice(1))
    if (left > 0) response.writeHead(status, { location: `/${left - 1}` }).end()
    else response.end(`${method} ${url}`)
  })

describe('withRedirects', () => {
  it.each([301, 302, 303, 307, 308])('follows three redirects of status %i within the origin', async (status) => {
    const { origin, received } = await chain(status)
    const request = new Request(`${origin}/3`, { headers: { accept: 'a/b' } })
    const response = await withRedirects(fetch)(request)
    expect(await response.text()).toBe('GET /0')
    expect(received.map(({ url }) => url)).toEqual(['/3', '/2', '/1', '/0'])
    expect(received[3]!.headers.accept).toBe('a/b')
  })

  it('resolves a relative Location on the URL that gave it', async () => {
    const { origin } = await serve(({ url }, response) => {
      if (url === '/a') response.writeHead(302, { location: '/b/c' }).end()
      else if (url === '/b/c') response.writeHead(302, { location: 'd' }).end()
      else response.end(url)
    })
    expect(await (await withRedirects(fetch)(new Request(`${origin}/a`))).text()).toBe('/b/d')
  })

  it('refuses a fourth', async () => {
    const { origin, received } = await chain()
    const error = await failure(withRedirects(fetch)(new Request(`${origin}/4`)))
    expect(error).toMatchObject({ code: 'redirect_refused', status: 302, url: `${origin}/1` })
    expect(received).toHaveLength(4)
  })

  it('refuses an endless loop', async () => {
    const { origin } = await serve((_, response) => void response.writeHead(302, { location: '/again' }).end())
    expect(await failure(withRedirects(fetch)(new Request(origin)))).toMatchObject({ code: 'redirect_refused' })
  })

  it.each(['http://127.0.0.1:1/', '//evil.example/', 'javascript:alert(1)', 'http://', 'data:text/plain,x'])(
    'refuses to leave the origin for %s',
    async (location) => {
      const { origin } = await serve((_, response) => void response.writeHead(302, { location }).end())
      expect(await failure(withRedirects(fetch)(new Request(origin)))).toMatchObject({ code: 'redirect_refused' })
    },
  )

  it('refuses a redirect with user information, and one without a Location', async () => {
    const withUser = await serve(({ headers }, response) => {
      response.writeHead(302, { location: `http://user:secret@${headers.host}/` }).end()
    })
    const error = await failure(withRedirects(fetch)(new Request(withUser.origin)))
    expect(error).toMatchObject({ code: 'redirect_refused' })
    expect(error.message).not.toContain('secret')
    const nowhere = await serve((_, response) => void response.writeHead(307).end())
    expect(await failure(withRedirects(fetch)(new Request(nowhere.origin)))).toMatchObject({ code: 'redirect_refused' })
  })

  it('passes 304 and other statuses on', async () => {
    const { origin } = await serve((_, response) => void response.writeHead(304).end())
    expect((await withRedirects(fetch)(new Request(origin))).status).toBe(304)
  })

  it('refuses what a browser hides: an opaque redirect', async () => {
    const opaque = Object.defineProperties(Response.error(), { type: { value: 'opaqueredirect' } })
    const error = await failure(withRedirects(async () => opaque)(new Request('https://a.example/')))
    expect(error).toMatchObject({ code: 'redirect_refused', status: 0 })
  })
})

describe('withoutRedirects', () => {
  it('refuses every redirect, so that a POST goes nowhere else', async () => {
    const { origin, received } = await chain(307)
    const request = new Request(`${origin}/1`, { method: 'POST', body: 'code=secret' })
    expect(await failure(withoutRedirects(fetch)(request))).toMatchObject({ code: 'redirect_refused', status: 307 })
    expect(received).toHaveLength(1)
  })

  it('passes everything else on', async () => {
    const { origin } = await chain()
    expect(
      await (await withoutRedirects(fetch)(new Request(`${origin}/0`, { method: 'POST', body: 'x' }))).text(),
    ).toBe('POST /0')
  })
})
