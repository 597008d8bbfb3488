import { execFile } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { withLimits } from '../../src/http/limits.ts'
import { failure, serve } from './serve.ts'

const get = (url: string, init?: RequestInit) => new Request(url, init)

describe('withLimits', () => {
  it('gives the answer whole, with its URL, status and headers', async () => {
    const { origin } = await serve((_, response) => response.writeHead(201, { 'x-a': 'b' }).end('hello'))
    const response = await withLimits(fetch, { timeout: 5000, maxBytes: 5 })(get(`${origin}/x`))
    expect([response.status, response.url, response.headers.get('x-a')]).toEqual([201, `${origin}/x`, 'b'])
    expect(await response.text()).toBe('hello')
  })

  it('ends the wait for headers at the deadline', async () => {
    const { origin } = await serve(() => {})
    const error = await failure(withLimits(fetch, { timeout: 50 })(get(`${origin}/slow?token=secret`)))
    expect(error).toMatchObject({ code: 'timeout', timeout: 50, url: `${origin}/slow` })
    expect(error.message).not.toContain('secret')
  })

  it('ends a body that drips past the deadline', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 10)
      response.on('close', () => clearInterval(drip))
    })
    expect(await failure(withLimits(fetch, { timeout: 80 })(get(origin)))).toMatchObject({ code: 'timeout' })
  })

  it('holds the deadline over a fetch that heeds no signal', async () => {
    const deaf = () => new Promise<Response>(() => {})
    expect(await failure(withLimits(deaf, { timeout: 20 })(get('https://a.example/')))).toMatchObject({
      code: 'timeout',
    })
    const endless = async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))
    expect(await failure(withLimits(endless, { timeout: 20 })(get('https://a.example/')))).toMatchObject({
      code: 'timeout',
    })
  })

  it('counts decoded bytes, so that a small gzip cannot become a large body', async () => {
    const { origin } = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))),
    )
    const error = await failure(withLimits(fetch, { maxBytes: 10_000 })(get(origin)))
    expect(error).toMatchObject({ code: 'body_too_large', status: 200, expected: 'at most 10000 bytes' })
  })

  it('stops reading an endless body at the limit', async () => {
    let closed: () => void
    const gone = new Promise<void>((resolve) => {
      closed = resolve
    })
    const { origin } = await serve((_, response) => {
      response.writeHead(200)
      response.on('close', () => closed())
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(10_000)));
        if (!response.destroyed) response.once('drain', pour)
      }
      pour()
    })
    expect(await failure(withLimits(fetch, { maxBytes: 100_000 })(get(origin)))).toMatchObject({
      code: 'body_too_large',
    })
    await gone
  })

  it('makes a NetworkError of a refused connection, without the query and with the cause', async () => {
    const error = await failure(withLimits(fetch, {})(get('http://127.0.0.1:1/p?code=secret')))
    expect(error).toMatchObject({ code: 'network_error', url: 'http://127.0.0.1:1/p' })
    expect(error.message).not.toContain('secret')
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it('makes a NetworkError of a connection reset half way through the body', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 10)
    })
    expect(await failure(withLimits(fetch, {})(get(origin)))).toMatchObject({ code: 'network_error' })
  })

  it('rethrows the reason of the caller who aborts, before and during', async () => {
    const { origin } = await serve((_, response) => void response.writeHead(200).write('x'))
    const reason = new Error('enough')
    expect(
      await failure(withLimits(fetch, { timeout: 5000 })(get(origin, { signal: AbortSignal.abort(reason) }))),
    ).toBe(reason)
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 30)
    expect(await failure(withLimits(fetch, { timeout: 5000 })(get(origin, { signal: controller.signal })))).toBe(reason)
  })

  it('sets no timer for a timeout that timers cannot hold', async () => {
    const { origin } = await serve((_, response) => void response.end('ok'))
    const response = await withLimits(fetch, { timeout: Number.POSITIVE_INFINITY })(get(origin))
    expect(await response.text()).toBe('ok')
  })

  it('passes on answers without a body', async () => {
    const { origin } = await serve((_, response) => void response.writeHead(204).end())
    const response = await withLimits(fetch, { maxBytes: 1 })(get(origin))
    expect([response.status, await response.text()]).toEqual([204, ''])
  })

  it('keeps the process only for what is under way, which then gets its answer', async () => {
    const script = `import { withLimits } from './src/http/limits.ts'
      withLimits(async () => new Response('x'), { timeout: 60_000 })(new Request('https://a.example/')).then(() => console.log('done'))
      withLimits(() => new Promise(() => {}), { timeout: 100 })(new Request('https://a.example/')).catch((e) => console.log(e.code))`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const [out, milliseconds] = await new Promise<[string, number]>((resolve) => {
      const start = performance.now()
      execFile(process.execPath, args, (_, stdout) => resolve([stdout, performance.now() - start]))
    })
    expect(out).toBe('done\ntimeout\n')
    expect(milliseconds).toBeLessThan(15_000)
  })
})
