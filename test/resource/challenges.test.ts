import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseChallenges } from '../../src/lib/www-authenticate.ts'
import { anAccessToken, aRequest, aResource, audience, now, refused, url } from './rig.ts'

describe('a request without credentials', () => {
  it('is challenged with every scheme that is taken, and with no error code', async () => {
    const { call } = await aResource({ scope: 'notes:read', realm: 'notes' })
    const { status, challenge, error, response } = refused(await call())
    expect(status).toBe(401)
    expect(challenge).toBe(
      'Bearer realm="notes", scope="notes:read", DPoP realm="notes", scope="notes:read", algs="ES256 ES384 ES512 Ed25519 EdDSA PS256 RS256"',
    )
    expect(error).toMatchObject({ code: 'missing_credentials', check: 'credentials', clause: 'RFC 6750 3.1' })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.body).toBeNull()
  })

  it('is told of Bearer alone where there is no replay store, and of DPoP alone where that is required', async () => {
    const bearer = await aResource({ replay: undefined })
    expect(parseChallenges(refused(await bearer.call()).challenge).map(({ scheme }) => scheme)).toEqual(['bearer'])
    const dpop = await aResource({ dpop: 'required' })
    expect(parseChallenges(refused(await dpop.call()).challenge).map(({ scheme }) => scheme)).toEqual(['dpop'])
  })

  it('is told where the metadata of the resource is', async () => {
    const { call } = await aResource({ resource: `${audience}/v1` })
    const [bearer] = parseChallenges(refused(await call()).challenge)
    expect(bearer?.parameters.resource_metadata).toBe(`${audience}/.well-known/oauth-protected-resource/v1`)
  })

  it.each(['Basic YTpi', 'Negotiate abc', 'BearerX token', ''])('counts as such with %j', async (authorization) => {
    const { call } = await aResource()
    const { status, challenge, error } = refused(await call(authorization))
    expect({ status, code: error.code }).toEqual({ status: 401, code: 'missing_credentials' })
    expect(challenge).not.toContain('error')
  })

  it('counts as such with a scheme that is switched off', async () => {
    const bearer = await aResource({ dpop: 'off' })
    expect(refused(await bearer.call(`DPoP ${anAccessToken()}`)).error.code).toBe('missing_credentials')
    const dpop = await aResource({ dpop: 'required' })
    const { challenge, error } = refused(await dpop.call(`Bearer ${anAccessToken()}`))
    expect(error.code).toBe('missing_credentials')
    expect(challenge).toMatch(/^DPoP algs=/)
  })
})

describe('a token that comes in the wrong way', () => {
  it('is refused in the query, whatever the header holds', async () => {
    const { resource } = await aResource()
    for (const authorization of [undefined, `Bearer ${anAccessToken()}`]) {
      const request = aRequest(authorization, undefined, { url: `${url}?access_token=${anAccessToken()}` })
      const { status, challenge, error } = refused(await resource.protect(request))
      expect({ status, code: error.code, check: error.check }).toEqual({
        status: 400,
        code: 'invalid_request',
        check: 'token_in_query',
      })
      expect(challenge).toContain('error="invalid_request"')
    }
  })

  it('is refused in the body beside the header, and the body stays readable', async () => {
    const { resource } = await aResource()
    const init = { method: 'POST', body: new URLSearchParams({ a: '1', access_token: 'x' }) }
    const request = aRequest(`Bearer ${anAccessToken()}`, undefined, init)
    const { status, error } = refused(await resource.protect(request))
    expect({ status, check: error.check }).toEqual({ status: 400, check: 'token_in_body' })
    const good = aRequest(`Bearer ${anAccessToken()}`, undefined, { ...init, body: new URLSearchParams({ a: '1' }) })
    expect((await resource.protect(good)).ok).toBe(true)
    expect(await good.text()).toBe('a=1')
  })

  it('is no credential in the body alone, which is then not even read', async () => {
    const { resource } = await aResource()
    const request = aRequest(undefined, undefined, { method: 'POST', body: new URLSearchParams({ access_token: 'x' }) })
    expect(refused(await resource.protect(request)).error.code).toBe('missing_credentials')
    expect(request.bodyUsed).toBe(false)
  })

  it('does not hold up a request whose form never comes to its end, and leaves one that somebody else reads', async () => {
    const { resource } = await aResource()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    let isWaiting = false
    const body = new ReadableStream({
      pull(controller) {
        if (isWaiting) return new Promise(() => {})
        isWaiting = true
        controller.enqueue(new TextEncoder().encode('a=1&'))
        return undefined
      },
    })
    const init = { method: 'POST', headers, body, duplex: 'half' } as const
    const request = aRequest(`Bearer ${anAccessToken()}`, undefined, init)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const judged = resource.protect(request)
    await expect.poll(() => vi.getTimerCount()).toBeGreaterThan(0)
    await vi.advanceTimersByTimeAsync(5_000)
    expect((await judged).ok).toBe(true)
    const read = await request.body!.getReader().read()
    expect(new TextDecoder().decode(read.value)).toBe('a=1&')
    const locked = aRequest(`Bearer ${anAccessToken()}`, undefined, { ...init, body: 'a=1' })
    locked.body!.getReader()
    expect((await resource.protect(locked)).ok).toBe(true)
  })

  it('does not hold up a request whose form is longer than 64 KiB or was read before', async () => {
    const { resource } = await aResource()
    const long = new URLSearchParams({ a: 'x'.repeat(100_000) })
    const request = aRequest(`Bearer ${anAccessToken()}`, undefined, { method: 'POST', body: long })
    expect((await resource.protect(request)).ok).toBe(true)
    expect((await request.text()).length).toBe(100_002)
    expect((await resource.protect(request)).ok).toBe(true)
  })

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a, Bearer b', 'Bearer a, DPoP b', 'Bearer ä', 'Bearer "a"'])(
    'is refused as %j',
    async (authorization) => {
      const { call } = await aResource()
      const { status, error } = refused(await call(authorization))
      expect({ status, code: error.code, check: error.check }).toEqual({
        status: 400,
        code: 'invalid_request',
        check: 'authorization',
      })
    },
  )

  it('is taken by a scheme in any case, after any number of spaces', async () => {
    const { call } = await aResource()
    expect((await call(`bEARER   ${anAccessToken()}`)).ok).toBe(true)
  })
})

