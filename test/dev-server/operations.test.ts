// What the development server offers beside the flows: WebFinger, metadata of APIs, pages for CIBA and offers, proxies.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createDevServer } from '../../src/dev-server/index.ts'
import { makeCertificates } from '../support/certificates.ts'
import { type JudgedServer, startJudgedServer } from './conformance.ts'
import { formsOf, HeadlessBrowser } from './headless-browser.ts'

const service = `Basic ${btoa('dev-service:dev-service-secret')}`
const issuerRelation = 'http://openid.net/specs/connect/1.0/issuer'
let server: JudgedServer
beforeAll(async () => {
  const users = [
    { username: 'alice', password: 'alice' },
    { username: 'bob', password: 'bob' },
    { username: 'carol', password: 'carol', userCode: '1234' },
  ]
  server = await startJudgedServer({ users, acceptJson: true })
})
afterAll(async () => {
  await server.close()
  expect(server.faults500).toEqual([])
  expect(server.breaches).toEqual([])
})

const post = (
  path: string,
  body: Record<string, string>,
  headers: Record<string, string> = { authorization: service },
) => fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(body), headers })

describe('WebFinger', () => {
  const ask = (query: string) => fetch(`${server.issuer}/.well-known/webfinger${query}`)
  const host = () => new URL(server.issuer).host

  it('leads from any name at this host to the issuer', async () => {
    for (const resource of [`acct:alice@${host()}`, `acct:nobody@${host()}`, `${server.issuer}/alice`]) {
      const answer = await ask(`?${new URLSearchParams({ resource })}`)
      expect(answer.headers.get('content-type')).toBe('application/jrd+json')
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(await answer.json()).toEqual({ subject: resource, links: [{ rel: issuerRelation, href: server.issuer }] })
    }
  })

  it('leaves out links of other relations', async () => {
    const resource = encodeURIComponent(`acct:alice@${host()}`)
    const of = async (rel: string) =>
      ((await (await ask(`?resource=${resource}&${rel}`)).json()) as { links: [] }).links
    expect(await of(`rel=avatar&rel=${encodeURIComponent(issuerRelation)}`)).toHaveLength(1)
    expect(await of('rel=avatar')).toEqual([])
  })

  it.each([
    ['', 400],
    ['?resource=', 400],
    ['?resource=alice', 400],
    ['?resource=acct:a@x.example&resource=acct:b@x.example', 400],
    ['?resource=acct:alice@elsewhere.example', 404],
    ['?resource=acct:alice', 404],
  ])('answers %j with %d', async (query, status) => {
    expect((await ask(query)).status).toBe(status)
  })
})

it('publishes the metadata of its API and of itself, and of no other (RFC 9728)', async () => {
  const ask = async (path: string) => fetch(`${server.issuer}/.well-known/oauth-protected-resource${path}`)
  expect(await (await ask('/api')).json()).toMatchObject({ resource: `${server.issuer}/api` })
  expect(await (await ask('')).json()).toMatchObject({ resource: server.issuer, bearer_methods_supported: ['header'] })
  expect((await ask('/other')).status).toBe(404)
})

it('offers every operation of the document', async () => {
  const document = parse(readFileSync(new URL('../../openapi/oauth.yaml', import.meta.url), 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>
  }
  const missing: string[] = []
  let seen = 0
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      if (operationId === undefined) continue
      seen++
      const url = server.issuer + path.replace('{client_id}', 'nobody')
      const answer = await fetch(url, { method: method.toUpperCase(), redirect: 'manual' })
      if ([404, 405, 501].includes(answer.status)) missing.push(`${operationId} ${answer.status}`)
    }
  }
  expect(seen).toBeGreaterThan(20)
  expect(missing).toEqual([])
})

describe('JSON bodies', () => {
  const send = (body: unknown, type = 'application/json') =>
    fetch(`${server.issuer}/token`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { authorization: service, 'content-type': type },
    })

  it('are taken where that is switched on', async () => {
    const resource = [`${server.issuer}/api`]
    expect((await send({ grant_type: 'client_credentials', scope: 'api:read', resource })).status).toBe(200)
  })

  it.each([
    ['no JSON', '{', 400],
    ['a name twice', '{"grant_type":"client_credentials","grant_type":"client_credentials"}', 400],
    ['a list', [], 400],
    ['a number', { grant_type: 1 }, 400],
    ['an object', { grant_type: { a: 'b' } }, 400],
    ['a list where one value may be', { grant_type: ['client_credentials', 'client_credentials'] }, 400],
  ])('are refused: %s', async (_, body, status) => {
    const answer = await send(body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' })
  })

  it('are refused by default', async () => {
    const plain = await createDevServer()
    const headers = { authorization: service, 'content-type': 'application/json' }
    const answer = await fetch(`${plain.issuer}/token`, { method: 'POST', body: '{}', headers })
    expect(answer.status).toBe(415)
    await plain.close()
  })
})

