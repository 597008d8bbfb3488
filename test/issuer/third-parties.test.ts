import { describe, expect, it } from 'vitest'
import { deleteClient, readClient, registerClient, updateClient } from '../../src/issuer/client-registration.ts'
import { discoverResource } from '../../src/issuer/discover-resource.ts'
import { resolveClaimSources } from '../../src/issuer/resolve-claim-sources.ts'
import { webFinger } from '../../src/issuer/web-finger.ts'
import type { Fetch } from '../../src/lib/fetch.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { aJws, aKeyPair, issuer, issuerKeys } from '../support/id-token.ts'

const resource = 'https://api.example/orders?tenant=a'
const wellKnown = 'https://api.example/.well-known/oauth-protected-resource/orders?tenant=a'

describe('the servers of a resource', () => {
  it('are found where the resource has its metadata (RFC 9728 3.1)', async () => {
    const server = createFakeServer()
    server.set(wellKnown, { resource, authorization_servers: [issuer] })
    const { authorizationServers } = await discoverResource(resource, { fetch: server.fetch })
    expect(authorizationServers).toEqual([issuer])
    expect(server.asked).toEqual([wellKnown])
  })

  it('are found where a refusal says, and must be those of the resource that was called', async () => {
    const server = createFakeServer()
    const named = 'https://api.example/metadata'
    server.set(named, { resource, authorization_servers: [issuer] })
    const headers = { 'www-authenticate': `Bearer resource_metadata="${named}"` }
    const response = new Response(null, { status: 401, headers })
    expect((await discoverResource(resource, { fetch: server.fetch, response })).authorizationServers).toEqual([issuer])
    server.set(named, { resource: 'https://other.example', authorization_servers: ['https://evil.example'] })
    await expect(discoverResource(resource, { fetch: server.fetch, response })).rejects.toMatchObject({
      code: 'invalid_resource_metadata',
    })
  })

  it('are not looked for with a switch that is text', async () => {
    const options = { allowLoopbackHttp: 'false' } as object
    await expect(discoverResource(resource, options)).rejects.toThrow(/"allowLoopbackHttp" must be true or false/)
  })

  it.each(['http://169.254.169.254/x', 'javascript:x', '/relative'])('are not looked for at %s', async (named) => {
    const headers = { 'www-authenticate': `Bearer resource_metadata="${named}"` }
    const response = new Response(null, { status: 401, headers })
    await expect(discoverResource(resource, { response })).rejects.toMatchObject({ name: 'ProtocolError' })
  })

  it('are not looked for at private addresses, without any option', async () => {
    await expect(discoverResource('https://10.0.0.1/')).rejects.toMatchObject({ code: 'address_not_allowed' })
    await expect(webFinger('joe@localhost')).rejects.toMatchObject({ code: 'address_not_allowed' })
    const headers = { 'www-authenticate': 'Bearer resource_metadata="https://192.168.0.1/x"' }
    const response = new Response(null, { status: 401, headers })
    await expect(discoverResource(resource, { response })).rejects.toMatchObject({ code: 'address_not_allowed' })
  })
})

describe('the issuer of a user', () => {
  it('is asked for at their host (RFC 7033 4.1)', async () => {
    const server = createFakeServer()
    const rel = encodeURIComponent('http://openid.net/specs/connect/1.0/issuer')
    const url = `https://example.com/.well-known/webfinger?resource=acct%3Ajoe%40example.com&rel=${rel}`
    server.set(url, { links: [{ rel: 'http://openid.net/specs/connect/1.0/issuer', href: issuer }] })
    expect(await webFinger('joe@example.com', { fetch: server.fetch })).toEqual({
      issuer,
      resource: 'acct:joe@example.com',
    })
  })
})

