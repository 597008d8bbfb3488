import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connect, nodeConnect } from '../../src/http/pinned-connection.ts'
import { createScreenedFetch } from '../../src/http/screened-fetch.ts'

let server: Server
let port: number
const seen: IncomingMessage[] = []
let body = ''

beforeAll(async () => {
  server = createServer(async (request, response) => {
    seen.push(request)
    body = ''
    for await (const chunk of request) body += chunk
    if (request.url === '/slow') return
    if (request.url === '/big') response.end('x'.repeat(5000))
    else if (request.url === '/empty') response.writeHead(204).end()
    else if (request.url === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    else response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }).end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const get = (url: string, init?: RequestInit) => new Request(url, init)

describe('a fetch for URLs of other parties', () => {
  const unreachable: Connect = async () => {
    throw new Error('nothing may be sent')
  }
  const fetch = createScreenedFetch({ connect: unreachable })

  it.each([
    ['http://op.example/', 'insecure_url'],
    ['http://127.0.0.1/', 'insecure_url'],
    ['https://127.0.0.1/', 'address_not_allowed'],
    ['https://[::1]/', 'address_not_allowed'],
    ['https://2130706433/', 'address_not_allowed'],
    ['https://0x7f.1/', 'address_not_allowed'],
    ['https://localhost/', 'address_not_allowed'],
    ['https://localhost./', 'address_not_allowed'],
    ['https://169.254.169.254/latest/meta-data/', 'address_not_allowed'],
    ['https://metadata.google.internal/', 'address_not_allowed'],
    ['https://intranet/', 'address_not_allowed'],
    ['https://[::ffff:10.0.0.1]/', 'address_not_allowed'],
  ])('sends nothing to %s', async (url, code) => {
    await expect(fetch(get(url))).rejects.toMatchObject({ name: 'RequestError', code })
  })

  it('keeps the query out of its errors', async () => {
    const error: unknown = await fetch(get('https://127.0.0.1/x?code=secret')).catch((reason: unknown) => reason)
    expect(JSON.stringify(error) + String(error)).not.toContain('secret')
  })

  it('sends by a fetch of ones own, with redirects left to the caller', async () => {
    const sent: Request[] = []
    const own = createScreenedFetch({
      fetch: async (request) => {
        sent.push(request)
        return new Response('ok')
      },
    })
    expect(await (await own(get('https://op.example/'))).text()).toBe('ok')
    expect(sent[0]?.redirect).toBe('manual')
    await expect(own(get('https://10.0.0.1/'))).rejects.toMatchObject({ code: 'address_not_allowed' })
  })

  it('refuses unknown options', () => {
    expect(() => createScreenedFetch({ alowLoopbackHttp: true } as object)).toThrow(TypeError)
    // From the environment, and true as any text is.
    expect(() => createScreenedFetch({ allowLoopbackHttp: 'false' } as object)).toThrow(/must be true or false/)
  })
})

describe('a connection pinned to the checked address', () => {
  const connect = nodeConnect()!

  it('is not made where a name leads to an address that is not allowed: the server sees nothing', async () => {
    const before = seen.length
    const asked: string[] = []
    const refuse = (address: string) => {
      asked.push(address)
      return false
    }
    await expect(connect(get(`http://localhost:${port}/`), refuse)).rejects.toMatchObject({
      code: 'address_not_allowed',
    })
    expect(asked).not.toEqual([])
    expect(seen.length).toBe(before)
  })

  it('gives nothing of an answer from an address in the URL that is not allowed', async () => {
    await expect(connect(get(`http://127.0.0.1:${port}/`), () => false)).rejects.toMatchObject({
      code: 'address_not_allowed',
    })
  })

  it('sends method, headers and body, and gives the answer whole', async () => {
    const request = get(`http://127.0.0.1:${port}/form`, { method: 'POST', body: 'a=1', headers: { 'x-one': 'two' } })
    const response = await connect(request, () => true)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('hello')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(response.url).toBe(request.url)
    expect(seen.at(-1)).toMatchObject({ method: 'POST', headers: { 'x-one': 'two', 'accept-encoding': 'identity' } })
    expect(body).toBe('a=1')
  })

  it.each([
    ['a status that no Response has', 'HTTP/1.1 999 Odd\r\ncontent-length: 9\r\n\r\n'],
    ['a reason that no Response has', 'HTTP/1.1 200 O\u0001K\r\ncontent-length: 9\r\n\r\n'],
  ])('is let go of where the answer has %s', async (_what, head) => {
    let isClosed = false
    const odd = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.on('close', () => {
        isClosed = true
      })
      socket.once('data', () => socket.write(head))
    }).listen(0, '127.0.0.1')
    await once(odd, 'listening')
    const fetch = createScreenedFetch({ allowLoopbackHttp: true })
    const { port: own } = odd.address() as AddressInfo
    await expect(fetch(get(`http://127.0.0.1:${own}/`))).rejects.toMatchObject({ code: 'network_error' })
    await expect.poll(() => isClosed).toBe(true)
    odd.close()
  })

  it('says that the connection failed, and not that it led astray, where the server breaks it off', async () => {
    const rude = createTcpServer((socket) => {
      socket.on('error', () => {})
      // What follows an answer without a body is an answer that nobody asked for.
      socket.once('data', () => socket.write('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'))
    }).listen(0, '127.0.0.1')
    await once(rude, 'listening')
    const fetch = createScreenedFetch({ allowLoopbackHttp: true })
    const { port: own } = rude.address() as AddressInfo
    const outcome = await fetch(get(`http://127.0.0.1:${own}/`)).then(
      ({ status }) => status,
      (error: { code: string }) => error.code,
    )
    expect([204, 'network_error']).toContain(outcome)
    rude.close()
  })

  it('is what the screened fetch uses, within its limits', async () => {
    const fetch = createScreenedFetch({ allowLoopbackHttp: true, maxBytes: 1000, timeout: 300 })
    expect(await (await fetch(get(`http://localhost:${port}/`))).text()).toBe('hello')
    expect((await fetch(get(`http://127.0.0.1:${port}/empty`))).status).toBe(204)
    expect((await fetch(get(`http://127.0.0.1:${port}/redirect`))).status).toBe(302)
    await expect(fetch(get(`http://127.0.0.1:${port}/big`))).rejects.toMatchObject({ code: 'body_too_large' })
    await expect(fetch(get(`http://127.0.0.1:${port}/slow`))).rejects.toMatchObject({ code: 'timeout' })
    await expect(fetch(get('http://127.0.0.1:1/'))).rejects.toMatchObject({ code: 'network_error' })
    await expect(fetch(get('https://10.0.0.1/'))).rejects.toMatchObject({ code: 'address_not_allowed' })
  })

  it('ends when the caller aborts', async () => {
    const fetch = createScreenedFetch({ allowLoopbackHttp: true })
    const controller = new AbortController()
    const sending = fetch(get(`http://127.0.0.1:${port}/slow`, { signal: controller.signal }))
    setTimeout(() => controller.abort(new Error('enough')), 50)
    await expect(sending).rejects.toThrow('enough')
  })
})