describe('the inbox', () => {
  const ask = (hint: string, more: Record<string, string> = {}) =>
    post('/backchannel_authentication', { scope: 'openid', login_hint: hint, ...more })

  it('shows to each user their own requests alone', async () => {
    expect((await ask('alice', { binding_message: 'for <alice>' })).status).toBe(200)
    const bob = new HeadlessBrowser()
    expect(await bob.travel(`${server.issuer}/inbox`, { username: 'bob' })).toContain('Nothing waits for you')
    const alice = new HeadlessBrowser()
    const page = await login(alice)
    expect(page).toContain('for &lt;alice&gt;')
    expect(formsOf(page, server.issuer).map(({ acts }) => acts)).toEqual([['allow'], ['deny']])
  })

  it('takes no answer that was not given at the page, nor one for another user', async () => {
    const [alice, bob] = [new HeadlessBrowser(), new HeadlessBrowser()]
    await ask('alice')
    const [allow] = formsOf(await login(alice), server.issuer)
    const headers = { origin: server.issuer }
    const body = (guard: string) => new URLSearchParams({ act: 'allow', entry: allow!.fields.get('entry')!, guard })
    const send = (browser: HeadlessBrowser, guard: string) =>
      browser.send(`${server.issuer}/inbox`, { method: 'POST', body: body(guard), headers })
    const waiting = (await server.backchannelRequests('alice')).length
    expect((await send(alice, 'x')).status).toBe(403)
    const [page] = formsOf(await login(bob, 'bob', { ask: () => ask('bob') }), server.issuer)
    expect((await send(bob, page!.fields.get('guard')!)).status).toBe(303)
    expect(await server.backchannelRequests('alice')).toHaveLength(waiting)
    const foreign = {
      method: 'POST',
      body: body(allow!.fields.get('guard')!),
      headers: { origin: 'https://evil.example' },
    }
    expect((await alice.send(`${server.issuer}/inbox`, foreign)).status).toBe(403)
    expect((await send(alice, allow!.fields.get('guard')!)).status).toBe(303)
    expect(await server.backchannelRequests('alice')).toHaveLength(waiting - 1)
  })

  it('shows at which API the tokens would be good', async () => {
    const resource = `${server.issuer}/api`
    await ask('alice', { resource })
    expect(await login(new HeadlessBrowser())).toContain(`<li>${resource}</li>`)
  })

  it('answers the request that was decided, and leaves the others waiting', async () => {
    const bob = new HeadlessBrowser()
    await ask('bob', { binding_message: 'first' })
    await ask('bob', { binding_message: 'second' })
    const forms = formsOf(await login(bob, 'bob'), server.issuer).filter(({ acts }) => acts.includes('allow'))
    const messages = (await server.backchannelRequests('bob')).map(({ bindingMessage }) => bindingMessage)
    const at = messages.indexOf('second')
    const body = new URLSearchParams([...forms[at]!.fields, ['act', 'allow']])
    await bob.send(`${server.issuer}/inbox`, { method: 'POST', body, headers: { origin: server.issuer } })
    const left = (await server.backchannelRequests('bob')).map(({ bindingMessage }) => bindingMessage)
    expect(left).toEqual(messages.filter((one) => one !== 'second'))
  })

  it('asks for the code of a user who has one (CIBA 7.1)', async () => {
    expect(await (await ask('carol')).json()).toMatchObject({ error: 'missing_user_code' })
    expect(await (await ask('carol', { user_code: '4321' })).json()).toMatchObject({ error: 'invalid_user_code' })
    expect((await ask('carol', { user_code: '1234' })).status).toBe(200)
  })

  it('says of a request that is none, that it was not answered', async () => {
    expect(await server.answerBackchannelRequest('nothing', 'allow')).toBe(false)
  })

  /** To the page behind the login. */
  async function login(browser: HeadlessBrowser, name = 'alice', before?: { ask: () => Promise<unknown> }) {
    await before?.ask()
    const first = await browser.send(`${server.issuer}/inbox`)
    const [form] = formsOf(await first.text(), server.issuer)
    const body = new URLSearchParams([...form!.fields].filter(([key]) => key === 'guard'))
    for (const [key, value] of [
      ['act', 'login'],
      ['username', name],
      ['password', name],
    ] as const)
      body.set(key, value)
    const end = await browser.open(form!.action, { method: 'POST', body, headers: { origin: server.issuer } })
    if (end instanceof URL) throw new Error('left the server')
    return end.text()
  }
})

