import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createDpopNonces } from '../../src/http/dpop-nonces.ts'
import type { AccessToken, AccessTokenRequest, TokenSource } from '../../src/http/token-source.ts'
import { type AccessTokenOptions, withAccessToken } from '../../src/http/with-access-token.ts'
import { failure, type Handler, serve } from './serve.ts'
import { aSigningKey, proofOf } from './signing-key.ts'

const bearer = (value: string): AccessToken => ({ kind: 'bearer', value, scope: '' })

/** Gives the tokens in turn, another one each time that the last is reported as rejected. */
function aSource(...tokens: AccessToken[]): TokenSource & { readonly asked: AccessTokenRequest[] } {
  const asked: AccessTokenRequest[] = []
  let at = 0
  return {
    asked,
    async getAccessToken(request = {}) {
      asked.push(request)
      if (request.rejected === tokens[at]!.value && at + 1 < tokens.length) at++
      return tokens[at]!
    },
  }
}

/** A resource that takes only the token "good". */
const guarded: Handler = ({ headers, body }, response) => {
  if (headers.authorization?.endsWith(' good')) response.end(`welcome ${body}`)
  else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('refused')
}

function carrying(origin: string, source: TokenSource, options: Partial<AccessTokenOptions> = {}) {
  return withAccessToken(fetch, source, { origins: [origin], allowLoopbackHttp: true, ...options })
}

