import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type RequestHandler, toNodeListener } from '../../src/web/node.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function serve(handler: RequestHandler, onError: (error: unknown) => void = () => {}): Promise<number> {
  const server = createServer(toNodeListener(handler, { onError }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A request as no client library would write it. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(text.replaceAll('\n', '\r\n'))
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

describe('toNodeListener', () => {
  it.each([
    [
      'a path of two slashes',
      'GET //evil.example/x?y HTTP/1.1\nHost: app.example',
      'http://app.example//evil.example/x?y',
    ],
    ['the absolute form', 'GET http://evil.example/x HTTP/1.1\nHost: app.example', 'http://app.example/x'],
    ['a host with user information', 'GET /x HTTP/1.1\nHost: a@evil.example', 'http://host.invalid/x'],
    ['a host with a path', 'GET /x HTTP/1.1\nHost: app.example/y?', 'http://host.invalid/x'],
    ['no host', 'GET /x HTTP/1.0', 'http://host.invalid/x'],
    ['an asterisk', 'OPTIONS * HTTP/1.1\nHost: app.example', 'http://app.example/'],
  ])('reads %s', async (_, head, expected) => {
    const port = await serve((request) => new Response(request.url))
    expect(await raw(port, `${head}\nConnection: close\n\n`)).toContain(expected)
  })

  it('streams both ways, and waits for those who read slowly', async () => {
    const port = await serve((request) => new Response(request.body))
    const body = 'x'.repeat(5_000_000)
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
    expect((await response.text()).length).toBe(body.length)
  })

  it('stops reading when nobody listens any more', async () => {
    let cancelled = false
    const endless = {
      pull: (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(65_536)),
      cancel() {
        cancelled = true
      },
    }
    const port = await serve(() => new Response(new ReadableStream(endless)))
    const abort = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: abort.signal })
    await response.body?.getReader().read()
    abort.abort()
    await expect.poll(() => cancelled).toBe(true)
  })

  it('answers 500 for what the application throws, and lives on', async () => {
    const errors: unknown[] = []
    const port = await serve(
      () => {
        throw new Error('a mistake')
      },
      (error) => errors.push(error),
    )
    for (const count of [1, 2]) {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect([response.status, await response.text()]).toEqual([500, ''])
      expect(errors).toHaveLength(count)
    }
  })
})
