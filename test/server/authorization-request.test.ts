import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { ClientMetadata } from '../../generated/models.ts'
import {
  type AuthorizationRequestData,
  buildAuthorizationResponse,
  type DecisionInput,
  decideAuthorization,
  handlePushedAuthorizationRequest,
  readConsent,
  saveConsent,
  type TokenEndpointOptions,
  validateAuthorizationRequest,
  withdrawConsent,
} from '../../src/server/index.ts'
import {
  basic,
  claimsOf,
  clients,
  codeParams,
  createRig,
  issuer,
  type Rig,
  redirectUri,
  secretOf,
  signed,
  tokensOf,
} from './rig.ts'

const challenge = 'c'.repeat(43)
const good = {
  client_id: 'web',
  response_type: 'code',
  redirect_uri: redirectUri,
  scope: 'openid read',
  state: 's',
  code_challenge: challenge,
  code_challenge_method: 'S256',
}

async function start(metadata: ClientMetadata = {}, options: Partial<TokenEndpointOptions> = {}): Promise<Rig> {
  const { scope: _, ...web } = clients.web!
  const loadClient = (clientId: string) =>
    clientId === 'nobody' ? undefined : { clientId, metadata: { ...web, ...metadata } }
  return createRig({ loadClient, resources: ['https://a.example'], authorizationDetailsTypes: ['pay'], ...options })
}

async function judge(params: Record<string, unknown>, metadata: ClientMetadata = {}, options = {}): Promise<string> {
  const rig = await start(metadata, options)
  const outcome = await validateAuthorizationRequest(rig.config, { params: { ...good, ...params } as never })
  if (outcome.ok) return 'ok'
  return `${outcome.error.error} ${outcome.target ? 'to the client' : 'to the page'}: ${outcome.events[0]?.metadata.reason}`
}

async function accept(rig: Rig, params: Record<string, unknown> = {}): Promise<AuthorizationRequestData> {
  const outcome = await validateAuthorizationRequest(rig.config, { params: { ...good, ...params } as never })
  if (!outcome.ok) throw new Error(`${outcome.error.error}: ${outcome.events[0]?.metadata.reason}`)
  return outcome.request
}

