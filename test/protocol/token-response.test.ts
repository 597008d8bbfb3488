import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { type JudgedTokens, judgeTokenResponse, type TokenExpectations } from '../../src/protocol/token-response.ts'
import { caught } from '../support/caught.ts'
import { fakeNow } from '../support/fake-runtime.ts'

const answer = { access_token: 'ACCESS-4711', token_type: 'Bearer', expires_in: 3600 }
const expectations: TokenExpectations = {
  issuer: 'https://as.example',
  grant: 'authorization_code',
  requestedScope: 'a b',
  dpop: false,
  receivedAt: fakeNow,
}

function judge(body: unknown, changes: Partial<TokenExpectations> = {}): JudgedTokens {
  return judgeTokenResponse(body, { ...expectations, ...changes })
}

function refusal(body: unknown, changes: Partial<TokenExpectations> = {}): ProtocolError {
  return caught(ProtocolError, () => judge(body, changes))
}

describe('judgeTokenResponse', () => {
  it("gives the token set in the library's own terms", () => {
    const details = [{ type: 'payment' }]
    expect(
      judge(
        {
          ...answer,
          refresh_token: 'rt',
          id_token: 'a.b.c',
          scope: 'a b',
          authorization_details: details,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          unknown_member: {},
        },
        { resource: ['https://api.example/'] },
      ),
    ).toEqual({
      tokens: {
        issuer: 'https://as.example',
        receivedAt: fakeNow,
        accessToken: 'ACCESS-4711',
        tokenType: 'Bearer',
        scope: 'a b',
        expiresAt: fakeNow + 3_600_000,
        refreshToken: 'rt',
        idToken: 'a.b.c',
        resource: ['https://api.example/'],
        authorizationDetails: details,
        issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      },
      notices: [],
    })
  })

  it('leaves out what the server left out', () => {
    const { tokens } = judge({ access_token: 'at', token_type: 'bearer' })
    expect(Object.keys(tokens).sort()).toEqual(['accessToken', 'issuer', 'receivedAt', 'scope', 'tokenType'])
  })

  it.each([
    ['null', null],
    ['text', 'access_token=a'],
    ['a list', [answer]],
    ['no access token', { token_type: 'Bearer' }],
    ['an empty access token', { ...answer, access_token: '' }],
    ['an access token that is no string', { ...answer, access_token: { value: 'a' } }],
    ['an access token with a line break', { ...answer, access_token: 'a\r\nX: y' }],
    ['an access token that no header can carry', { ...answer, access_token: 'a b' }],
    ['an access token beyond ASCII', { ...answer, access_token: 'é' }],
    ['no token type', { access_token: 'a' }],
    ['a token type that is no string', { ...answer, token_type: 1 }],
    ['a negative lifetime', { ...answer, expires_in: -1 }],
    ['a negative lifetime as a string', { ...answer, expires_in: '-1' }],
    ['a lifetime in words', { ...answer, expires_in: 'one hour' }],
    ['a lifetime in exponents', { ...answer, expires_in: '1e3' }],
    ['an empty lifetime', { ...answer, expires_in: '' }],
    ['a fraction of a second', { ...answer, expires_in: 1.5 }],
    ['an absurd lifetime', { ...answer, expires_in: 1e15 }],
    ['an absurd lifetime as a string', { ...answer, expires_in: '999999999999' }],
    ['a lifetime of null', { ...answer, expires_in: null }],
    ['a scope that is no string', { ...answer, scope: ['a', 'b'] }],
    ['a scope with a quote', { ...answer, scope: 'a "b"' }],
    ['an empty refresh token', { ...answer, refresh_token: '' }],
    ['a refresh token that is no string', { ...answer, refresh_token: null }],
    ['a refresh token with a line break', { ...answer, refresh_token: 'a\nb' }],
    ['an id_token that is no string', { ...answer, id_token: {} }],
    ['an empty id_token', { ...answer, id_token: '' }],
    ['authorization details that are no list', { ...answer, authorization_details: { type: 't' } }],
    ['authorization details without type', { ...answer, authorization_details: [{}] }],
    ['an issued token type that is no string', { ...answer, issued_token_type: 1 }],
    ['an error', { error: 'invalid_grant', error_description: 'x' }],
    ['an error beside a token', { ...answer, error: 'invalid_grant' }],
    ['an error that is no string', { ...answer, error: null }],
  ])('refuses %s', (_, body) => {
    const error = refusal(body)
    expect(error.code).toBe('invalid_token_response')
    expect(error.clause).toMatch(/^(RFC \d+|OpenID Connect Core) /)
    expect(error.expected).toBeDefined()
    expect(error.actual).toBeDefined()
  })

  it('names the error of a 200 that is one, without control characters', () => {
    expect(refusal({ error: 'bad_verification_code\u001b[2J' }).message).toContain('"bad_verification_code [2J"')
  })

  it('takes expires_in as a numeric string, and reports it', () => {
    const { tokens, notices } = judge({ ...answer, expires_in: '3600' })
    expect(tokens.expiresAt).toBe(fakeNow + 3_600_000)
    expect(notices).toMatchObject([{ code: 'expires_in_string' }])
  })

  it('takes a lifetime of zero, and an unknown one', () => {
    expect(judge({ ...answer, expires_in: 0 }).tokens.expiresAt).toBe(fakeNow)
    expect(judge({ access_token: 'a', token_type: 'bearer' }).tokens).not.toHaveProperty('expiresAt')
  })

  describe('token_type', () => {
    it('is compared without regard to case (RFC 6749 5.1)', () => {
      expect(judge({ ...answer, token_type: 'bEARER' }).tokens.tokenType).toBe('Bearer')
      expect(judge({ ...answer, token_type: 'dpop' }, { dpop: true }).tokens.tokenType).toBe('DPoP')
    })

    it('may not be Bearer where a DPoP proof was sent (RFC 9449 5), unless that is allowed', () => {
      expect(refusal(answer, { dpop: true })).toMatchObject({
        code: 'token_type_mismatch',
        clause: 'RFC 9449 5',
        expected: 'DPoP',
        actual: 'Bearer',
      })
      const { tokens, notices } = judge(answer, { dpop: true, allowBearerDowngrade: true })
      expect(tokens.tokenType).toBe('Bearer')
      expect(notices).toMatchObject([{ code: 'bearer_downgrade' }])
    })

    it('may not be DPoP where no proof was sent, nor anything unknown (RFC 6749 7.1)', () => {
      for (const type of ['DPoP', 'mac', 'N_A', 'Bearer ', 'PoP']) {
        expect(refusal({ ...answer, token_type: type }).code, type).toBe('token_type_mismatch')
        if (type === 'DPoP') continue
        const allowed = { dpop: true, allowBearerDowngrade: true }
        expect(refusal({ ...answer, token_type: type }, allowed).code, type).toBe('token_type_mismatch')
      }
    })
  })

  describe('scope', () => {
    it('is as requested where it is absent (RFC 6749 5.1)', () => {
      expect(judge(answer)).toMatchObject({ tokens: { scope: 'a b' }, notices: [] })
    })

    it('is stored as granted, and every change is reported', () => {
      expect(judge({ ...answer, scope: 'b a' }).notices).toEqual([])
      expect(judge({ ...answer, scope: 'a' })).toMatchObject({
        tokens: { scope: 'a' },
        notices: [{ code: 'scope_narrowed', expected: 'a b', actual: 'a', clause: 'RFC 6749 5.1' }],
      })
      expect(judge({ ...answer, scope: 'a b admin' })).toMatchObject({
        tokens: { scope: 'a b admin' },
        notices: [{ code: 'scope_widened' }],
      })
      const { notices } = judge({ ...answer, scope: 'a admin' })
      expect(notices.map(({ code }) => code)).toEqual(['scope_widened', 'scope_narrowed'])
    })

    it('is whatever the server chose where none was requested', () => {
      expect(judge({ ...answer, scope: 'x' }, { requestedScope: '' })).toMatchObject({
        tokens: { scope: 'x' },
        notices: [],
      })
    })

    it('may be empty: nothing was granted', () => {
      const { tokens, notices } = judge({ ...answer, scope: '' })
      expect(tokens.scope).toBe('')
      expect(notices).toMatchObject([{ code: 'scope_narrowed' }])
    })
  })

  describe('id_token', () => {
    it('must come for a code that was asked for with openid (OpenID Connect Core 3.1.3.3)', () => {
      const requestedScope = 'openid profile'
      expect(refusal(answer, { requestedScope }).clause).toBe('OpenID Connect Core 3.1.3.3')
      expect(refusal({ ...answer, scope: 'profile' }, { requestedScope }).message).toContain('id_token')
      expect(judge({ ...answer, id_token: 'a.b.c' }, { requestedScope }).tokens.idToken).toBe('a.b.c')
    })

    it('may be absent at a refresh (OpenID Connect Core 12.2)', () => {
      const changes = { requestedScope: 'openid', grant: 'refresh_token' }
      expect(judge(answer, changes).tokens).not.toHaveProperty('idToken')
    })
  })

  it('drops id_token and refresh token of client_credentials, and reports them (RFC 6749 4.4.3)', () => {
    const body = { ...answer, refresh_token: 'rt', id_token: 'a.b.c' }
    const { tokens, notices } = judge(body, { grant: 'client_credentials' })
    expect(tokens).not.toHaveProperty('refreshToken')
    expect(tokens).not.toHaveProperty('idToken')
    expect(notices.map(({ code }) => code).sort()).toEqual(['unexpected_id_token', 'unexpected_refresh_token'])
    expect(inspect(notices)).not.toMatch(/'rt'|a\.b\.c/)
  })

  it('throws nothing untyped and shows no token, whatever JSON comes', () => {
    const member = fc.constantFrom(
      ...['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope', 'id_token', 'error', '__proto__'],
    )
    const body = fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.constantFrom('Bearer', 'a b', 3600)))
    fc.assert(
      fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
        try {
          judge(value)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
    const secret = 'SECRET-TOKEN'
    const bodies = [
      { ...answer, access_token: `${secret}\n` },
      { ...answer, refresh_token: `${secret}\n` },
      { ...answer, id_token: `${secret}\n` },
      { ...answer, access_token: secret, error: 'x' },
      { ...answer, access_token: secret, token_type: 'mac' },
      { ...answer, access_token: [secret] },
    ]
    for (const wrong of bodies) expect(inspect(refusal(wrong), { depth: 9 })).not.toContain(secret)
  })
})
