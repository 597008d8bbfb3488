import { describe, expect, it } from 'vitest'
import { createMetadataCache, type MetadataCacheOptions } from '../../src/issuer/metadata-cache.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer, withHeaders } from '../support/fake-server.ts'
import { issuer } from '../support/id-token.ts'

const openid = `${issuer}/.well-known/openid-configuration`
const oauth = `${issuer}/.well-known/oauth-authorization-server`
const document = { issuer, jwks_uri: `${issuer}/jwks` }
const minute = 60_000
const hour = 60 * minute

function setUp(options: Partial<MetadataCacheOptions> = {}) {
  const runtime = createFakeRuntime()
  const server = createFakeServer()
  server.set(openid, document)
  const cache = createMetadataCache({ issuer, fetch: server.fetch, runtime, ...options })
  return { runtime, server, get: async (request?: Parameters<typeof cache.get>[0]) => cache.get(request) }
}

describe('the metadata cache', () => {
  it('asks once an hour', async () => {
    const { runtime, server, get } = setUp()
    expect(await get()).toEqual(document)
    runtime.advance(hour - 1)
    await get()
    expect(server.asked).toEqual([openid])
    runtime.advance(1)
    await get()
    expect(server.asked).toHaveLength(2)
  })

  it.each([
    ['max-age=600', 10 * minute],
    ['public, max-age="600", must-revalidate', 10 * minute],
    ['max-age=1', minute],
    ['no-store', minute],
    ['no-cache, max-age=600', minute],
    ['max-age=999999999', 24 * hour],
    ['private', hour],
    ['s-maxage=600', hour],
  ])('heeds Cache-Control: %s within bounds', async (value, lifetime) => {
    const { runtime, server, get } = setUp()
    server.set(openid, withHeaders(document, { 'cache-control': value }))
    await get()
    runtime.advance(lifetime - 1)
    await get()
    expect(server.asked).toHaveLength(1)
    runtime.advance(1)
    await get()
    expect(server.asked).toHaveLength(2)
  })

  it('counts the Age of an answer, and Expires where there is no max-age', async () => {
    for (const headers of [
      { 'cache-control': 'max-age=900', age: '300' },
      { expires: 'Fri, 20 Nov 2026 12:10:00 GMT', date: 'Fri, 20 Nov 2026 12:00:00 GMT' },
    ]) {
      const { runtime, server, get } = setUp()
      server.set(openid, withHeaders(document, headers as Record<string, string>))
      await get()
      runtime.advance(10 * minute - 1)
      await get()
      expect(server.asked).toHaveLength(1)
      runtime.advance(1)
      await get()
      expect(server.asked).toHaveLength(2)
    }
  })

  it('is one flight for many callers, whom an abort of one does not disturb', async () => {
    const { server, get } = setUp()
    const controller = new AbortController()
    const waiting = Array.from({ length: 20 }, () => get())
    const aborted = get({ signal: controller.signal })
    controller.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    await expect(Promise.all(waiting)).resolves.toHaveLength(20)
    expect(server.asked).toHaveLength(1)
  })

  it('goes on to the other document after a 404 and only then', async () => {
    const { server, get } = setUp()
    server.set(openid, () => new Response(null, { status: 404 }))
    server.set(oauth, document)
    expect(await get()).toEqual(document)
    expect(server.asked).toEqual([openid, oauth])
    for (const status of [400, 401, 403, 410, 500, 503]) {
      const other = setUp()
      other.server.set(openid, () => new Response(null, { status }))
      other.server.set(oauth, document)
      await expect(other.get()).rejects.toMatchObject({ code: 'unexpected_status', status })
      expect(other.server.asked).toEqual([openid])
    }
  })

  it('asks plain OAuth servers the other way round', async () => {
    const { server, get } = setUp({ protocol: 'oauth' })
    await get()
    expect(server.asked).toEqual([oauth, openid])
  })

  it('does not go on after a document of another issuer', async () => {
    const { server, get } = setUp()
    server.set(openid, { issuer: 'https://evil.example' })
    server.set(oauth, document)
    await expect(get()).rejects.toMatchObject({ code: 'issuer_mismatch' })
    expect(server.asked).toEqual([openid])
  })

  it('never remembers a failure', async () => {
    const { server, get } = setUp()
    server.down()
    await expect(get()).rejects.toMatchObject({ code: 'network_error' })
    server.up()
    expect(await get()).toEqual(document)
  })

  it('serves the last metadata while the server is down, for a day, asking now and then', async () => {
    const { runtime, server, get } = setUp()
    await get()
    server.down()
    runtime.advance(hour)
    expect(await get()).toEqual(document)
    expect(await get()).toEqual(document)
    expect(server.asked).toHaveLength(2)
    runtime.advance(2 * minute)
    await get()
    expect(server.asked).toHaveLength(3)
    runtime.advance(24 * hour)
    await expect(get()).rejects.toMatchObject({ code: 'network_error' })
  })

  it('serves the last metadata while the server is down, though the clock was set back', async () => {
    const { runtime, server, get } = setUp()
    await get()
    server.down()
    runtime.advance(-hour)
    expect(await get()).toEqual(document)
    // What was seen then may be old by now, so it was asked for.
    expect(server.asked).toHaveLength(2)
    server.up()
    runtime.advance(2 * minute)
    await get()
    expect(server.asked).toHaveLength(3)
  })

  it('serves the last metadata when the server begins to lie', async () => {
    const { runtime, server, get } = setUp()
    await get()
    server.set(openid, { issuer, jwks_uri: 'http://op.example/jwks' })
    runtime.advance(hour)
    expect(await get()).toEqual(document)
  })

  it('asks at once when it must be fresh, and says so when that fails', async () => {
    const { server, get } = setUp()
    await get()
    server.set(openid, { ...document, jwks_uri: `${issuer}/new` })
    expect(await get({ fresh: true })).toMatchObject({ jwks_uri: `${issuer}/new` })
    expect(await get()).toMatchObject({ jwks_uri: `${issuer}/new` })
    server.down()
    await expect(get({ fresh: true })).rejects.toMatchObject({ code: 'network_error' })
    expect(await get()).toMatchObject({ jwks_uri: `${issuer}/new` })
  })

  it('lets local fields win', async () => {
    const { get } = setUp({ metadata: { jwks_uri: 'https://keys.example/jwks' } })
    expect(await get()).toEqual({ issuer, jwks_uri: 'https://keys.example/jwks' })
  })

  it('asks nobody for an issuer that cannot be one', async () => {
    const server = createFakeServer()
    const cache = createMetadataCache({
      issuer: 'http://op.example',
      fetch: server.fetch,
      runtime: createFakeRuntime(),
    })
    await expect((async () => cache.get())()).rejects.toMatchObject({ code: 'insecure_endpoint' })
    expect(server.asked).toEqual([])
  })
})
