import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import {
  authenticateClient,
  type ClientEndpoint,
  type EndpointRequest,
  handleTokenRequest,
  loadClient,
  type RegisteredClient,
  type TokenEndpointOptions,
} from '../../src/server/index.ts'
import { basic, clients, createRig, findClient, issuer, refusalOf, secretOf, signed, tokenUrl } from './rig.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const grant = { grant_type: 'client_credentials' }

async function judge(
  request: Partial<EndpointRequest>,
  options: Partial<TokenEndpointOptions> = {},
  endpoint: ClientEndpoint = 'token',
): Promise<string> {
  const rig = await createRig(options)
  const outcome = await authenticateClient(
    rig.config,
    { method: 'POST', url: tokenUrl, params: {}, ...request },
    endpoint,
  )
  if (outcome.ok) return `${outcome.client.clientId} by ${outcome.client.method}`
  return `${outcome.error.error}: ${outcome.events[0]?.metadata.reason}`
}

describe('client authentication', () => {
  it('takes a secret by Basic or in the form, Basic parts being form-decoded', async () => {
    expect(await judge({ headers: { authorization: basic('web', secretOf('web')) } })).toBe(
      'web by client_secret_basic',
    )
    const post = { 'post me': { ...clients.web, token_endpoint_auth_method: 'client_secret_post' } }
    const loadClient = (clientId: string) => ({ clientId, metadata: post['post me'] })
    expect(await judge({ params: { client_id: 'post me', client_secret: secretOf('post me') } }, { loadClient })).toBe(
      'post me by client_secret_post',
    )
    const odd = { clientId: 'a:b c', metadata: clients.web! }
    const authorization = basic('a:b c', secretOf('a:b c'))
    expect(await judge({ headers: { authorization } }, { loadClient: () => odd })).toBe('a:b c by client_secret_basic')
  })

  it('makes unknown client and wrong secret read alike, and asks for the secret either way', async () => {
    const asked: string[] = []
    const verifyClientSecret = ({ clientId }: RegisteredClient) => {
      asked.push(clientId)
      return false
    }
    const rig = await createRig({ verifyClientSecret })
    const outcomes = []
    for (const clientId of ['web', 'nobody']) {
      const headers = { authorization: basic(clientId, 'wrong') }
      outcomes.push(await authenticateClient(rig.config, { method: 'POST', url: tokenUrl, params: {}, headers }))
    }
    expect(asked).toEqual(['web', 'nobody'])
    const errors = outcomes.map((outcome) => !outcome.ok && outcome.error)
    expect(errors[0]).toEqual(errors[1])
    expect(errors[0]).toMatchObject({
      error: 'invalid_client',
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="OAuth"' },
    })
  })

  it('challenges only where the Authorization header was tried', async () => {
    const rig = await createRig()
    const params = { client_id: 'web', client_secret: 'wrong' }
    const outcome = await authenticateClient(rig.config, { method: 'POST', url: tokenUrl, params })
    expect(!outcome.ok && outcome.error.status).toBe(401)
    expect(!outcome.ok && outcome.error.headers).not.toHaveProperty('www-authenticate')
  })

  it.each(['Basic', 'Basic ???', 'Basic bm9jb2xvbg==', `Basic ${btoa('%zz:x')}`, 'Bearer abc'])(
    'does not fall back to the form after "%s"',
    async (authorization) => {
      const params = { client_id: 'spa' }
      expect(await judge({ headers: { authorization }, params })).toBe('invalid_client: malformed Authorization field')
    },
  )

  it('refuses two methods at once, and a client_id that contradicts; the same one is allowed', async () => {
    const authorization = basic('web', secretOf('web'))
    const both = { client_id: 'web', client_secret: secretOf('web') }
    expect(await judge({ headers: { authorization }, params: both })).toBe(
      'invalid_request: more than one method of client authentication',
    )
    expect(await judge({ headers: { authorization }, params: { client_id: 'other' } })).toMatch(/^invalid_request/)
    expect(await judge({ headers: { authorization }, params: { client_id: 'web' } })).toBe('web by client_secret_basic')
  })

  it('refuses parameters in the query, repeated parameters, two Authorization and two DPoP fields', async () => {
    const headers = { authorization: basic('web', secretOf('web')) }
    expect(await judge({ headers, url: `${tokenUrl}?client_id=web` })).toMatch(
      /^invalid_request: parameters in the query/,
    )
    expect(await judge({ headers, params: { scope: ['a', 'b'] } })).toBe('invalid_request: a parameter is repeated')
    const twice = [headers.authorization, headers.authorization]
    expect(await judge({ headers: { authorization: twice } })).toBe(
      'invalid_request: more than one Authorization field',
    )
    expect(await judge({ headers: { ...headers, dpop: ['a', 'b'] } })).toBe(
      'invalid_dpop_proof: more than one DPoP field',
    )
  })

  it('requires https', async () => {
    const headers = { authorization: basic('web', secretOf('web')) }
    expect(await judge({ headers, url: 'http://issuer.example/token' })).toBe('invalid_request: https is required')
  })

  it('admits public clients where the host says so, and never to introspection and CIBA', async () => {
    const params = { client_id: 'spa' }
    for (const endpoint of ['token', 'device_authorization', 'pushed_authorization_request', 'revocation'] as const) {
      expect(await judge({ params }, {}, endpoint)).toBe('spa by none')
    }
    for (const endpoint of ['introspection', 'backchannel_authentication'] as const) {
      expect(await judge({ params }, {}, endpoint)).toMatch(/^invalid_client/)
    }
  })

  it('fails closed without isPublicClient', async () => {
    const rig = await createRig()
    const { createTokenEndpointConfig } = await import('../../src/server/index.ts')
    const { baseOptions } = await import('./rig.ts')
    const { isPublicClient: _, ...options } = await baseOptions(rig.clock, rig.store)
    const config = createTokenEndpointConfig(options)
    const outcome = await authenticateClient(config, { method: 'POST', url: tokenUrl, params: { client_id: 'spa' } })
    expect(outcome.ok).toBe(false)
  })

  it('refuses a confidential client without authentication, and a public one with a secret', async () => {
    expect(await judge({ params: { client_id: 'web' } })).toBe('invalid_client: missing client authentication')
    const headers = { authorization: basic('spa', secretOf('spa')) }
    expect(await judge({ headers })).toBe('invalid_client: another method than registered')
  })

  it('settles the client id: a callback that answers with another client is no answer', async () => {
    const loadClient = () => findClient('other')
    expect(await judge({ headers: { authorization: basic('web', secretOf('web')) } }, { loadClient })).toBe(
      'invalid_client: unknown client',
    )
  })

  it('answers a missing grant_type and a failed authentication with exactly one token_denied', async () => {
    const rig = await createRig()
    const failed = await handleTokenRequest(rig.config, await rig.request(grant, { client: 'nobody' }))
    expect(failed.events.map((event) => event.name)).toEqual(['token_denied'])
    const missing = await rig.token({})
    expect(refusalOf(missing)).toBe('invalid_request: missing grant_type')
    expect(missing.events.map((event) => event.name)).toEqual(['token_denied'])
    expect(refusalOf(await rig.token({ grant_type: 'password' }))).toBe('unsupported_grant_type: unknown grant type')
  })
})