describe('validateAuthorizationRequest', () => {
  it('gives plain data that can wait in a record', async () => {
    const rig = await start()
    const request = await accept(rig, { nonce: 'n', max_age: '60', prompt: 'login consent', acr_values: 'a b' })
    expect(JSON.parse(JSON.stringify(request))).toEqual(request)
    expect(request).toMatchObject({
      clientId: 'web',
      redirectUri,
      responseMode: 'query',
      state: 's',
      scope: ['openid', 'read'],
      codeChallenge: challenge,
      nonce: 'n',
      maxAge: 60,
      prompt: ['login', 'consent'],
      acrValues: ['a', 'b'],
      resources: [],
    })
  })

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: '' }],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/cb' }],
    ['a redirect URI with a suffix', { redirect_uri: `${redirectUri}/x` }],
    ['a repeated redirect URI', { redirect_uri: [redirectUri, redirectUri] }],
    ['an external request_uri', { request_uri: 'https://app.example/request' }],
    ['an unknown pushed request', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }],
  ])('redirects nothing for %s', async (_name, params) => {
    expect(await judge(params)).toContain('to the page')
  })

  it.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { response_type: '' }],
    ['invalid_request', { code_challenge: '', code_challenge_method: '' }],
    ['invalid_request', { code_challenge_method: 'plain' }],
    ['invalid_request', { code_challenge_method: '' }],
    ['invalid_request', { code_challenge: 'short' }],
    ['invalid_scope', { scope: 'a"b' }],
    ['invalid_target', { resource: 'https://unknown.example' }],
    ['invalid_target', { resource: '' }],
    ['invalid_request', { prompt: 'none login' }],
    ['invalid_request', { prompt: 'create' }],
    ['invalid_request', { max_age: '-1' }],
    ['invalid_request', { dpop_jkt: 'short' }],
    ['invalid_request', { id_token_hint: 'nonsense' }],
    ['registration_not_supported', { registration: '{}' }],
    ['invalid_authorization_details', { authorization_details: '[{"type":"unknown"}]' }],
    ['invalid_authorization_details', { authorization_details: '{}' }],
    [
      'invalid_authorization_details',
      { authorization_details: JSON.stringify([{ type: 'pay', for: 'x'.repeat(20_000) }]) },
    ],
    ['invalid_scope', { scope: 'x'.repeat(5_000) }],
  ])('says %s to the client for %j', async (error, params) => {
    expect(await judge(params)).toMatch(new RegExp(`^${error} to the client`))
  })

  it('tells the audit log which known client it was', async () => {
    const { config } = await start()
    const events = async (params: object) => {
      const outcome = await validateAuthorizationRequest(config, { params: { ...good, ...params } })
      return !outcome.ok && outcome.events
    }
    expect(await events({ prompt: 'create' })).toMatchObject([{ metadata: { clientId: 'web' } }])
    expect(await events({ redirect_uri: 'https://evil.example' })).toMatchObject([{ metadata: { clientId: 'web' } }])
    expect(JSON.stringify(await events({ client_id: 'nobody' }))).not.toContain('nobody')
  })

  it('wants a nonce, a pushed or a signed request where that is required', async () => {
    expect(await judge({}, {}, { nonceRequired: true })).toBe('invalid_request to the client: missing nonce')
    expect(await judge({}, {}, { parRequired: true })).toMatch(/must be pushed/)
    expect(await judge({}, { require_pushed_authorization_requests: true })).toMatch(/must be pushed/)
    expect(await judge({}, { require_signed_request_object: true })).toMatch(/missing request object/)
  })

  it('keeps a client within the scope and the grants that it registered', async () => {
    expect(await judge({}, { scope: 'openid' })).toMatch(/^invalid_scope to the client/)
    expect(await judge({}, { grant_types: ['client_credentials'] })).toMatch(/^unauthorized_client to the client/)
  })

  it('leaves out a redirect URI only where one is registered', async () => {
    const rig = await start()
    expect(await accept(rig, { redirect_uri: '' })).toMatchObject({ redirectUri, redirectUriSent: false })
    expect(await judge({ redirect_uri: '' }, { redirect_uris: [redirectUri, `${redirectUri}2`] })).toMatch(
      /to the page/,
    )
  })

  it('matches any port of a loopback address, and of nothing else', async () => {
    const native = { redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]:1/cb', 'http://localhost/cb'] }
    expect(await judge({ redirect_uri: 'http://127.0.0.1:51004/cb' }, native)).toBe('ok')
    expect(await judge({ redirect_uri: 'http://[::1]:51004/cb' }, native)).toBe('ok')
    for (const uri of [
      'http://localhost:51004/cb',
      'http://127.0.0.1:51004/other',
      'https://127.0.0.1:51004/cb',
      'http://127.0.0.2/cb',
      'http://127.0.0.1@evil.example/cb',
      // A URL parser would repair these; in a header field they are no URI, or another one.
      'http:127.0.0.1:5/cb',
      'http:///127.0.0.1:5/cb',
      '\u0001http://127.0.0.1:5/cb',
      'http://127.0.0.1:5/cb\u0000',
      'http://１２７.0.0.1:5/cb',
    ]) {
      expect(await judge({ redirect_uri: uri }, native)).toMatch(/to the page/)
    }
  })

  it('reads the claims parameter only where it is on', async () => {
    const claims = JSON.stringify({ userinfo: { email: { essential: true } } })
    expect((await accept(await start(), { claims })).claims).toBeUndefined()
    const on = await start({}, { claimsParameter: true })
    expect((await accept(on, { claims })).claims).toEqual({ userinfo: { email: { essential: true } } })
  })

  // OIDC Core 5.5.1
  it.each([
    '{"userinfo":1}',
    '{"id_token":{"acr":5}}',
    '{"id_token":{"acr":{"essential":"true"}}}',
    '{"id_token":{"acr":{"essential":true,"values":5}}}',
    '{"id_token":{"acr":{"essential":true,"values":"mfa pwd"}}}',
    '{"id_token":{"sub":{"value":5}}}',
    '{"userinfo":{"sub":{"values":["a",5]}}}',
    '{"id_token":{},"id_token":{}}',
  ])('refuses the claims %s', async (claims) => {
    expect(await judge({ claims }, {}, { claimsParameter: true })).toBe(
      'invalid_request to the client: malformed claims',
    )
  })

  it('refuses more claims than a token could carry', async () => {
    const claims = JSON.stringify({ userinfo: { ['x'.repeat(20_000)]: null } })
    expect(await judge({ claims }, {}, { claimsParameter: true })).toMatch(/claims is too long$/)
  })

  it('takes an expired id_token_hint of this client, and no other', async () => {
    const rig = await start()
    const { id_token: hint } = tokensOf(await rig.token(codeParams(await rig.code())))
    rig.clock.advance(10_000)
    expect((await accept(rig, { id_token_hint: hint })).expectedSub).toBe('alice')
    const outcome = await validateAuthorizationRequest(rig.config, {
      params: { ...good, client_id: 'other', id_token_hint: hint! },
    })
    expect(outcome.ok).toBe(false)
  })
})

