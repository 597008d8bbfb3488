import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { assertOwnMetadata, buildClientUpdate, judgeRegistration } from '../../src/protocol/client-registration.ts'
import { caught } from '../support/caught.ts'

const issuer = 'https://op.example'
const honest = {
  client_id: 'c-1',
  client_secret: 's-1',
  client_secret_expires_at: 0,
  client_id_issued_at: 1000,
  registration_access_token: 'rat-1',
  registration_client_uri: 'https://op.example/register/c-1',
  redirect_uris: ['https://app.example/cb'],
}
const { registration: previous } = judgeRegistration(honest, { issuer })

describe('a registration response', () => {
  it('is read in the terms of the library', () => {
    expect(previous).toEqual({
      issuer,
      clientId: 'c-1',
      clientSecret: 's-1',
      clientIdIssuedAt: 1_000_000,
      registrationAccessToken: 'rat-1',
      registrationClientUri: 'https://op.example/register/c-1',
      metadata: { redirect_uris: ['https://app.example/cb'] },
    })
    const { registration } = judgeRegistration({ ...honest, client_secret_expires_at: 2000 }, { issuer })
    expect(registration.clientSecretExpiresAt).toBe(2_000_000)
  })

  it('replaces secret and token by those that it brings, and keeps the others (RFC 7592 2.1)', () => {
    const rotated = { client_id: 'c-1', registration_access_token: 'rat-2' }
    expect(judgeRegistration(rotated, { issuer, previous }).registration).toMatchObject({
      clientSecret: 's-1',
      registrationAccessToken: 'rat-2',
      registrationClientUri: previous.registrationClientUri,
      clientIdIssuedAt: 1_000_000,
    })
    const secret = { client_id: 'c-1', client_secret: 's-2', client_secret_expires_at: 5 }
    expect(judgeRegistration(secret, { issuer, previous }).registration).toMatchObject({
      clientSecret: 's-2',
      clientSecretExpiresAt: 5000,
      registrationAccessToken: 'rat-1',
    })
  })

  it('is reported where it is other than asked for, order aside (RFC 7591 3.2.1)', () => {
    const requested = { redirect_uris: ['b:/', 'a:/'], client_name: 'Mine', jwks: { keys: [] }, scope: 'a' }
    const answer = { ...honest, redirect_uris: ['a:/', 'b:/'], client_name: 'Yours', jwks: { keys: [] } }
    const { notices } = judgeRegistration(answer, { issuer, requested })
    expect(notices.map(({ code, expected, actual }) => [code, expected, actual])).toEqual([
      ['registration_changed', 'Mine', 'Yours'],
      ['registration_changed', 'a', undefined],
    ])
  })

  it.each([
    ['no object', [], 'invalid_registration_response'],
    ['no client_id', { ...honest, client_id: undefined }, 'invalid_registration_response'],
    ['an empty client_id', { ...honest, client_id: '' }, 'invalid_registration_response'],
    [
      'a secret without its expiry',
      { ...honest, client_secret_expires_at: undefined },
      'invalid_registration_response',
    ],
    ['an expiry that is no time', { ...honest, client_secret_expires_at: -1 }, 'invalid_registration_response'],
    ['a token that is no text', { ...honest, registration_access_token: 7 }, 'invalid_registration_response'],
    ['a token with a line break', { ...honest, registration_access_token: 'a\nb' }, 'invalid_registration_response'],
    ['an http management URL', { ...honest, registration_client_uri: 'http://op.example/x' }, 'insecure_endpoint'],
    ['a relative management URL', { ...honest, registration_client_uri: '/x' }, 'invalid_metadata'],
  ])('is refused with %s', (_name, body, code) => {
    const error = caught(ProtocolError, () => judgeRegistration(body, { issuer }))
    expect(error.code).toBe(code)
    expect(error.message).not.toContain('s-1')
  })

  it('is of the client that was asked about (RFC 7592 3)', () => {
    const error = caught(ProtocolError, () => judgeRegistration({ ...honest, client_id: 'c-2' }, { issuer, previous }))
    expect(error.code).toBe('invalid_registration_response')
  })
})

describe('what a client may say of itself', () => {
  it('is sent whole, with identifier and secret (RFC 7592 2.2)', () => {
    expect(buildClientUpdate(previous, { client_name: 'New' })).toEqual({
      client_name: 'New',
      client_id: 'c-1',
      client_secret: 's-1',
    })
  })

  it.each([
    ['client_secret', 'mine'],
    ['client_id', 'mine'],
    ['registration_access_token', 'x'],
    ['registration_client_uri', 'https://x.example'],
    ['client_secret_expires_at', 0],
    ['client_id_issued_at', 0],
  ])('has no "%s"', (name, value) => {
    expect(() => assertOwnMetadata({ [name]: value })).toThrow(TypeError)
  })

  it('has one place for keys, and public ones only', () => {
    const jwks = { keys: [{ kty: 'EC', x: 'x' }] }
    expect(() => assertOwnMetadata({ jwks })).not.toThrow()
    expect(() => assertOwnMetadata({ jwks, jwks_uri: 'https://app.example/jwks' })).toThrow(TypeError)
    expect(() => assertOwnMetadata({ jwks: { keys: [{ kty: 'EC', x: 'x', d: 'secret' }] } })).toThrow(/public/)
    expect(() => assertOwnMetadata({ jwks: { keys: [{ kty: 'oct', k: 'secret' }] } })).toThrow(/public/)
  })
})
