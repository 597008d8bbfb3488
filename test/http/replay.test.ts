import { describe, expect, it } from 'vitest'
import { createReplay, createReplayableRequest } from '../../src/http/replay.ts'
import { failure, serve } from './serve.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const stream = (...chunks: string[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes(chunk))
      controller.close()
    },
  })
const aForm = () => {
  const form = new FormData()
  form.set('a', 'b')
  form.set('file', new File(['content'], 'name.txt', { type: 'text/plain' }))
  return form
}

/** Sends three attempts of a request and gives what arrived. */
async function sendThrice(build: (url: string) => Request, options = {}) {
  const { origin, received } = await serve((_, response) => void response.end())
  const replay = createReplay(build(origin), options)
  for (let attempt = 0; attempt < 3; attempt++) {
    const request = await replay.next(new Response('first'))
    const headers = new Headers(request.headers)
    headers.set('x-attempt', String(attempt))
    await fetch(new Request(request, { headers }))
  }
  replay.end()
  return received
}

describe('createReplay', () => {
  const bodies: Record<string, () => BodyInit> = {
    text: () => 'héllo',
    parameters: () => new URLSearchParams({ a: 'b c' }),
    bytes: () => bytes('hello'),
    Blob: () => new Blob(['hello'], { type: 'text/plain' }),
  }
  for (const [name, body] of Object.entries(bodies)) {
    it(`sends ${name} again, its length known, whoever built the request`, async () => {
      for (const build of [createReplayableRequest, (url: string, init: RequestInit) => new Request(url, init)]) {
        const received = await sendThrice((url) =>
          build(url, { method: 'POST', body: body(), headers: { 'content-type': 'x/y' } }),
        )
        expect(received).toHaveLength(3)
        expect(new Set(received.map(({ body }) => body)).size).toBe(1)
        for (const { headers } of received) {
          expect(headers['transfer-encoding']).toBeUndefined()
          expect(Number(headers['content-length'])).toBeGreaterThan(0)
        }
      }
    })
  }

  it('sends FormData again with a boundary that fits', async () => {
    for (const build of [createReplayableRequest, (url: string, init: RequestInit) => new Request(url, init)]) {
      const received = await sendThrice((url) => build(url, { method: 'POST', body: aForm() }))
      for (const { headers, body } of received) {
        const boundary = /boundary=(\S+)/.exec(headers['content-type']!)![1]!
        expect(body.startsWith(`--${boundary}`)).toBe(true)
        expect(body).toContain('content')
      }
    }
  })

  it('sends requests without a body as often as asked', async () => {
    expect(await sendThrice((url) => new Request(url))).toHaveLength(3)
  })

  it('sends a body again that the runtime does not show', async () => {
    const received = await sendThrice((url) => {
      const request = new Request(url, { method: 'POST', body: 'hidden' })
      const clone = () =>
        Object.defineProperty(new Request(url, { method: 'POST', body: 'hidden' }), 'body', { value: undefined })
      return Object.defineProperties(request, { body: { value: undefined }, clone: { value: clone } })
    })
    expect(received.map(({ body }) => body)).toEqual(['hidden', 'hidden', 'hidden'])
  })

  it('keeps method, headers and signal', async () => {
    const controller = new AbortController()
    const init = { method: 'PUT', body: 'x', headers: { a: 'b' }, signal: controller.signal }
    const replay = createReplay(createReplayableRequest('https://a.example/', init))
    await replay.next()
    const again = await replay.next(new Response())
    expect([again.method, again.headers.get('a')]).toEqual(['PUT', 'b'])
    controller.abort()
    expect(again.signal.aborted).toBe(true)
  })

  it('refuses to send a stream again, with the answer in the error', async () => {
    for (const build of [createReplayableRequest, (url: string, init: RequestInit) => new Request(url, init)]) {
      const init = { method: 'POST', body: stream('a'), duplex: 'half' } as RequestInit
      const replay = createReplay(build('https://a.example/x?secret', init))
      const first = await replay.next()
      expect(await first.text()).toBe('a')
      const response = new Response(null, { status: 401 })
      const error = await failure(Promise.resolve(replay.next(response)))
      expect(error).toMatchObject({ code: 'body_not_replayable', url: 'https://a.example/x' })
      expect(error.response).toBe(response)
      expect(Object.keys(error)).not.toContain('response')
    }
  })

  it('sends a stream again that was kept on request, up to the limit', async () => {
    const build = (url: string) =>
      new Request(url, { method: 'POST', body: stream('ab', 'cd'), duplex: 'half' } as RequestInit)
    const received = await sendThrice(build, { bufferLimit: 4 })
    expect(received.map(({ body }) => body)).toEqual(['abcd', 'abcd', 'abcd'])
    expect(await failure(sendThrice(build, { bufferLimit: 3 }))).toMatchObject({ code: 'body_not_replayable' })
  })

  it('keeps no more of an endless stream than the limit', async () => {
    let pulled = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1000
        controller.enqueue(new Uint8Array(1000))
      },
    })
    const replay = createReplay(
      new Request('https://a.example/', { method: 'POST', body: endless, duplex: 'half' } as RequestInit),
      { bufferLimit: 10_000 },
    )
    await replay.next()
    expect(await failure(Promise.resolve(replay.next(new Response())))).toMatchObject({ code: 'body_not_replayable' })
    expect(pulled).toBeLessThan(20_000)
  })
})