describe('withAccessToken', () => {
  it('sends a Bearer token, asked for with scope and resource', async () => {
    const { origin, received } = await serve(guarded)
    const source = aSource(bearer('good'))
    const send = carrying(origin, source, { scope: 'a b', resource: 'https://rs.example' })
    const response = await send(new Request(`${origin}/me`, { headers: { accept: 'x/y' } }))
    expect(await response.text()).toBe('welcome ')
    expect(received[0]!.headers).toMatchObject({ authorization: 'Bearer good', accept: 'x/y' })
    expect(received[0]!.headers.dpop).toBeUndefined()
    expect(source.asked).toMatchObject([{ scope: 'a b', resource: 'https://rs.example' }])
  })

  it.each(['a\nb', 'a\r\nx: y', 'a\0', 'ä\u2028'])(
    'sends no token that no field can carry, and shows none: %j',
    async (value) => {
      const { origin, received } = await serve(guarded)
      const key = await aSigningKey()
      for (const token of [bearer(value), { kind: 'dpop', key, value, scope: '' } as const]) {
        const send = carrying(origin, aSource(token))
        const error = await failure(send(new Request(`${origin}/me?x=1`)))
        expect(error).toMatchObject({ name: 'RequestError', code: 'malformed_token', url: `${origin}/me` })
        expect(`${inspect(error)}`).not.toContain(value)
      }
      expect(received).toHaveLength(0)
    },
  )

  it('sends a DPoP token with a proof that names it, and learns nonces from successes', async () => {
    const { origin, received } = await serve(
      (_, response) => void response.writeHead(200, { 'dpop-nonce': 'n1' }).end(),
    )
    const nonces = createDpopNonces()
    const token: AccessToken = { kind: 'dpop', key: await aSigningKey(), value: 'token', scope: '' }
    const send = carrying(origin, aSource(token), { nonces })
    await send(new Request(`${origin}/me?x=1`))
    await send(new Request(`${origin}/me?x=1`))
    expect(received[0]!.headers.authorization).toBe('DPoP token')
    const [first, second] = received.map(proofOf)
    expect(first).toMatchObject({ htu: `${origin}/me`, ath: 'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A' })
    expect(first!.nonce).toBeUndefined()
    expect(second!.nonce).toBe('n1')
  })

  it('asks once for another token after invalid_token, and sends that one with the same body', async () => {
    const { origin, received } = await serve(guarded)
    const source = aSource(bearer('stale'), bearer('good'))
    const response = await carrying(origin, source)(new Request(origin, { method: 'POST', body: 'again' }))
    expect(await response.text()).toBe('welcome again')
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer stale', 'Bearer good'])
    expect(source.asked.map(({ rejected }) => rejected)).toEqual([undefined, 'stale'])
  })

  it('gives a second refusal to the caller', async () => {
    const { origin, received } = await serve(guarded)
    const response = await carrying(origin, aSource(bearer('a'), bearer('b'), bearer('good')))(new Request(origin))
    expect([response.status, await response.text()]).toEqual([401, 'refused'])
    expect(received).toHaveLength(2)
  })

  it('gives the refusal to the caller when the source has no other token', async () => {
    const { origin, received } = await serve(guarded)
    const response = await carrying(origin, aSource(bearer('a')))(new Request(origin))
    expect([response.status, await response.text()]).toEqual([401, 'refused'])
    expect(received).toHaveLength(1)
  })

  it.each([
    [401, 'Bearer'],
    [401, 'Bearer error="invalid_request"'],
    [403, 'Bearer error="insufficient_scope"'],
    [400, 'Bearer error="invalid_token"'],
    [500, ''],
    [302, ''],
  ])('passes %i with challenge %j through', async (status, challenge) => {
    const { origin, received } = await serve((_, response) => {
      response.writeHead(status, { 'www-authenticate': challenge, location: 'https://evil.example/' }).end()
    })
    const source = aSource(bearer('a'), bearer('b'))
    expect((await carrying(origin, source)(new Request(origin))).status).toBe(status)
    expect([received.length, source.asked.length]).toEqual([1, 1])
  })

  it('answers a nonce challenge, also after the token was renewed', async () => {
    const key = await aSigningKey()
    const dpop = (value: string): AccessToken => ({ kind: 'dpop', key, value, scope: '' })
    const { origin, received } = await serve((request, response) => {
      const nonce = request.headers.authorization === 'DPoP good' ? 'n2' : 'n1'
      if (proofOf(request).nonce !== nonce) {
        response.writeHead(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce }).end()
      } else guarded(request, response)
    })
    const response = await carrying(
      origin,
      aSource(dpop('stale'), dpop('good')),
    )(new Request(origin, { method: 'PUT', body: 'x' }))
    expect(await response.text()).toBe('welcome x')
    expect(received.map(({ headers }) => headers.authorization)).toEqual([
      'DPoP stale',
      'DPoP stale',
      'DPoP good',
      'DPoP good',
    ])
    expect(new Set(received.map((request) => proofOf(request).jti)).size).toBe(4)
    expect(received.every(({ body }) => body === 'x')).toBe(true)
  })

  it('asks a source for a token even when the body cannot be sent again, so that the next call has it', async () => {
    const { origin } = await serve(guarded)
    const source = aSource(bearer('stale'), bearer('good'))
    const send = carrying(origin, source)
    const body = () => new Blob(['x']).stream()
    const post = () => new Request(origin, { method: 'POST', body: body(), duplex: 'half' } as RequestInit)
    const error = await failure(send(post()))
    expect(error.code).toBe('body_not_replayable')
    expect((error.response as Response).status).toBe(401)
    expect(await (error.response as Response).text()).toBe('refused')
    expect((await send(post())).status).toBe(200)
  })

  it('keeps a stream on request and sends it again', async () => {
    const { origin } = await serve(guarded)
    const send = carrying(origin, aSource(bearer('stale'), bearer('good')), { bufferLimit: 100 })
    const body = new Blob(['kept']).stream()
    const response = await send(new Request(origin, { method: 'POST', body, duplex: 'half' } as RequestInit))
    expect(await response.text()).toBe('welcome kept')
  })

  it('sends the token to no other origin', async () => {
    const { origin, received } = await serve(guarded)
    const source = aSource(bearer('secret'))
    const send = withAccessToken(fetch, source, { origins: ['https://api.example'] })
    const error = await failure(send(new Request(`${origin}/x?q=1`)))
    expect(error).toMatchObject({ code: 'origin_not_allowed', url: `${origin}/x` })
    expect(error.message).toContain('https://api.example')
    expect([received.length, source.asked.length]).toEqual([0, 0])
  })

  it('sends the token over http only to loopback, and only where that is declared', async () => {
    const { origin } = await serve(guarded)
    const source = aSource(bearer('good'))
    expect(await failure(withAccessToken(fetch, source, { origins: [origin] })(new Request(origin)))).toMatchObject({
      code: 'insecure_url',
    })
    const remote = { origins: ['http://api.example'], allowLoopbackHttp: true }
    expect(await failure(withAccessToken(fetch, source, remote)(new Request('http://api.example/')))).toMatchObject({
      code: 'insecure_url',
    })
  })

  it('says at once what a source is, and what an origin', () => {
    const origins = ['https://api.example']
    expect(() => withAccessToken(fetch, 'token' as never, { origins })).toThrow(/"source" must have getAccessToken/)
    expect(() => withAccessToken(fetch, aSource(bearer('a')), { origins: ['api.example'] })).toThrow(
      /"origins" must be/,
    )
  })

  it.each(['authorization', 'dpop'])('refuses a request that brings its own %s', async (name) => {
    const request = new Request('https://api.example/', { headers: { [name]: 'secret' } })
    const send = withAccessToken(fetch, aSource(bearer('a')), { origins: ['https://api.example'] })
    const error = await failure(send(request))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).not.toContain('secret')
  })

  it('never follows a redirect, not even when told to', async () => {
    const { origin, received } = await serve((_, response) => void response.writeHead(307, { location: '/x' }).end())
    const response = await carrying(origin, aSource(bearer('a')))(new Request(origin, { redirect: 'follow' }))
    expect([response.status, received.length]).toEqual([307, 1])
  })

  it('makes a typed error of a lost connection, an abort its reason', async () => {
    const { origin } = await serve((_, response) => void response.destroy())
    const send = carrying(origin, aSource(bearer('a')))
    expect(await failure(send(new Request(`${origin}/?secret`)))).toMatchObject({
      code: 'network_error',
      url: `${origin}/`,
    })
    const reason = new Error('enough')
    expect(await failure(send(new Request(origin, { signal: AbortSignal.abort(reason) })))).toBe(reason)
  })

  it('quotes no token that a header cannot hold', async () => {
    const { origin } = await serve(guarded)
    const error = await failure(carrying(origin, aSource(bearer('sec\nret')))(new Request(origin)))
    expect(error.message).not.toContain('sec')
  })
})
