import { describe, expect, it } from 'vitest'
import {
  findResponseJwt,
  parseAuthorizationResponse,
  responseOfClaims,
} from '../../src/protocol/authorization-response.ts'
import {
  parseAuthorizationResponseJwt,
  verifyAuthorizationResponseJwt,
} from '../../src/protocol/authorization-response-jwt.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { aJws, aKeyPair, clientId, issuer, issuerKeys, now } from '../support/id-token.ts'

const secret = 'a client secret of more than thirty-two bytes, as every one should be'
const honest = { iss: issuer, aud: clientId, exp: now + 60, state: 's', code: 'c' }

const aResponse = (claims: object = {}, header: object = {}) =>
  aJws({ alg: 'ES256', kid: 'P-256', ...header }, { ...honest, ...claims }, aKeyPair('P-256').privateKey, 'ES256')

const verify = (token: string, rules: object = {}) =>
  verifyAuthorizationResponseJwt(
    token,
    { issuer, clientId, now, serverAlgorithms: ['ES256'], ...rules },
    { selectKeys: createKeyring(issuerKeys()).select },
  )

describe('an authorization response in a JWT', () => {
  it('is taken where issuer, client, time and signature are right (JARM 2.4)', async () => {
    await verify(aResponse())
    await verify(aResponse({ aud: [clientId] }))
    await verify(aResponse({ exp: now - 29 }))
  })

  it('is verified with the client secret where that was registered, and not otherwise', async () => {
    const token = aJws({ alg: 'HS256' }, honest, secret, 'HS256')
    await verify(token, { algorithm: 'HS256', clientSecret: secret })
    await expect(verify(token, { clientSecret: secret })).rejects.toMatchObject({
      code: 'invalid_authorization_response',
    })
    await expect(verify(token, { algorithm: 'HS256' })).rejects.toThrow(TypeError)
  })

  it('is RS256 where nothing says otherwise (JARM 3)', async () => {
    await expect(verify(aResponse(), { serverAlgorithms: undefined })).rejects.toMatchObject({ expected: 'RS256' })
  })

  it.each([
    ['another issuer', aResponse({ iss: 'https://evil.example' }), 'issuer_mismatch'],
    ['no issuer', aResponse({ iss: undefined }), 'issuer_mismatch'],
    ['another client', aResponse({ aud: 'other' }), 'invalid_authorization_response'],
    ['another client beside', aResponse({ aud: [clientId, 'other'] }), 'invalid_authorization_response'],
    ['no expiry', aResponse({ exp: undefined }), 'invalid_authorization_response'],
    ['an expiry that has passed', aResponse({ exp: now - 30 }), 'invalid_authorization_response'],
    ['a subject, as an id_token has', aResponse({ sub: 'alice' }), 'invalid_authorization_response'],
    ['another type', aResponse({}, { typ: 'at+jwt' }), 'invalid_authorization_response'],
    ['a key that nobody knows', aResponse({}, { kid: 'unknown' }), 'invalid_authorization_response'],
    ['two parts', 'e30.e30', 'invalid_authorization_response'],
  ])('is refused with %s', async (_name, token, code) => {
    await expect(verify(token)).rejects.toMatchObject({ code })
  })

  it('gives its claims as parameters, if they are strings', () => {
    const outer = parseAuthorizationResponse(new URL('https://app.example/callback?response=jwt'))
    const { claims } = parseAuthorizationResponseJwt(aResponse())
    const response = responseOfClaims(claims, outer)
    expect(Object.fromEntries(response.parameters)).toEqual({ iss: issuer, state: 's', code: 'c' })
    expect(response.carrier).toBe('query')
    expect(() => responseOfClaims({ code: ['c'] }, outer)).toThrow(/"code"/)
    const mixed = parseAuthorizationResponse(new URLSearchParams({ response: 'jwt', iss: 'https://evil.example' }))
    expect(() => responseOfClaims(claims, mixed)).toThrow(/comes from/)
  })

  it('stands alone, and once', () => {
    const find = (query: string) => findResponseJwt(parseAuthorizationResponse(new URLSearchParams(query)))
    expect(find('response=jwt&utm=1')).toBe('jwt')
    expect(find('response=jwt&iss=x')).toBe('jwt')
    expect(find('code=c&state=s')).toBeUndefined()
    for (const query of [
      'response=a&response=b',
      'response=a&code=c',
      'response=a&state=s',
      'response=a&iss=x&iss=y',
    ]) {
      expect(() => find(query)).toThrow(/authorization response has/)
    }
  })
})