describe('claims of other providers', () => {
  const runtime = createFakeRuntime()
  const now = runtime.now() / 1000
  const bank = 'https://bank.example'
  const aClaimsJwt = (claims: object = {}) =>
    aJws({ alg: 'ES256', kid: 'P-256' }, { iss: bank, iat: now, ...claims }, aKeyPair('P-256').privateKey, 'ES256')

  function setUp(): ReturnType<typeof createFakeServer> {
    const server = createFakeServer()
    const metadata = { issuer: bank, jwks_uri: `${bank}/jwks`, id_token_signing_alg_values_supported: ['ES256'] }
    server.set(`${bank}/.well-known/openid-configuration`, metadata)
    server.set(`${bank}/jwks`, issuerKeys())
    return server
  }
  const answer = {
    sub: 'alice',
    _claim_names: { score: 'a', address: 'b' },
    _claim_sources: {
      a: { JWT: aClaimsJwt({ score: 700, sub: 'mallory' }) },
      b: { endpoint: 'https://claims.example/b', access_token: 'b-token' },
    },
  }

  it('are taken where they are aggregated and signed by a trusted one; distributed ones are not fetched', async () => {
    const server = setUp()
    const { claims, unresolved } = await resolveClaimSources(answer, {
      fetch: server.fetch,
      runtime,
      trustedIssuers: [bank],
    })
    expect({ ...claims }).toEqual({ score: { value: 700, issuer: bank } })
    expect(unresolved).toEqual([{ claims: ['address'], reason: 'distributed_not_allowed' }])
    expect(server.asked).not.toContain('https://claims.example/b')
  })

  it('are fetched with their own token where that was asked for', async () => {
    const server = setUp()
    let authorization: string | null = ''
    server.set('https://claims.example/b', (request) => {
      authorization = request.headers.get('authorization')
      return new Response(aClaimsJwt({ address: 'Home' }), { headers: { 'content-type': 'application/jwt' } })
    })
    const options = { fetch: server.fetch, runtime, trustedIssuers: [bank], distributed: true }
    const { claims, unresolved } = await resolveClaimSources(answer, options)
    expect(claims.address).toEqual({ value: 'Home', issuer: bank })
    expect(unresolved).toEqual([])
    expect(authorization).toBe('Bearer b-token')
  })

  it('are named where their source has nothing of them', async () => {
    const server = setUp()
    const _claim_names = { score: 'a', rating: 'a', __proto__: null, constructor: 'a' }
    const { claims, unresolved } = await resolveClaimSources(
      { ...answer, _claim_names },
      { fetch: server.fetch, runtime, trustedIssuers: [bank] },
    )
    expect(Object.keys(claims)).toEqual(['score'])
    expect(unresolved).toEqual([{ claims: ['rating', 'constructor'], reason: 'absent' }])
  })

  it('take no login down where their source fails, redirects or lies', async () => {
    const server = setUp()
    const options = { fetch: server.fetch, runtime, trustedIssuers: [bank], distributed: true }
    for (const [reply, code] of [
      [new Response('nope', { status: 500 }), 'unexpected_status'],
      [new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'unexpected_content_type'],
      [new Response(null, { status: 302, headers: { location: 'https://evil.example/' } }), 'redirect_refused'],
      [new Response('x.y', { headers: { 'content-type': 'application/jwt' } }), 'invalid_jwt'],
    ] as const) {
      server.set('https://claims.example/b', () => reply)
      const { claims, unresolved } = await resolveClaimSources(answer, options)
      expect(Object.keys(claims)).toEqual(['score'])
      expect(unresolved).toMatchObject([{ claims: ['address'], reason: 'failed', error: { code } }])
    }
  })

  it('are nobody’s word without a trusted issuer, and its keys are not asked for', async () => {
    const server = setUp()
    const { claims, unresolved } = await resolveClaimSources(answer, {
      fetch: server.fetch,
      runtime,
      trustedIssuers: [],
    })
    expect(Object.keys(claims)).toEqual([])
    expect(unresolved[0]).toMatchObject({ reason: 'failed', error: { code: 'invalid_claim_source' } })
    expect(server.asked).toEqual([])
  })

  it('are not fetched from private addresses', async () => {
    const claims = { _claim_names: { x: 'a' }, _claim_sources: { a: { endpoint: 'https://169.254.169.254/' } } }
    const { unresolved } = await resolveClaimSources(claims, { trustedIssuers: [bank], distributed: true })
    expect(unresolved).toMatchObject([{ reason: 'failed', error: { code: 'address_not_allowed' } }])
  })
})

describe('registration and its management', () => {
  const metadata = { redirect_uris: ['https://app.example/cb'] }
  const information = {
    ...metadata,
    client_id: 'c-1',
    registration_access_token: 'rat-1',
    registration_client_uri: 'https://op.example/register/c-1',
  }

  function setUp(answer: (request: Request) => Response | Promise<Response>): { fetch: Fetch; requests: Request[] } {
    const requests: Request[] = []
    return {
      requests,
      fetch: async (request) => {
        requests.push(request)
        return await answer(request)
      },
    }
  }

  it('shows the initial token to the registration endpoint, and the rotated one to the client’s own', async () => {
    let rotation = 1
    const { fetch, requests } = setUp((request) =>
      Response.json(
        { ...information, registration_access_token: `rat-${rotation++}` },
        { status: request.method === 'POST' ? 201 : 200 },
      ),
    )
    const registrationEndpoint = 'https://op.example/register'
    const first = await registerClient(issuer, metadata, { fetch, registrationEndpoint, initialAccessToken: 'iat' })
    const second = await readClient(first.registration, { fetch })
    await updateClient(second.registration, metadata, { fetch })
    expect(requests.map((request) => [request.method, request.url, request.headers.get('authorization')])).toEqual([
      ['POST', registrationEndpoint, 'Bearer iat'],
      ['GET', 'https://op.example/register/c-1', 'Bearer rat-1'],
      ['PUT', 'https://op.example/register/c-1', 'Bearer rat-2'],
    ])
    expect(await requests[2]!.json()).toEqual({ ...metadata, client_id: 'c-1' })
  })

  it('does not follow a redirect with the token', async () => {
    const { fetch, requests } = setUp(
      () => new Response(null, { status: 307, headers: { location: 'https://evil.example' } }),
    )
    const { registration } = { registration: { issuer, clientId: 'c-1', metadata, ...management } }
    await expect(readClient(registration, { fetch })).rejects.toMatchObject({ code: 'redirect_refused' })
    await expect(deleteClient(registration, { fetch })).rejects.toMatchObject({ code: 'redirect_refused' })
    expect(requests.every(({ url }) => url === management.registrationClientUri)).toBe(true)
  })

  it('says what is missing where the server has no management', async () => {
    const registration = { issuer, clientId: 'c-1', metadata }
    await expect(readClient(registration)).rejects.toMatchObject({ code: 'missing_metadata' })
  })

  const management = { registrationAccessToken: 'rat-1', registrationClientUri: 'https://op.example/register/c-1' }
})
