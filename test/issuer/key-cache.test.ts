import { describe, expect, it } from 'vitest'
import { createKeyCache } from '../../src/issuer/key-cache.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer, withHeaders } from '../support/fake-server.ts'
import { issuer, publicJwk } from '../support/id-token.ts'

const jwksUri = `${issuer}/jwks`
const minute = 60_000
const hour = 60 * minute
const setOf = (...kids: string[]) => ({ keys: kids.map((kid) => publicJwk('P-256', { kid })) })
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

function setUp() {
  const runtime = createFakeRuntime()
  const server = createFakeServer()
  server.set(jwksUri, setOf('a'))
  const metadata = { jwks_uri: jwksUri as string | undefined }
  const cache = createKeyCache({
    metadata: { get: () => metadata as { jwks_uri?: string } },
    fetch: server.fetch,
    runtime,
  })
  const select = async (kid: string, signal?: AbortSignal) =>
    (await cache.select({ alg: 'ES256', kid }, { signal })).kind
  return { runtime, server, metadata, cache, select }
}

describe('the key cache', () => {
  it('asks once, and answers synchronously afterwards', async () => {
    const { server, cache, select } = setUp()
    expect(await select('a')).toBe('keys')
    expect(cache.select({ alg: 'ES256', kid: 'a' })).not.toBeInstanceOf(Promise)
    expect(server.asked).toEqual([jwksUri])
  })

  it('is one flight for many callers, whom an abort of one does not disturb', async () => {
    const { server, select } = setUp()
    const controller = new AbortController()
    const waiting = Array.from({ length: 20 }, () => select('a'))
    const aborted = select('a', controller.signal)
    controller.abort(new Error('gone'))
    await expect(aborted).rejects.toThrow('gone')
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['keys']))
    expect(server.asked).toHaveLength(1)
  })

  it('finds a key that was rotated in a second ago', async () => {
    const { server, select } = setUp()
    await select('a')
    server.set(jwksUri, setOf('a', 'b'))
    expect(await select('b')).toBe('keys')
    expect(server.asked).toHaveLength(2)
  })

  it('is not flooded by forged kids: five in five minutes', async () => {
    const { runtime, server, select } = setUp()
    await select('a')
    for (let i = 0; i < 1000; i++) expect(await select(`forged-${i}`)).toBe('unknown')
    expect(server.asked).toHaveLength(6)
    expect(await select('a')).toBe('keys')
    runtime.advance(minute)
    await select('forged')
    await select('forged')
    expect(server.asked).toHaveLength(7)
    runtime.advance(10 * minute)
    for (let i = 0; i < 20; i++) await select('forged')
    expect(server.asked).toHaveLength(12)
  })

  it('asks once for many unknown kids at the same time', async () => {
    const { server, select } = setUp()
    await select('a')
    server.set(jwksUri, setOf('a', 'b'))
    expect(await Promise.all([select('b'), select('b'), select('c')])).toEqual(['keys', 'keys', 'unknown'])
    expect(server.asked).toHaveLength(2)
  })

  it('does not ask again for a kid that a set fetched this moment lacks', async () => {
    const { server, select } = setUp()
    expect(await select('forged')).toBe('unknown')
    expect(server.asked).toHaveLength(1)
  })

  it('is refreshed in the background before its time is over', async () => {
    const { runtime, server, cache, select } = setUp()
    await select('a')
    runtime.advance(0.8 * hour)
    server.set(jwksUri, setOf('b'))
    expect(cache.select({ alg: 'ES256', kid: 'a' })).not.toBeInstanceOf(Promise)
    await settle()
    expect(server.asked).toHaveLength(2)
    expect(await select('b')).toBe('keys')
    runtime.advance(0.5 * hour)
    await select('b')
    expect(server.asked).toHaveLength(2)
  })

  it('heeds cache headers within bounds', async () => {
    const { runtime, server, select } = setUp()
    server.set(jwksUri, withHeaders(setOf('a'), { 'cache-control': 'max-age=0' }))
    await select('a')
    runtime.advance(47_000)
    await select('a')
    expect(server.asked).toHaveLength(1)
    runtime.advance(13_000)
    await select('a')
    expect(server.asked).toHaveLength(2)
  })

  it('drops a key that was withdrawn, once its time is over', async () => {
    const { runtime, server, select } = setUp()
    await select('a')
    server.set(jwksUri, setOf('b'))
    runtime.advance(hour)
    expect(await select('a')).toBe('unknown')
  })

  it('works with the last keys while the server is down, a day at most, and hammers nobody', async () => {
    const { runtime, server, select } = setUp()
    await select('a')
    server.down()
    for (let elapsed = 0; elapsed < 24 * hour - minute; elapsed += minute) {
      for (let i = 0; i < 5; i++) expect(await select('a')).toBe('keys')
      runtime.advance(minute)
    }
    expect(server.asked.length).toBeLessThan(24 * 60 + 20)
    runtime.advance(minute)
    await expect(select('a')).rejects.toMatchObject({ code: 'network_error' })
  })

  it('backs off while it has nothing, and recovers', async () => {
    const { runtime, server, select } = setUp()
    server.down()
    for (let i = 0; i < 50; i++) await expect(select('a')).rejects.toMatchObject({ code: 'network_error' })
    expect(server.asked).toHaveLength(1)
    const gaps: number[] = []
    for (let i = 0; i < 6; i++) {
      let waited = 0
      for (const before = server.asked.length; server.asked.length === before; waited += 100) {
        runtime.advance(100)
        await select('a').catch(() => {})
      }
      gaps.push(waited)
    }
    expect(gaps[0]).toBeLessThanOrEqual(1000)
    expect(gaps.at(-1)).toBeGreaterThan(15_000)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000)
    server.up()
    runtime.advance(minute)
    expect(await select('a')).toBe('keys')
  })

  it('keeps its keys when the server answers with what is no set', async () => {
    const { runtime, server, select } = setUp()
    await select('a')
    for (const body of [{}, { keys: 'x' }, []]) {
      server.set(jwksUri, body)
      runtime.advance(hour)
      expect(await select('a')).toBe('keys')
    }
  })

  it.each([
    ['no set', () => Response.json({ keys: {} }), 'invalid_jwks'],
    ['HTML', () => new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'unexpected_content_type'],
    ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 'invalid_json'],
    ['a failure', () => Response.json({}, { status: 500 }), 'unexpected_status'],
    ['a flood', () => Response.json({ keys: [], x: 'x'.repeat(600_000) }), 'body_too_large'],
    ['a redirect elsewhere', () => Response.redirect('https://evil.example/jwks'), 'redirect_refused'],
  ])('says what is wrong with %s', async (_name, answer, code) => {
    const { server, select } = setUp()
    server.set(jwksUri, answer)
    await expect(select('a')).rejects.toMatchObject({ code })
  })

  it('takes application/jwk-set+json, and asks for it', async () => {
    const { server, select } = setUp()
    server.set(jwksUri, (request) => {
      expect(request.headers.get('accept')).toContain('application/jwk-set+json')
      return new Response(JSON.stringify(setOf('a')), { headers: { 'content-type': 'application/jwk-set+json' } })
    })
    expect(await select('a')).toBe('keys')
  })

  it('follows metadata to another jwks_uri, and says when there is none', async () => {
    const { runtime, server, metadata, select } = setUp()
    await select('a')
    metadata.jwks_uri = `${issuer}/new`
    server.set(`${issuer}/new`, setOf('n'))
    runtime.advance(hour)
    expect(await select('n')).toBe('keys')
    const other = setUp()
    other.metadata.jwks_uri = undefined
    await expect(other.select('a')).rejects.toMatchObject({ code: 'missing_metadata', field: 'jwks_uri' })
  })

  it('survives a clock that is set back', async () => {
    const { runtime, select } = setUp()
    await select('a')
    runtime.advance(-hour)
    expect(await select('a')).toBe('keys')
    for (let i = 0; i < 20; i++) await select('forged')
  })
})