describe('a certificate that a proxy hands on', () => {
  it('is believed in the named field alone, and only where one is named', async () => {
    const { client, selfSigned } = makeCertificates('app.example')
    const pem = encodeURIComponent(client.cert)
    const binary = `:${new X509Certificate(client.cert).raw.toString('base64')}:`
    const behind = await createDevServer({ clientCertificateHeader: 'Client-Cert' })
    const open = await createDevServer({ mtls: true })
    const register = {
      client_id: 'proxied',
      token_endpoint_auth_method: 'self_signed_tls_client_auth' as const,
      grant_types: ['client_credentials'],
      jwks: { keys: [{ kty: 'EC', x5c: [new X509Certificate(client.cert).raw.toString('base64')] } as never] },
    }
    const ask = async ({ issuer }: { issuer: string }, headers: Record<string, string>) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'proxied' })
      return (await fetch(`${issuer}/token`, { method: 'POST', body, headers })).status
    }
    behind.addClient(register)
    open.addClient(register)
    expect(await ask(behind, { 'client-cert': pem })).toBe(200)
    expect(await ask(behind, { 'client-cert': binary })).toBe(200)
    expect(await ask(behind, { 'client-cert': encodeURIComponent(selfSigned.cert) })).toBe(401)
    expect(await ask(behind, { 'client-cert': 'nothing %zz' })).toBe(401)
    expect(await ask(behind, { 'x-client-cert': pem })).toBe(401)
    expect(await ask(open, { 'client-cert': pem })).toBe(401)
    await Promise.all([behind.close(), open.close()])
  })

  it('proves a client of an authority only where that authority has signed it', async () => {
    const [{ ca, client }, strange] = [makeCertificates('app.example'), makeCertificates('app.example')]
    const server = await createDevServer({ clientCertificateHeader: 'client-cert', clientCa: ca })
    server.addClient({
      client_id: 'proxied',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=client',
      grant_types: ['client_credentials'],
    })
    const ask = async (field: string) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'proxied' })
      const headers = { 'client-cert': field }
      return (await fetch(`${server.issuer}/token`, { method: 'POST', body, headers })).status
    }
    expect(await ask(encodeURIComponent(client.cert))).toBe(200)
    expect(await ask(encodeURIComponent(strange.client.cert))).toBe(401)
    const der = new X509Certificate(client.cert).raw
    expect(await ask(`:${der.toString('base64')}:`)).toBe(200)
    // The last byte is of the signature: names and key are those of the good one.
    der[der.length - 1]! ^= 1
    expect(await ask(`:${der.toString('base64')}:`)).toBe(401)
    await server.close()
  })

  it('proves a client by the chain that the proxy hands on, authority by authority', async () => {
    const made = makeCertificates('app.example')
    const server = await createDevServer({ clientCertificateHeader: 'Client-Cert', clientCa: made.ca })
    server.addClient({
      client_id: 'proxied',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=chained',
      grant_types: ['client_credentials'],
    })
    const binary = (pem: string) => `:${new X509Certificate(pem).raw.toString('base64')}:`
    const ask = async (certificate: string, chain: readonly string[] | string) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'proxied' })
      const field = typeof chain === 'string' ? chain : chain.map(binary).join(', ')
      const headers = { 'client-cert': binary(certificate), ...(field && { 'client-cert-chain': field }) }
      return (await fetch(`${server.issuer}/token`, { method: 'POST', body, headers })).status
    }
    const { chained, intermediate, byClient, client, ca, selfSigned } = made
    expect(await ask(chained.cert, [intermediate])).toBe(200)
    expect(await ask(chained.cert, [intermediate, ca])).toBe(200)
    expect(await ask(chained.cert, [])).toBe(401)
    expect(await ask(chained.cert, 'nothing')).toBe(401)
    expect(await ask(chained.cert, `nothing, ${binary(intermediate)}`)).toBe(401)
    expect(await ask(chained.cert, [selfSigned.cert])).toBe(401)
    // RFC 5280 4.2.1.9: a certificate of an application is no authority.
    expect(await ask(byClient.cert, [client.cert])).toBe(401)
    const strange = makeCertificates('app.example')
    expect(await ask(strange.chained.cert, [strange.intermediate, strange.ca])).toBe(401)
    await server.close()
  })
})