describe('client assertions', () => {
  const claims = (now: number, more: object = {}) => ({
    iss: 'jwt',
    sub: 'jwt',
    aud: issuer,
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 60,
    ...more,
  })

  async function rigFor(key: SigningKey, options: Partial<TokenEndpointOptions> = {}) {
    const metadata = { ...clients.web, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.publicJwk] } }
    const loadClient = (clientId: string) => (clientId.startsWith('jwt') ? { clientId, metadata } : undefined)
    const rig = await createRig({ loadClient, ...options })
    const now = rig.clock.now() / 1000
    const send = (client_assertion: string, more: object = {}) =>
      rig.token({ ...grant, client_assertion_type: assertionType, client_assertion, ...more }, { client: null })
    return { rig, now, send }
  }

  it('takes one by the registered key, once', async () => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    const assertion = await signed(key, { typ: 'JWT' }, claims(now))
    expect((await send(assertion)).ok).toBe(true)
    expect(refusalOf(await send(assertion))).toBe('invalid_client: replayed client_assertion')
  })

  it('does not spend one on a request that fails', async () => {
    const key = await generateSigningKey('ES256')
    let fails = true
    const authorizeScope = ({ scope }: { scope: readonly string[] }) => {
      if (fails) throw new Error('down')
      return scope
    }
    const { now, send } = await rigFor(key, { authorizeScope })
    const assertion = await signed(key, {}, claims(now))
    expect(refusalOf(await send(assertion))).toMatch(/^server_error/)
    expect(refusalOf(await send(assertion, { resource: 'nowhere' }))).toMatch(/^invalid_target/)
    fails = false
    expect((await send(assertion)).ok).toBe(true)
  })

  it('keeps the jtis of two clients apart', async () => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    const same = { jti: 'the same' }
    expect((await send(await signed(key, {}, claims(now, same)))).ok).toBe(true)
    expect((await send(await signed(key, {}, claims(now, { ...same, iss: 'jwt2', sub: 'jwt2' })))).ok).toBe(true)
  })

  it('takes the issuer as audience, as text or as the one member of an array', async () => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    expect((await send(await signed(key, {}, claims(now, { aud: [issuer] })))).ok).toBe(true)
    for (const aud of [tokenUrl, [issuer, tokenUrl], [], 7]) {
      expect(refusalOf(await send(await signed(key, {}, claims(now, { aud }))))).toMatch(/^invalid_client/)
    }
  })

  it.each([
    ['expired', (now: number) => ({ exp: now })],
    ['without exp', () => ({ exp: undefined })],
    ['without jti', () => ({ jti: undefined })],
    ['living longer than 300 seconds', (now: number) => ({ exp: now + 301 })],
    ['issued in the future', (now: number) => ({ iat: now + 61, exp: now + 120 })],
    ['not valid yet', (now: number) => ({ nbf: now + 61 })],
    ['of another subject', () => ({ sub: 'other' })],
    ['of another issuer', () => ({ iss: 'other' })],
  ])('refuses one that is %s', async (_name, change) => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    expect(refusalOf(await send(await signed(key, {}, claims(now, change(now)))))).toMatch(/^invalid_client/)
  })

  it('takes one without iat, and one whose iat is a minute ahead', async () => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    expect((await send(await signed(key, {}, claims(now, { iat: undefined })))).ok).toBe(true)
    expect((await send(await signed(key, {}, claims(now, { iat: now + 60 })))).ok).toBe(true)
  })

  it('refuses one by another key, of another kind, with crit, and without its type', async () => {
    const key = await generateSigningKey('ES256')
    const { now, send } = await rigFor(key)
    const stranger = await generateSigningKey('ES256')
    expect(refusalOf(await send(await signed(stranger, {}, claims(now))))).toMatch(/^invalid_client/)
    expect(refusalOf(await send(await signed(key, { typ: 'dpop+jwt' }, claims(now))))).toMatch(/^invalid_client/)
    expect(refusalOf(await send(await signed(key, { crit: ['b64'] }, claims(now))))).toMatch(/^invalid_client/)
    expect(refusalOf(await send(await signed(key, {}, claims(now)), { client_assertion_type: 'x' }))).toMatch(
      /^invalid_request/,
    )
    expect(refusalOf(await send(await signed(key, {}, claims(now)), { client_assertion_type: '' }))).toBe(
      'invalid_request: missing client_assertion_type',
    )
  })

  it('fetches the keys of a jwks_uri, and again for an unknown key', async () => {
    const [old, fresh] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')]
    let published = old
    let fetched = 0
    const metadata = {
      ...clients.web,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://app.example/jwks',
    }
    const rig = await createRig({
      loadClient: (clientId) => ({ clientId, metadata }),
      fetchDocument: async () => {
        fetched++
        const keys = [{ ...published.publicJwk, kid: published.thumbprint }]
        return { status: 200, contentType: 'application/json', body: JSON.stringify({ keys }) }
      },
    })
    const send = async (key: SigningKey) => {
      const client_assertion = await signed(key, { kid: key.thumbprint }, claims(rig.clock.now() / 1000))
      return rig.token({ ...grant, client_assertion_type: assertionType, client_assertion }, { client: null })
    }
    expect((await send(old)).ok).toBe(true)
    expect((await send(old)).ok).toBe(true)
    expect(fetched).toBe(1)
    published = fresh
    expect((await send(fresh)).ok).toBe(false)
    rig.clock.advance(61)
    expect((await send(fresh)).ok).toBe(true)
    expect(fetched).toBe(2)
  })
})