describe('a token that does not reach far enough', () => {
  it('is refused with 403 and the scopes that are needed', async () => {
    const { resource } = await aResource()
    const result = await resource.protect(aRequest(`Bearer ${anAccessToken()}`), { scope: 'notes:read notes:write' })
    const { status, challenge, error } = refused(result)
    expect({ status, code: error.code, clause: error.clause }).toEqual({
      status: 403,
      code: 'insufficient_scope',
      clause: 'RFC 6750 3.1',
    })
    expect(parseChallenges(challenge)[0]?.parameters).toMatchObject({
      error: 'insufficient_scope',
      scope: 'notes:read notes:write',
    })
    expect(error.message).toContain('lacks notes:write')
  })

  it.each([undefined, '', 'notes:reader', 'NOTES:READ'])('has not the scope notes:read with %j', async (scope) => {
    const { call } = await aResource({ scope: 'notes:read' })
    expect(refused(await call(`Bearer ${anAccessToken({ scope })}`)).status).toBe(403)
  })

  it('is refused for its login by other means, with what is asked for', async () => {
    const needs = { acrValues: ['gold', 'platinum'], maxAge: 60 }
    const { call } = await aResource(needs)
    for (const acr of [undefined, 'silver']) {
      const { status, challenge, error } = refused(await call(`Bearer ${anAccessToken({ acr, auth_time: now })}`))
      expect({ status, code: error.code, check: error.check }).toEqual({
        status: 401,
        code: 'insufficient_user_authentication',
        check: 'acr',
      })
      expect(parseChallenges(challenge)[0]?.parameters).toMatchObject({
        error: 'insufficient_user_authentication',
        acr_values: 'gold platinum',
        max_age: '60',
      })
    }
    expect((await call(`Bearer ${anAccessToken({ acr: 'platinum', auth_time: now - 60 })}`)).ok).toBe(true)
  })

  it.each([undefined, now - 61, now + 61, 'yesterday'])('is refused for a login at %j', async (time) => {
    const { call } = await aResource({ maxAge: 60 })
    const { error } = refused(await call(`Bearer ${anAccessToken({ auth_time: time })}`))
    expect({ code: error.code, check: error.check }).toEqual({
      code: 'insufficient_user_authentication',
      check: 'max_age',
    })
  })

  it('is told of the scope, too, where a new login is needed and the scope is lacking', async () => {
    const { call } = await aResource({ acrValues: ['gold'], scope: 'notes:write' })
    const { challenge } = refused(await call(`Bearer ${anAccessToken()}`))
    expect(parseChallenges(challenge)[0]?.parameters.scope).toBe('notes:write')
    const fits = await aResource({ acrValues: ['gold'], scope: 'notes:read' })
    const { challenge: other } = refused(await fits.call(`Bearer ${anAccessToken()}`))
    expect(parseChallenges(other)[0]?.parameters.scope).toBeUndefined()
  })
})
