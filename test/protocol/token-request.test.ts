import { describe, expect, it } from 'vitest'
import {
  buildAuthorizationCodeRequest,
  buildClientCredentialsRequest,
  buildRefreshRequest,
} from '../../src/protocol/token-request.ts'

const transaction = {
  redirectUri: 'https://app.example/callback',
  codeVerifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  resource: ['https://api.example/'],
}

describe('buildAuthorizationCodeRequest', () => {
  it('takes all but the code from the transaction (RFC 6749 4.1.3, RFC 7636 4.5)', () => {
    expect(buildAuthorizationCodeRequest('the-code', transaction)).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: transaction.redirectUri,
      code_verifier: transaction.codeVerifier,
      resource: ['https://api.example/'],
    })
  })

  it('may ask for a part of the resources (RFC 8707 2.2)', () => {
    const { resource: _, ...without } = transaction
    expect(buildAuthorizationCodeRequest('c', without)).not.toHaveProperty('resource')
    expect(buildAuthorizationCodeRequest('c', without, { resource: 'https://b.example' }).resource).toEqual([
      'https://b.example',
    ])
  })
})

describe('buildRefreshRequest', () => {
  it('sends the refresh token, and a scope only when one is given (RFC 6749 6)', () => {
    expect(buildRefreshRequest('rt')).toEqual({ grant_type: 'refresh_token', refresh_token: 'rt' })
    expect(buildRefreshRequest('rt', { scope: 'a b', resource: ['https://api.example'] })).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'rt',
      scope: 'a b',
      resource: ['https://api.example'],
    })
  })

  it('refuses an empty refresh token', () => {
    expect(() => buildRefreshRequest('')).toThrow('"refreshToken"')
  })
})

describe('buildClientCredentialsRequest', () => {
  it('asks for the client itself (RFC 6749 4.4.2)', () => {
    expect(buildClientCredentialsRequest()).toEqual({ grant_type: 'client_credentials' })
    expect(
      buildClientCredentialsRequest({ scope: 'a', authorizationDetails: [{ type: 't' }], extraParameters: { x: '1' } }),
    ).toEqual({ grant_type: 'client_credentials', scope: 'a', authorization_details: [{ type: 't' }], x: '1' })
  })

  it('refuses what no server could honour', () => {
    expect(() => buildClientCredentialsRequest({ scope: 'a"b' })).toThrow(TypeError)
    expect(() => buildClientCredentialsRequest({ resource: 'api' })).toThrow(TypeError)
    expect(() => buildClientCredentialsRequest({ authorizationDetails: [{} as never] })).toThrow(TypeError)
  })
})

describe('every grant', () => {
  it('lets extra parameters override nothing', () => {
    for (const name of ['grant_type', 'code_verifier', 'client_secret', 'refresh_token', 'scope', 'client_assertion']) {
      const extraParameters = { [name]: 'x' }
      expect(() => buildAuthorizationCodeRequest('c', transaction, { extraParameters })).toThrow(`"${name}"`)
      expect(() => buildRefreshRequest('rt', { extraParameters })).toThrow(TypeError)
      expect(() => buildClientCredentialsRequest({ extraParameters })).toThrow(TypeError)
    }
    expect(() => buildClientCredentialsRequest({ extraParameters: { x: 1 as never } })).toThrow('"x"')
  })
})
