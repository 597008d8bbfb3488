import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/protocol.ts'
import { judgeLocalMetadata, judgeMetadata, metadataUrls } from '../../src/protocol/metadata.ts'
import { caught } from '../support/caught.ts'
import { issuer } from '../support/id-token.ts'

const judge = (document: unknown, rules: Partial<Parameters<typeof judgeMetadata>[1]> = {}) =>
  judgeMetadata(document, { issuer, ...rules })
const code = (document: unknown, rules = {}) => caught(ProtocolError, () => judge(document, rules)).code

describe('metadataUrls', () => {
  it.each([
    ['https://op.example', '', ''],
    ['https://op.example/', '', ''],
    ['https://op.example/tenant', '/tenant', '/tenant'],
    ['https://op.example/tenant/a/', '/tenant/a', '/tenant/a'],
  ])('appends and inserts for %s', (of, before, after) => {
    const appended = `https://op.example${before}/.well-known/openid-configuration`
    const inserted = `https://op.example/.well-known/oauth-authorization-server${after}`
    expect(metadataUrls(of)).toEqual([appended, inserted])
    expect(metadataUrls(of, 'oauth')).toEqual([inserted, appended])
  })

  it.each([
    'http://op.example',
    'op.example',
    'https://op.example?x=1',
    'https://op.example#x',
    'https://a:b@op.example',
    '',
  ])('refuses the issuer %j', (of) => {
    expect(() => metadataUrls(of)).toThrow(ProtocolError)
  })

  it('takes http to loopback addresses on request only', () => {
    expect(() => metadataUrls('http://localhost:3000')).toThrow(ProtocolError)
    expect(metadataUrls('http://localhost:3000', 'openid', true)[0]).toBe(
      'http://localhost:3000/.well-known/openid-configuration',
    )
  })
})

describe('judgeMetadata', () => {
  it.each([null, [], 'text', 5])('refuses %j, no object', (document) => {
    expect(code(document)).toBe('invalid_metadata')
  })

  it.each([undefined, null, 5, `${issuer}/`, 'https://OP.example', 'https://evil.example'])(
    'refuses the issuer %j (RFC 8414 3.3)',
    (of) => {
      expect(code({ issuer: of })).toBe('issuer_mismatch')
    },
  )

  it.each([
    ['token_endpoint', 'http://op.example/token', 'insecure_endpoint'],
    ['authorization_endpoint', 'javascript:alert(1)', 'insecure_endpoint'],
    ['authorization_endpoint', 'data:text/html,x', 'insecure_endpoint'],
    ['jwks_uri', 'https://op.example/jwks#x', 'invalid_metadata'],
    ['jwks_uri', null, 'invalid_metadata'],
    ['userinfo_endpoint', '/userinfo', 'invalid_metadata'],
    ['some_future_endpoint', 'file:///etc/passwd', 'insecure_endpoint'],
    ['mtls_endpoint_aliases', { token_endpoint: 'http://mtls.op.example' }, 'insecure_endpoint'],
    ['mtls_endpoint_aliases', [], 'invalid_metadata'],
    ['code_challenge_methods_supported', ['plain'], 'invalid_metadata'],
    ['code_challenge_methods_supported', [], 'invalid_metadata'],
    ['code_challenge_methods_supported', 'S256', 'invalid_metadata'],
    ['id_token_signing_alg_values_supported', 'RS256', 'invalid_metadata'],
    ['id_token_signing_alg_values_supported', [5], 'invalid_metadata'],
    ['scopes_supported', {}, 'invalid_metadata'],
    ['authorization_response_iss_parameter_supported', 'true', 'invalid_metadata'],
    ['require_pushed_authorization_requests', 1, 'invalid_metadata'],
  ])('refuses %s of %j', (field, value, expected) => {
    const error = caught(ProtocolError, () => judge({ issuer, [field]: value }))
    expect(error.code).toBe(expected)
    expect(error.message).toContain(field)
  })

  it('keeps a query in an endpoint, and whatever it does not know', () => {
    const document = { issuer, token_endpoint: 'https://op.example/token?tenant=1', vendor_extension: { a: 1 } }
    expect(judge(document)).toEqual(document)
  })

  it('lets local fields win one by one, and judges them as well', () => {
    const document = { issuer, token_endpoint: 'http://wrong.example', jwks_uri: 'https://op.example/jwks' }
    const local = { token_endpoint: 'https://op.example/token', jwks_uri: undefined } as object
    expect(judge(document, { local })).toEqual({ issuer, ...local, jwks_uri: document.jwks_uri })
    expect(code({ issuer }, { local: { token_endpoint: 'http://op.example' } })).toBe('insecure_endpoint')
    expect(document.token_endpoint).toBe('http://wrong.example')
  })

  it('does not let local metadata rename the issuer', () => {
    expect(judge({ issuer }, { local: { issuer: 'https://other.example' } }).issuer).toBe(issuer)
  })

  it('judges local metadata that stands for itself', () => {
    expect(judgeLocalMetadata({ issuer, local: { jwks_uri: 'https://op.example/jwks' } })).toEqual({
      issuer,
      jwks_uri: 'https://op.example/jwks',
    })
    expect(() => judgeLocalMetadata({ issuer, local: { jwks_uri: 'http://op.example/jwks' } })).toThrow(ProtocolError)
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(judge({ issuer }))).toBe(true)
  })
})