describe('signed requests', () => {
  it('count alone: what stands outside is not looked at', async () => {
    const key = await generateSigningKey('ES256')
    const rig = await start({ jwks: { keys: [key.publicJwk] } as never })
    const now = rig.clock.now() / 1000
    const claims = { ...good, iss: 'web', aud: issuer, exp: now + 60, scope: 'read', max_age: 60 }
    const request = await signed(key, { typ: 'oauth-authz-req+jwt' }, claims)
    expect(await accept(rig, { request, scope: 'admin', state: 'other' })).toMatchObject({
      scope: ['read'],
      state: 's',
      maxAge: 60,
    })
  })

  it.each([
    ['unsigned', { alg: 'none' }, {}],
    ['for another server', {}, { aud: 'https://x.example' }],
    ['of another client', {}, { client_id: 'other' }],
    ['expired', {}, { exp: 1 }],
    ['of another type', { typ: 'at+jwt' }, {}],
    ['with a request inside', {}, { request: 'x' }],
  ])('are refused when %s', async (_name, header, change) => {
    const key = await generateSigningKey('ES256')
    const rig = await start({ jwks: { keys: [key.publicJwk] } as never })
    const request = await signed(key, header, { ...good, iss: 'web', aud: issuer, ...change })
    const outcome = await validateAuthorizationRequest(rig.config, { params: { client_id: 'web', request } })
    expect(!outcome.ok && outcome.error.error).toBe('invalid_request_object')
  })
})

describe('pushed requests', () => {
  const push = async (rig: Rig, params: Record<string, string> = good, more: object = {}) =>
    handlePushedAuthorizationRequest(rig.config, {
      method: 'POST',
      url: `${issuer}/par`,
      params,
      headers: { authorization: basic('web', secretOf('web')), ...more },
    })

  it('are good once, for their client, for 90 seconds', async () => {
    const rig = await start()
    const pushed = await push(rig)
    if (!pushed.ok) throw new Error(pushed.error.error)
    expect(pushed.response.expires_in).toBe(90)
    const { request_uri } = pushed.response
    expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:/)
    const take = (client_id: string) => validateAuthorizationRequest(rig.config, { params: { client_id, request_uri } })
    expect((await take('other')).ok).toBe(false)
    const taken = await take('web')
    expect(taken.ok && taken.request.scope).toEqual(['openid', 'read'])
    const again = await take('web')
    expect(!again.ok && again.error.error).toBe('invalid_request_uri')
    const late = await push(rig)
    rig.clock.advance(90)
    const params = { client_id: 'web', request_uri: late.ok ? late.response.request_uri : '' }
    expect((await validateAuthorizationRequest(rig.config, { params })).ok).toBe(false)
  })

  it('are taken from a public client by its id alone', async () => {
    const rig = await start({ token_endpoint_auth_method: 'none' })
    const params = { ...good, client_id: 'spa' }
    const outcome = await handlePushedAuthorizationRequest(rig.config, { method: 'POST', url: `${issuer}/par`, params })
    expect(outcome.ok && outcome.response.request_uri).toMatch(/^urn:/)
    const { client_id: _, ...nameless } = params
    const asked = { method: 'POST', url: `${issuer}/par`, params: nameless }
    const refused = await handlePushedAuthorizationRequest(rig.config, asked)
    expect(!refused.ok && refused.error.error).toBe('invalid_client')
  })

  it('are judged when they are pushed', async () => {
    const rig = await start()
    for (const [error, params] of [
      ['invalid_request', { request_uri: 'urn:x' }],
      ['invalid_request', { redirect_uri: 'https://evil.example' }],
      ['invalid_request', { code_challenge_method: 'plain' }],
    ] as const) {
      const outcome = await push(rig, { ...good, ...params })
      expect(!outcome.ok && outcome.error.error).toBe(error)
      expect(outcome.events.map((event) => event.name)).toEqual(['authorization_denied'])
    }
  })

  it('take the key of a proof for the code', async () => {
    const rig = await start()
    const dpop = await rig.proof(rig.key, { url: `${issuer}/par` })
    const pushed = await push(rig, good, { dpop })
    const params = { client_id: 'web', request_uri: pushed.ok ? pushed.response.request_uri : '' }
    const taken = await validateAuthorizationRequest(rig.config, { params })
    expect(taken.ok && taken.request.dpopJkt).toBe(rig.key.thumbprint)
    const other = await push(
      rig,
      { ...good, dpop_jkt: 'x'.repeat(43) },
      { dpop: await rig.proof(rig.key, { url: `${issuer}/par` }) },
    )
    expect(!other.ok && other.error.error).toBe('invalid_request')
  })
})

