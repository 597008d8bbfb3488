import { describe, expect, it } from 'vitest'
import { validateAuthorizationRequest } from '../../src/server/index.ts'
import { accept, challenge, goodRequest, judge, startAuthorization } from './authorization-rig.ts'
import { codeParams, redirectUri, tokensOf } from './rig.ts'

describe('validateAuthorizationRequest', () => {
  it('gives plain data that can wait in a record', async () => {
    const rig = await startAuthorization()
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
    const { config } = await startAuthorization()
    const events = async (params: object) => {
      const outcome = await validateAuthorizationRequest(config, { params: { ...goodRequest, ...params } })
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
    const rig = await startAuthorization()
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
    expect((await accept(await startAuthorization(), { claims })).claims).toBeUndefined()
    const on = await startAuthorization({}, { claimsParameter: true })
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
    const rig = await startAuthorization()
    const { id_token: hint } = tokensOf(await rig.token(codeParams(await rig.code())))
    rig.clock.advance(10_000)
    expect((await accept(rig, { id_token_hint: hint })).expectedSub).toBe('alice')
    const outcome = await validateAuthorizationRequest(rig.config, {
      params: { ...goodRequest, client_id: 'other', id_token_hint: hint! },
    })
    expect(outcome.ok).toBe(false)
  })
})
