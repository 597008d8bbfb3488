import { describe, expect, it } from 'vitest'
import { createApi } from '../../src/http/create-api.ts'
import { fetchJson } from '../../src/http/json-fetch.ts'
import { createKyTransport } from '../../src/http/ky-transport.ts'
import { withLimits } from '../../src/http/limits.ts'
import { failure, serve } from './serve.ts'

const transport = createKyTransport({ backoff: 5 })

/** Answers with each status in turn, the last one for ever. */
function answering(statuses: readonly number[], headers: Record<string, string> = {}) {
  let at = 0
  return serve(({ method }, response) => {
    const status = statuses[Math.min(at++, statuses.length - 1)]!
    response.writeHead(status, status < 400 ? {} : headers).end(`${method} ${status}`)
  })
}

describe('createKyTransport', () => {
  it.each(['GET', 'HEAD'])('sends a %s again after a passing failure', async (method) => {
    const { origin, received } = await answering([503, 500, 200])
    expect((await transport(new Request(origin, { method }))).status).toBe(200)
    expect(received).toHaveLength(3)
  })

  it('gives the last answer, body and all, when it tries no more', async () => {
    const { origin, received } = await answering([503])
    const response = await transport(new Request(origin))
    expect([response.status, await response.text(), received.length]).toEqual([503, 'GET 503', 3])
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('sends a %s once', async (method) => {
    const { origin, received } = await answering([503])
    const response = await transport(new Request(origin, { method }))
    expect([response.status, received.length]).toEqual([503, 1])
  })

  it('sends nothing again that carries a DPoP proof', async () => {
    const { origin, received } = await answering([503])
    await transport(new Request(origin, { headers: { dpop: 'proof' } }))
    expect(received).toHaveLength(1)
  })

  it.each([400, 401, 404, 304, 501])('takes status %i for an answer', async (status) => {
    const { origin, received } = await answering([status])
    expect((await transport(new Request(origin))).status).toBe(status)
    expect(received).toHaveLength(1)
  })

  it('sends again after a lost connection, and throws what the last attempt threw', async () => {
    let left = 1
    const { origin, received } = await serve(
      (_, response) => void (left-- > 0 ? response.destroy() : response.end('ok')),
    )
    expect(await (await transport(new Request(origin))).text()).toBe('ok')
    expect(received).toHaveLength(2)
    expect(await failure(transport(new Request('http://127.0.0.1:1/')))).toBeInstanceOf(TypeError)
  })

  it('gives the answer at once where Retry-After would outlast the deadline', async () => {
    const { origin, received } = await answering([503, 200], { 'retry-after': '30' })
    const limited = withLimits(createKyTransport(), { timeout: 5_000 })
    const startedAt = Date.now()
    expect((await limited(new Request(origin))).status).toBe(503)
    expect(Date.now() - startedAt).toBeLessThan(2_000)
    expect(received).toHaveLength(1)
  })

  it.each([
    ['metadata', (origin: string) => fetchJson(transport, origin, { timeout: 2_000 })],
    [
      'an operation',
      (origin: string) => {
        const api = createApi({ baseUrl: origin, fetch: createKyTransport() })
        return api.send({ id: 'getIt', method: 'GET', path: '/', responses: { 200: {} } }, {}, { timeout: 2_000 })
      },
    ],
  ])('gives %s the refusal, and not a time-out, where Retry-After is too long', async (_, ask) => {
    const { origin, received } = await answering([503], { 'retry-after': '30' })
    expect(await failure(ask(origin))).toMatchObject({ code: 'unexpected_status', status: 503 })
    expect(received).toHaveLength(1)
  })

  it('does not begin a wait of its own that the deadline would cut short', async () => {
    const { origin, received } = await answering([503])
    const patient = withLimits(createKyTransport({ backoff: 60_000 }), { timeout: 5_000 })
    expect((await patient(new Request(origin))).status).toBe(503)
    expect(received).toHaveLength(1)
  })

  it('waits as long as Retry-After says', async () => {
    const { origin } = await answering([429, 200], { 'retry-after': '0' })
    const slow = createKyTransport({ backoff: 60_000 })
    expect((await slow(new Request(origin))).status).toBe(200)
  })

  it('does not wait longer than the limit: the answer goes to the caller', async () => {
    const { origin, received } = await answering([429, 200], { 'retry-after': '61' })
    expect((await transport(new Request(origin))).status).toBe(429)
    expect(received).toHaveLength(1)
  })

  it.each(['soon', '-5', 'Wed, 21 Oct 2015 07:28:00 GMT'])('is not held up by Retry-After: %s', async (field) => {
    const { origin } = await answering([503, 200], { 'retry-after': field, 'x-ratelimit-reset': '3600' })
    expect((await transport(new Request(origin))).status).toBe(200)
  })

  it('leaves redirects to the request', async () => {
    const { origin } = await serve(({ url }, response) => {
      if (url === '/') response.writeHead(302, { location: '/next' }).end()
      else response.end('followed')
    })
    expect((await transport(new Request(origin, { redirect: 'manual' }))).status).toBe(302)
    expect(await (await transport(new Request(origin))).text()).toBe('followed')
  })

  it('stops waiting when the caller aborts', async () => {
    const { origin, received } = await answering([503], { 'retry-after': '30' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 50)
    await failure(transport(new Request(origin, { signal: controller.signal })))
    expect(received).toHaveLength(1)
  })

  it('lets the errors of decorators inside pass', async () => {
    const own = Object.assign(new Error('mine'), { response: new Response() })
    const inner = createKyTransport({ fetch: () => Promise.reject(own) })
    expect(await failure(inner(new Request('https://a.example/')))).toBe(own)
  })

  it('refuses options that it does not know', () => {
    expect(() => createKyTransport({ retry: 3 } as object)).toThrow(TypeError)
  })
})
