// Bad input from the bytes up: what is no request, what is no form, what says a thing twice, what comes too slowly or in
// too large a number. Each answer has the RFC's status and error, is kept by no cache, and shows nothing of ours.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Listener, listen } from '../../src/dev-server/node-listener.ts'
import type { ServerEvent } from '../../src/server/index.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'

const basic = `Basic ${btoa('dev-service:dev-service-secret')}`
const formType = 'application/x-www-form-urlencoded'
const events: ServerEvent[] = []
let server: JudgedServer
beforeAll(async () => {
  server = await startJudgedServer({ onEvent: (event) => events.push(event) })
})
afterAll(() => server?.close())
beforeEach(() => {
  events.length = 0
})

interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Sends bytes as they are, and reads until the server closes or a whole answer is there. */
async function sendBytes(bytes: string | Uint8Array, port = server.port): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(bytes)
  return readAnswer(socket)
}

async function readAnswer(socket: Socket): Promise<RawAnswer> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
    const end = text.indexOf('\r\n\r\n')
    if (length !== undefined && text.length >= end + 4 + Number(length)) socket.destroy()
  })
  await new Promise((done) => socket.once('close', done))
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head: head.toLowerCase(), body }
}

const ownDetail = /at \S+ \(|\.ts\b|node_modules|Error\b|HPE_/

function expectClean({ head, body }: RawAnswer): void {
  expect(head).toContain('cache-control: no-store')
  expect(head + body).not.toMatch(ownDetail)
}

describe('bytes that are no request', () => {
  const host = 'Host: 127.0.0.1'
  const post = (more: string, body = '') => `POST /token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n${more}\r\n\r\n${body}`
  it.each<[what: string, bytes: string, status: number]>([
    ['noise', '\u0016\u0003\u0001 hello\r\n\r\n', 400],
    ['no version', 'POST /token\r\n\r\n', 400],
    ['no host (RFC 9112 3.2)', 'POST /token HTTP/1.1\r\n\r\n', 400],
    ['two hosts', `POST /token HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`, 400],
    ['a host that is no host', 'POST /token HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a space before the colon (RFC 9112 5.1)', post('Content-Length : 1', 'a'), 400],
    ['a control character in a field', post('DPoP: a\u0000b'), 400],
    ['two lengths (RFC 9112 6.3)', post('Content-Length: 1\r\nContent-Length: 2', 'ab'), 400],
    ['a length and chunks (RFC 9112 6.3)', post('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['a negative length', post('Content-Length: -1'), 400],
    ['a length that is none', post('Content-Length: 0x10'), 400],
    ['a chunk without a size', post('Transfer-Encoding: chunked', 'zz\r\n'), 400],
    ['chunks that are not the last coding', post('Transfer-Encoding: chunked, identity', '0\r\n\r\n'), 400],
    ['a head of 20,000 bytes (RFC 6585 5)', post(`X: ${'x'.repeat(20_000)}`), 431],
    ['an expectation that nobody meets', post('Expect: miracles\r\nContent-Length: 0'), 417],
    ['a method that nobody has', 'BREW /token HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400],
    ['another server as the target', `GET http://evil.example/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n`, 404],
    ['an asterisk as the target', 'OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', 404],
    ['another name of this machine (DNS rebinding)', 'GET /jwks HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421],
  ])('%s', async (_, bytes, status) => {
    const answer = await sendBytes(bytes.replaceAll('PORT', String(server.port)))
    expect(answer.status).toBe(status)
    expectClean(answer)
  })
})

describe('requests that are none of the token endpoint', () => {
  const grant = 'grant_type=client_credentials&scope=api:read'
  const request = (path: string, init: RequestInit) => fetch(server.issuer + path, init)
  const post = (body: BodyInit, more: Record<string, string> = {}) =>
    request('/token', { method: 'POST', body, headers: { 'content-type': formType, authorization: basic, ...more } })

  it.each<[what: string, send: () => Promise<Response>, status: number, error: string | undefined]>([
    ['a repeated parameter (RFC 6749 3.2)', () => post(`${grant}&scope=api:write`), 400, 'invalid_request'],
    ['a repeated grant', () => post(`${grant}&grant_type=client_credentials`), 400, 'invalid_request'],
    ['a repeated client', () => post(`${grant}&client_id=dev-service&client_id=dev-service`), 400, 'invalid_request'],
    ['an empty resource (RFC 8707 2)', () => post(`${grant}&resource=`), 400, 'invalid_target'],
    ['no grant', () => post('scope=api:read'), 400, 'invalid_request'],
    ['an empty grant', () => post('grant_type='), 400, 'invalid_request'],
    ['an unknown grant', () => post('grant_type=password'), 400, 'unsupported_grant_type'],
    ['no body', () => post(''), 400, 'invalid_request'],
    ['a scope of other characters', () => post(`grant_type=client_credentials&scope=%ff%00"`), 400, 'invalid_scope'],
    ['bytes that are no UTF-8', () => post(new Uint8Array([...Buffer.from(grant), 0xff])), 400, 'invalid_request'],
    ['a body too long', () => post(`${grant}&x=${'x'.repeat(300_000)}`), 413, undefined],
    [
      'JSON',
      () => post('{"grant_type":"client_credentials"}', { 'content-type': 'application/json' }),
      415,
      'invalid_request',
    ],
    ['a multipart form', () => request('/token', { method: 'POST', body: new FormData() }), 415, 'invalid_request'],
    ['no type', () => request('/token', { method: 'POST', body: new Uint8Array([97]) }), 415, 'invalid_request'],
    [
      'parameters in the query',
      () => request(`/token?${grant}`, { method: 'POST', headers: { 'content-type': formType, authorization: basic } }),
      400,
      'invalid_request',
    ],
    [
      'a secret in the query',
      () => request('/token?client_secret=x', { method: 'POST', body: new URLSearchParams(grant) }),
      400,
      'invalid_request',
    ],
    ['Basic without base64', () => post(grant, { authorization: 'Basic %%%' }), 401, 'invalid_client'],
    [
      'Basic without a colon',
      () => post(grant, { authorization: `Basic ${btoa('dev-service')}` }),
      401,
      'invalid_client',
    ],
    ['another scheme', () => post(grant, { authorization: 'Digest x' }), 401, 'invalid_client'],
    ['two schemes', () => post(grant, { authorization: `${basic}, Bearer x` }), 400, 'invalid_request'],
    ['two proofs', () => post(grant, { dpop: 'a.b.c, d.e.f' }), 400, 'invalid_dpop_proof'],
    ['a proof that is none', () => post(grant, { dpop: 'nonsense' }), 400, 'invalid_dpop_proof'],
    ['GET', () => request('/token', {}), 405, undefined],
    ['PUT', () => request('/token', { method: 'PUT', body: grant }), 405, undefined],
    ['HEAD', () => request('/token', { method: 'HEAD' }), 405, undefined],
  ])('%s', async (_, send, status, error) => {
    const answer = await send()
    const body = await answer.text()
    expect([answer.status, body === '' ? undefined : (JSON.parse(body) as { error: string }).error]).toEqual([
      status,
      error,
    ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(body).not.toMatch(ownDetail)
    // One event, which says why; what it says is not on the wire.
    expect(events.map(({ name }) => name)).toEqual(['token_denied'])
    expect(events[0]?.metadata).toMatchObject({ reason: expect.any(String), httpStatus: status, clientIp: '127.0.0.1' })
    if (status === 405) expect(answer.headers.get('allow')).toBe('POST')
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Basic realm="OAuth"')
  })

  it.each(['/par', '/introspect', '/revoke', '/device_authorization', '/backchannel_authentication'])(
    '%s: JSON, a repeated parameter, another method',
    async (path) => {
      const headers = { authorization: basic }
      const sent: RequestInit[] = [
        { method: 'POST', body: '{}', headers: { ...headers, 'content-type': 'application/json' } },
        { method: 'POST', body: new URLSearchParams('token=a&token=b&scope=a&scope=b'), headers },
        { method: 'DELETE', headers },
      ]
      const statuses = await Promise.all(sent.map(async (init) => (await request(path, init)).status))
      expect(statuses).toEqual([415, 400, 405])
      expect(events).toHaveLength(3)
    },
  )
})

describe('slow and many', () => {
  const head = (length: number) =>
    `POST /token HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: ${formType}\r\nAuthorization: ${basic}\r\nContent-Length: ${length}\r\n\r\n`
  const grant = 'grant_type=client_credentials&scope=api:read'

  it('waits for a body that comes byte by byte', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.setNoDelay(true)
    const answer = readAnswer(socket)
    socket.write(head(grant.length))
    for (const byte of grant) {
      socket.write(byte)
      await new Promise((done) => setTimeout(done, 2))
    }
    expect((await answer).status).toBe(200)
  })

  it('answers 408 to a body, or a head, that does not come to its end', async () => {
    const answered: string[] = []
    const slow: Listener = await listen(
      0,
      async () => async () => {
        answered.push('a request')
        return { status: 200, headers: {} }
      },
      { patience: 300 },
    )
    const answers = await Promise.all(
      [head(1_000), 'POST /token HTTP/1.1\r\nHost: x'].map((it) => sendBytes(it, slow.port)),
    )
    for (const answer of answers) {
      expect(answer.status).toBe(408)
      expectClean(answer)
    }
    expect(answered).toEqual([])
    await slow.close()
  })

  it('reads no more of an endless body than it must', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {})
    const answer = readAnswer(socket)
    socket.write(head(1_000_000_000))
    const chunk = Buffer.alloc(1_048_576, 97)
    const feed = setInterval(() => !socket.destroyed && socket.write(chunk), 1)
    const { status } = await answer
    clearInterval(feed)
    expect(status).toBe(413)
    expect(socket.bytesWritten).toBeLessThan(200_000_000)
  })

  it('does not mind clients that leave in the middle', async () => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write(head(100))
        socket.destroy()
      })
      await once(socket, 'close')
    }
    expect((await sendBytes(head(grant.length) + grant)).status).toBe(200)
  })

  it('answers beside 500 connections that say nothing, or half a request', async () => {
    const idle = Array.from({ length: 500 }, (_, i) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        if (i % 2 === 0) socket.write(head(50))
      })
      return socket.on('error', () => {})
    })
    await Promise.all(idle.filter(({ connecting }) => connecting).map((socket) => once(socket, 'connect')))
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 100 }, () => sendBytes(head(grant.length) + grant)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200))
    expect(performance.now() - began).toBeLessThan(10_000)
    for (const socket of idle) socket.destroy()
  })
})
