import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import {
  type AuthorizationRequest,
  buildAuthorizationParameters,
  buildAuthorizationUrl,
  buildPushedUrl,
} from '../../src/protocol/authorization-request.ts'
import { caught } from '../support/caught.ts'

function aRequest(changes: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  return {
    clientId: 'my-app',
    redirectUri: 'https://app.example/callback',
    state: 'the-state',
    nonce: 'the-nonce',
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    scope: 'openid profile',
    ...changes,
  }
}

describe('buildAuthorizationParameters', () => {
  it('asks for a code, with PKCE by S256, state and nonce', () => {
    expect(buildAuthorizationParameters(aRequest())).toEqual({
      client_id: 'my-app',
      response_type: 'code',
      redirect_uri: 'https://app.example/callback',
      scope: 'openid profile',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
  })

  it('carries every option under its wire name', () => {
    const details = [{ type: 'payment', amount: 1 }]
    const parameters = buildAuthorizationParameters(
      aRequest({
        responseMode: 'form_post',
        resource: ['https://api.example/', 'urn:x:y'],
        authorizationDetails: details,
        dpopJkt: 'a'.repeat(43),
        acrValues: ['gold', 'silver'],
        claims: { userinfo: { email: null } },
        maxAge: 0,
        prompt: ['login', 'consent'],
        display: 'touch',
        loginHint: 'me@example.com',
        idTokenHint: 'a.b.c',
        uiLocales: ['de', 'en'],
        extraParameters: { audience: 'x' },
      }),
    )
    expect(parameters).toMatchObject({
      response_mode: 'form_post',
      resource: ['https://api.example/', 'urn:x:y'],
      authorization_details: details,
      dpop_jkt: 'a'.repeat(43),
      acr_values: 'gold silver',
      claims: { userinfo: { email: null } },
      max_age: 0,
      prompt: 'login consent',
      display: 'touch',
      login_hint: 'me@example.com',
      id_token_hint: 'a.b.c',
      ui_locales: 'de en',
      audience: 'x',
    })
  })

  it('leaves out what is not set, and the response mode that is the default', () => {
    const parameters = buildAuthorizationParameters(aRequest({ responseMode: 'query', scope: '', prompt: [] }))
    for (const name of ['response_mode', 'scope', 'prompt', 'resource']) expect(parameters).not.toHaveProperty(name)
  })

  it('lets extra parameters override nothing, whether set in this request or not', () => {
    const names = ['state', 'nonce', 'code_challenge_method', 'redirect_uri', 'response_type', 'client_id', 'scope']
    for (const name of [...names, 'request', 'request_uri', 'client_secret', 'client_assertion', 'response_mode']) {
      const call = () => buildAuthorizationParameters(aRequest({ extraParameters: { [name]: 'x' } }))
      expect(call, name).toThrow(TypeError)
      expect(call).toThrow(`"${name}"`)
    }
    expect(() => buildAuthorizationParameters(aRequest({ extraParameters: { a: 1 as never } }))).toThrow('"a"')
  })

  it.each<[string, Partial<AuthorizationRequest>]>([
    ['an empty client id', { clientId: '' }],
    ['a redirect URI with a fragment', { redirectUri: 'https://app.example/#/callback' }],
    ['a redirect URI over plain http', { redirectUri: 'http://app.example/callback' }],
    ['a scope with a quote', { scope: 'open"id' }],
    ['openid without a nonce', { nonce: undefined as never }],
    ['a plain code challenge', { codeChallenge: 'plain' }],
    ['a relative resource', { resource: '/api' }],
    ['a resource with a fragment', { resource: 'https://api.example/#x' }],
    ['authorization details without type', { authorizationDetails: [{} as never] }],
    ['no authorization details', { authorizationDetails: [] }],
    ['a negative max_age', { maxAge: -1 }],
    ['a max_age that is no whole number', { maxAge: 1.5 }],
    ['prompt none with another', { prompt: 'none login' }],
    ['claims as text', { claims: '{"id_token":{}}' as never }],
    ['claims as a list', { claims: ['email'] as never }],
    ['a thumbprint that is none', { dpopJkt: 'short' }],
  ])('refuses %s', (_, changes) => {
    expect(() => buildAuthorizationParameters(aRequest(changes))).toThrow(TypeError)
  })

  it('needs no nonce without openid', () => {
    const { nonce: _, ...request } = aRequest({ scope: 'atproto' })
    expect(buildAuthorizationParameters(request)).not.toHaveProperty('nonce')
  })

  it('does not change what it is given', () => {
    const extraParameters = Object.freeze({ audience: 'x' })
    const claims = Object.freeze({ id_token: {} })
    const authorizationDetails = Object.freeze([Object.freeze({ type: 't' })])
    const parameters = buildAuthorizationParameters(
      Object.freeze(aRequest({ extraParameters, claims, authorizationDetails })),
    )
    expect(parameters.claims).not.toBe(claims)
    expect(parameters.authorization_details?.[0]).not.toBe(authorizationDetails[0])
  })
})

describe('buildAuthorizationUrl', () => {
  it("keeps the endpoint's own query as it is (RFC 6749 3.1)", () => {
    const url = buildAuthorizationUrl('https://as.example/authorize?p=B2C%5f1+x&empty=', { client_id: 'a b' })
    expect(url.href).toBe('https://as.example/authorize?p=B2C%5f1+x&empty=&client_id=a+b')
  })

  it('writes resources one by one and structures as JSON', () => {
    const url = buildAuthorizationUrl('https://as.example/authorize', {
      resource: ['https://a.example', 'https://b.example'],
      claims: { id_token: { acr: { values: ['a'] } } },
      authorization_details: [{ type: 't' }],
      max_age: 0,
      nothing: undefined,
    })
    expect(url.searchParams.getAll('resource')).toEqual(['https://a.example', 'https://b.example'])
    expect(url.searchParams.get('claims')).toBe('{"id_token":{"acr":{"values":["a"]}}}')
    expect(url.searchParams.get('authorization_details')).toBe('[{"type":"t"}]')
    expect(url.searchParams.get('max_age')).toBe('0')
    expect(url.searchParams.has('nothing')).toBe(false)
  })

  it('refuses an endpoint whose query would repeat a parameter (RFC 6749 3.1)', () => {
    const call = () => buildAuthorizationUrl('https://as.example/authorize?client_id=evil', { client_id: 'my-app' })
    expect(caught(ProtocolError, call)).toMatchObject({ code: 'invalid_metadata', clause: 'RFC 6749 3.1' })
  })

  it('does not change the URL that it is given', () => {
    const endpoint = new URL('https://as.example/authorize')
    buildAuthorizationUrl(endpoint, { a: '1' })
    expect(endpoint.href).toBe('https://as.example/authorize')
  })

  it('round trips any text', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.string({ unit: 'grapheme' })), (parameters) => {
        const url = new URL(
          buildAuthorizationUrl('https://as.example/authorize?own=1%202', { ...parameters, own: undefined }),
        )
        for (const [name, value] of Object.entries(parameters)) {
          if (name !== 'own') expect(url.searchParams.getAll(name)).toEqual([value])
        }
        expect(url.searchParams.getAll('own')).toEqual(['1 2'])
      }),
    )
  })
})

describe('buildPushedUrl', () => {
  it('carries the client and the reference, and nothing else (RFC 9126 4)', () => {
    const url = buildPushedUrl('https://as.example/authorize?t=1', 'my-app', 'urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2')
    expect([...url.searchParams]).toEqual([
      ['t', '1'],
      ['client_id', 'my-app'],
      ['request_uri', 'urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2'],
    ])
  })
})