const details = JSON.stringify([{ type: 'pay', amount: 1_000 }])
const asking = (...names: string[]) =>
  JSON.stringify({ userinfo: Object.fromEntries(names.map((name) => [name, null])) })

describe('decideAuthorization', () => {
  async function decide(params: Record<string, unknown>, input: (now: number) => DecisionInput, options = {}) {
    const rig = await start({}, { claimsParameter: true, ...options })
    const request = await accept(rig, params)
    rig.clock.advance(10)
    const client = { clientId: 'web', metadata: {} }
    const decision = await decideAuthorization(rig.config, request, client, input(request.requestedAt))
    return 'error' in decision ? decision.error : 'reason' in decision ? `login: ${decision.reason}` : decision.kind
  }
  const session = (authTime: number, more: object = {}) => ({ subject: 'alice', sid: 's', authTime, ...more })
  const consent = (grantedAt: number) => ({ scope: ['openid', 'read'], resources: [], grantedAt })

  it.each<[string, Record<string, unknown>, (now: number) => DecisionInput]>([
    ['login: no_session', {}, () => ({})],
    ['login_required', { prompt: 'none' }, () => ({})],
    ['consent', {}, (now) => ({ session: session(now - 100) })],
    ['consent_required', { prompt: 'none' }, (now) => ({ session: session(now - 100) })],
    ['issue', {}, (now) => ({ session: session(now - 100), consent: consent(now - 100) })],
    ['issue', { prompt: 'none' }, (now) => ({ session: session(now - 100), consent: consent(now - 100) })],
    ['login: prompt', { prompt: 'login' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['issue', { prompt: 'login' }, (now) => ({ session: session(now + 1), consent: consent(now) })],
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now - 1) })],
    // What was granted meanwhile to another request of the client is no answer to this one.
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now + 5) })],
    ['consent', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now), consentedBy: 'bob' })],
    ['issue', { prompt: 'consent' }, (now) => ({ session: session(now), consent: consent(now), consentedBy: 'alice' })],
    ['consent', { authorization_details: details }, (now) => ({ session: session(now), consent: consent(now + 5) })],
    [
      'issue',
      { authorization_details: details },
      (now) => ({ session: session(now), consent: consent(now), consentedBy: 'alice' }),
    ],
    // OIDC Core 5.5: claims are released by consent, too.
    ['consent', { claims: asking('email') }, (now) => ({ session: session(now), consent: consent(now) })],
    [
      'issue',
      { claims: asking('email') },
      (now) => ({ session: session(now), consent: { ...consent(now), claims: ['email'] } }),
    ],
    [
      'issue',
      { claims: asking('sub', 'acr', 'auth_time') },
      (now) => ({ session: session(now), consent: consent(now) }),
    ],
    ['select_account', { prompt: 'select_account' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['login: max_age', { max_age: '60' }, (now) => ({ session: session(now - 61), consent: consent(now) })],
    ['issue', { max_age: '60' }, (now) => ({ session: session(now - 40), consent: consent(now) })],
    ['login: max_age', { max_age: '0' }, (now) => ({ session: session(now - 1), consent: consent(now) })],
    ['issue', { max_age: '0' }, (now) => ({ session: session(now), consent: consent(now) })],
    ['consent', { scope: 'openid write' }, (now) => ({ session: session(now), consent: consent(now) })],
  ])('comes to %s for %j', async (expected, params, input) => {
    expect(await decide(params, input)).toBe(expected)
  })

  it('asks again for a native app that anybody could pass for', async () => {
    const redirect_uri = 'http://127.0.0.1/cb'
    const metadata = {
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [redirect_uri, redirectUri],
    }
    const rig = await start(metadata)
    const client = { clientId: 'web', metadata }
    const decide = async (uri: string) => {
      const request = await accept(rig, { redirect_uri: uri })
      const now = request.requestedAt
      const input = { session: session(now), consent: consent(now - 1) }
      return (await decideAuthorization(rig.config, request, client, input)).kind
    }
    expect(await decide(redirect_uri)).toBe('consent')
    expect(await decide(redirectUri)).toBe('issue')
  })

  it('wants the user whom the client expects', async () => {
    const claims = JSON.stringify({ id_token: { sub: { value: 'bob' } } })
    const input = (now: number) => ({ session: session(now), consent: consent(now) })
    expect(await decide({ claims }, input)).toBe('login: other_user')
    expect(await decide({ claims, prompt: 'none' }, input)).toBe('login_required')
    const oneOf = (...values: string[]) => JSON.stringify({ userinfo: { sub: { values } } })
    expect(await decide({ claims: oneOf('bob') }, input)).toBe('login: other_user')
    expect(await decide({ claims: oneOf('bob', 'alice') }, input)).toBe('issue')
  })

  it('wants an essential acr, by a step up first', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['mfa'] } } })
    const input = (before: number, acr: string) => (now: number) => ({
      session: session(now - before, { acr }),
      consent: consent(now),
    })
    expect(await decide({ claims }, input(5, 'pwd'))).toBe('login: acr')
    expect(await decide({ claims }, input(0, 'pwd'))).toBe('unmet_authentication_requirements')
    expect(await decide({ claims }, input(5, 'mfa'))).toBe('issue')
    expect(await decide({ claims, prompt: 'none' }, input(5, 'pwd'))).toBe('interaction_required')
  })

  it('remembers consents, adds to them and forgets them', async () => {
    const rig = await start()
    await saveConsent(rig.config, 'alice', 'web', { scope: ['a'], resources: [] })
    const claims = { userinfo: { email: null, 'name#fr': null }, id_token: { acr: null, 'phone_number#x': null } }
    await saveConsent(rig.config, 'alice', 'web', { scope: ['b', 'profile'], resources: [], claims })
    expect(await readConsent(rig.config, 'alice', 'web')).toMatchObject({
      scope: ['a', 'b', 'profile'],
      claims: ['phone_number#x', 'email'],
    })
    expect(await readConsent(rig.config, 'bob', 'web')).toBeUndefined()
    await withdrawConsent(rig.config, 'alice', 'web')
    expect(await readConsent(rig.config, 'alice', 'web')).toBeUndefined()
  })
})