describe('client metadata documents', () => {
  const clientId = 'https://app.example/client.json'
  const document = { client_id: clientId, redirect_uris: ['https://app.example/cb'], client_name: 'App' }
  const options = (body: object, more: Partial<TokenEndpointOptions> = {}): Partial<TokenEndpointOptions> => ({
    loadClient: () => undefined,
    clientMetadataDocuments: true,
    fetchDocument: async () => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) }),
    ...more,
  })

  it('are clients of their own, public ones, whose redirects stay at their origin', async () => {
    expect(await judge({ params: { client_id: clientId } }, options(document))).toBe(`${clientId} by none`)
    const wrong = [
      { ...document, client_id: 'https://app.example/other.json' },
      { ...document, redirect_uris: ['https://elsewhere.example/cb'] },
      { ...document, token_endpoint_auth_method: 'client_secret_basic' },
      { ...document, client_secret: 'known to all' },
      { ...document, client_name: { markup: '<b>App</b>' } },
      { ...document, response_types: 5 },
      { ...document, post_logout_redirect_uris: ['https://elsewhere.example/bye'] },
      { ...document, frontchannel_logout_uri: 'javascript:alert(1)' },
      { ...document, frontchannel_logout_uri: 'https://app.example/out', redirect_uris: ['nowhere'] },
      { ...document, jwks_uri: 'http://app.example/jwks' },
      { ...document, redirect_uris: ['https://app.example/cb#x'] },
      { ...document, filler: 'x'.repeat(6_000) },
    ]
    for (const body of wrong) {
      expect(await judge({ params: { client_id: clientId } }, options(body))).toBe('invalid_client: unknown client')
    }
  })

  it('give themselves no member of the host, and no grant in which no user decides', async () => {
    const key = await generateSigningKey('ES256')
    const body = {
      ...document,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
      grant_types: ['authorization_code', 'client_credentials'],
      scope: 'admin',
      trusted: true,
    }
    const rig = await createRig(options(body))
    const client = await loadClient(rig.config, clientId)
    expect(client?.metadata).toMatchObject({ client_name: 'App', grant_types: ['authorization_code'] })
    expect(client?.metadata).not.toHaveProperty('trusted')
    const now = rig.clock.now() / 1000
    const own = { iss: clientId, sub: clientId, aud: issuer, jti: 'j', iat: now, exp: now + 60 }
    const params = {
      ...grant,
      scope: 'admin',
      client_assertion_type: assertionType,
      client_assertion: await signed(key, {}, own),
    }
    expect(refusalOf(await rig.token(params, { client: null }))).toBe('unauthorized_client: grant not registered')
  })

  it.each([
    ['no age', undefined, 300],
    ['too short an age', 1, 60],
    ['too long an age', 1_000_000, 86_400],
  ])('are fetched within bounds, and kept as long as they may be: %s', async (_, maxAge, kept) => {
    const bounds: object[] = []
    const body = JSON.stringify(document)
    const rig = await createRig(
      options(document, {
        fetchDocument: async (_url, given) => {
          bounds.push(given)
          return { status: 200, contentType: 'application/json', body, ...(maxAge !== undefined && { maxAge }) }
        },
      }),
    )
    const ask = () => authenticateClient(rig.config, { method: 'POST', url: tokenUrl, params: { client_id: clientId } })
    await ask()
    rig.clock.advance(kept - 1)
    await ask()
    expect(bounds).toEqual([{ maxBytes: 5_120, timeout: 5_000 }])
    rig.clock.advance(2)
    await ask()
    expect(bounds).toHaveLength(2)
  })

  it('are off by default', async () => {
    const off = options(document, { clientMetadataDocuments: false })
    expect(await judge({ params: { client_id: clientId } }, off)).toBe('invalid_client: unknown client')
  })
})
