// What a request may not be, at the level of HTTP; every refusal is held against the document, too.
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JudgedServer, startJudgedServer } from './conformance.ts'

let server: JudgedServer
beforeAll(async () => {
  server = await startJudgedServer()
})
afterAll(async () => {
  await server.close()
  expect(server.faults500).toEqual([])
  expect(server.breaches).toEqual([])
})

const basic = `Basic ${btoa('dev-service:dev-service-secret')}`
const ownGrant = { grant_type: 'client_credentials', scope: 'api:read' }
const post = (path: string, body: Record<string, string> | string, headers: Record<string, string> = {}) =>
  fetch(server.issuer + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : new URLSearchParams(body),
    headers,
  })

/** As a client that `fetch` is not: fields as they are given, doubled ones included. */
async function raw(
  path: string,
  { headers, body = '' }: { headers: Record<string, string | string[]>; body?: string },
) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const sent = httpRequest(server.issuer + path, { method: 'POST', headers: { ...type, ...headers } })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return { status: answer.statusCode, text, headers: answer.headers }
}

describe('framing', () => {
  it('answers a good request, and keeps it out of caches', async () => {
    const answer = await post('/token', ownGrant, { authorization: basic })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'api:read' })
  })

  it('takes forms and nothing else', async () => {
    const answer = await post('/token', JSON.stringify(ownGrant), { 'content-type': 'application/json' })
    expect(answer.status).toBe(415)
  })

  it('refuses parameters in the query', async () => {
    const answer = await post('/token?client_id=dev-service', ownGrant, { authorization: basic })
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('refuses two DPoP fields, and two Authorization fields', async () => {
    const body = new URLSearchParams(ownGrant).toString()
    const proofs = await raw('/token', { headers: { authorization: basic, dpop: ['a.b.c', 'd.e.f'] }, body })
    expect(JSON.parse(proofs.text)).toMatchObject({ error: 'invalid_dpop_proof' })
    const credentials = await raw('/token', { headers: { authorization: [basic, basic] }, body })
    expect(JSON.parse(credentials.text)).toMatchObject({ error: 'invalid_request' })
  })

  it('refuses two methods of authentication', async () => {
    const answer = await post('/token', { ...ownGrant, client_secret: 'x' }, { authorization: basic })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('challenges a client that tried the Authorization field, and no other', async () => {
    const tried = await post('/token', ownGrant, { authorization: `Basic ${btoa('dev-service:wrong')}` })
    expect([tried.status, tried.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="OAuth"'])
    const untried = await post('/token', { ...ownGrant, client_id: 'dev-service', client_secret: 'wrong' })
    expect([untried.status, untried.headers.get('www-authenticate')]).toEqual([401, null])
  })

  it('refuses a body that is too large or no text', async () => {
    expect((await post('/token', `a=${'a'.repeat(300_000)}`)).status).toBe(415)
    expect((await post('/token', { a: 'a'.repeat(300_000) })).status).toBe(413)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers,
      body: new Uint8Array([0xff, 0xfe]),
    })
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('takes a body up to its limit, to the byte', async () => {
    const most = 262_144
    const form = (length: number) => `grant_type=${'a'.repeat(length - 'grant_type='.length)}`
    const type = { 'content-type': 'application/x-www-form-urlencoded', authorization: basic }
    expect(await (await post('/token', form(most), type)).json()).toMatchObject({ error: 'unsupported_grant_type' })
    const over = await post('/token', form(most + 1), type)
    expect([over.status, over.headers.get('cache-control')]).toEqual([413, 'no-store'])
    expect(
      (await post('/register', JSON.stringify('a'.repeat(most)), { 'content-type': 'application/json' })).status,
    ).toBe(413)
  })

  it('does not read on for ever: a body without an end is answered and its connection closed', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = httpRequest(`${server.issuer}/token`, { method: 'POST', headers: type })
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>
    // Whatever is written after the end of the connection is lost with it.
    sent.on('error', () => {})
    const closed = once(sent, 'close')
    const chunk = Buffer.alloc(65_536, 'a')
    for (let written = 0; written <= 8_388_608; written += chunk.length) sent.write(chunk)
    const [answer] = await answered
    answer.resume()
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([413, 'no-store'])
    await closed
    // And goes on for others.
    expect((await post('/token', ownGrant, { authorization: basic })).status).toBe(200)
  })

  it('names the methods that an address takes', async () => {
    const answer = await fetch(`${server.issuer}/token`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${server.issuer}/nowhere`)).status).toBe(404)
  })

  it('is not there for another name of this machine (DNS rebinding)', async () => {
    expect((await raw('/token', { headers: { host: 'evil.example' } })).status).toBe(421)
    expect((await raw('//evil.example/token', { headers: {} })).status).toBe(404)
  })

  it('lets browsers of other origins call endpoints, and never the pages', async () => {
    const asked = { method: 'OPTIONS', headers: { origin: 'https://app.example' } }
    const allowed = await fetch(`${server.issuer}/token`, asked)
    expect(allowed.headers.get('access-control-allow-headers')).toContain('DPoP')
    expect((await fetch(`${server.issuer}/authorize`, asked)).headers.get('access-control-allow-headers')).toBeNull()
  })

  it('lets an address register ten clients an hour', async () => {
    const metadata = JSON.stringify({ redirect_uris: ['https://app.example/callback'] })
    const register = () => post('/register', metadata, { 'content-type': 'application/json' })
    for (let i = 0; i < 10; i++) expect((await register()).status).toBe(201)
    const refused = await register()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000)
  })

  it('describes the API that it stands for (RFC 9728)', async () => {
    const answer = await fetch(`${server.issuer}/.well-known/oauth-protected-resource/api`)
    expect(await answer.json()).toMatchObject({
      resource: `${server.issuer}/api`,
      authorization_servers: [server.issuer],
    })
  })
})