describe('buildAuthorizationResponse', () => {
  const target = { redirectUri: 'https://app.example/cb?x=1', redirectUriSent: true, state: 's t' }
  const client = { clientId: 'web', metadata: {} }

  it('adds code, state and iss to the query, the fragment or a form', async () => {
    const { config } = await start()
    const build = (responseMode: 'query' | 'fragment' | 'form_post') =>
      buildAuthorizationResponse(config, client, { ...target, responseMode }, { code: 'c' })
    const iss = encodeURIComponent(issuer)
    expect(await build('query')).toEqual({
      kind: 'redirect',
      url: `https://app.example/cb?x=1&code=c&state=s+t&iss=${iss}`,
    })
    expect(await build('fragment')).toEqual({
      kind: 'redirect',
      url: `https://app.example/cb?x=1#code=c&state=s+t&iss=${iss}`,
    })
    expect(await build('form_post')).toEqual({
      kind: 'form_post',
      redirectUri: target.redirectUri,
      fields: { code: 'c', state: 's t', iss: issuer },
    })
  })

  it('signs it where a JWT was asked for, errors too', async () => {
    const rig = await start()
    const { responseMode } = await accept(rig, { response_mode: 'jwt' })
    expect(responseMode).toBe('query.jwt')
    const reply = await buildAuthorizationResponse(
      rig.config,
      client,
      { ...target, responseMode },
      { error: 'access_denied' },
    )
    const url = new URL(reply.kind === 'redirect' ? reply.url : '')
    expect([...url.searchParams.keys()]).toEqual(['x', 'response'])
    expect(claimsOf(url.searchParams.get('response')!)).toMatchObject({
      error: 'access_denied',
      state: 's t',
      iss: issuer,
      aud: 'web',
    })
  })
})
