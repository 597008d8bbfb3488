import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { buildTokenExchangeRequest, judgeTokenExchangeResponse } from '../../src/protocol/token-exchange.ts'
import { caught } from '../support/caught.ts'

const urn = (kind: string) => `urn:ietf:params:oauth:token-type:${kind}`
const subject = { subjectToken: 'st', subjectTokenType: 'access_token' } as const

describe('a token exchange request', () => {
  it('has every parameter of RFC 8693 2.1', () => {
    const request = buildTokenExchangeRequest({
      ...subject,
      actorToken: 'at',
      actorTokenType: 'urn:example:token-type:badge',
      requestedTokenType: 'jwt',
      audience: ['a', 'b', 'a'],
      resource: ['https://api.example'],
      scope: 'read',
      authorizationDetails: [{ type: 'x' }],
    })
    expect(request).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'st',
      subject_token_type: urn('access_token'),
      actor_token: 'at',
      actor_token_type: 'urn:example:token-type:badge',
      requested_token_type: urn('jwt'),
      audience: ['a', 'b'],
      resource: ['https://api.example'],
      scope: 'read',
      authorization_details: [{ type: 'x' }],
    })
  })

  it.each([
    ['no subject token', { ...subject, subjectToken: '' }],
    ['a kind that is no URI', { ...subject, subjectTokenType: 'badge' as 'jwt' }],
    ['an actor token without its type', { ...subject, actorToken: 'x' }],
    ['an actor type without its token', { ...subject, actorTokenType: 'jwt' as const }],
    ['an empty audience', { ...subject, audience: '' }],
    ['a relative resource', { ...subject, resource: '/x' }],
    ['its own parameter again', { ...subject, extraParameters: { subject_token: 'x' } }],
  ])('is refused with %s', (_name, options) => {
    expect(() => buildTokenExchangeRequest(options)).toThrow(TypeError)
  })
})

describe('the answer to an exchange', () => {
  const expected = { issuer: 'https://op.example', grant: 'x', dpop: false, receivedAt: 1000 }
  const honest = { access_token: 'new', token_type: 'Bearer', issued_token_type: urn('access_token'), expires_in: 60 }

  it('gives a token to be used', () => {
    const { token, tokens, issuedTokenType } = judgeTokenExchangeResponse(honest, expected)
    expect(token).toBe('new')
    expect(issuedTokenType).toBe(urn('access_token'))
    expect(tokens).toMatchObject({ accessToken: 'new', tokenType: 'Bearer', expiresAt: 61_000 })
  })

  it.each(['N_A', 'n_a'])('gives a token that is none to be used as one, for %s, with DPoP too', (token_type) => {
    const answer = { ...honest, token_type, issued_token_type: urn('id_token'), access_token: 'a.b.c' }
    const { token, tokens } = judgeTokenExchangeResponse(answer, { ...expected, dpop: true })
    expect(token).toBe('a.b.c')
    expect(tokens).toBeUndefined()
  })

  it('may be any text where it is none to be shown to a resource, and else what a header field can carry', () => {
    const answer = { ...honest, issued_token_type: 'urn:example:ticket', access_token: 'ticket:<1>|{a b}' }
    expect(judgeTokenExchangeResponse({ ...answer, token_type: 'N_A' }, expected).token).toBe(answer.access_token)
    const { clause } = caught(ProtocolError, () => judgeTokenExchangeResponse(answer, expected))
    expect(clause).toBe('RFC 6750 2.1')
    const control = { ...answer, token_type: 'N_A', access_token: 'a\nb' }
    expect(() => judgeTokenExchangeResponse(control, expected)).toThrow(ProtocolError)
  })

  it('must say what was issued (RFC 8693 2.2.1)', () => {
    const { issued_token_type, ...answer } = honest
    expect(caught(ProtocolError, () => judgeTokenExchangeResponse(answer, expected))).toMatchObject({
      code: 'invalid_token_response',
      clause: 'RFC 8693 2.2.1',
    })
  })

  it('must be of the type that was asked for, unless another is let pass', () => {
    const wanted = { ...expected, requestedTokenType: urn('jwt') }
    expect(caught(ProtocolError, () => judgeTokenExchangeResponse(honest, wanted)).code).toBe('token_type_mismatch')
    expect(judgeTokenExchangeResponse(honest, { ...wanted, allowOtherTokenType: true }).token).toBe('new')
  })

  it.each([
    ['no object', null],
    ['no token', { ...honest, access_token: undefined }],
    ['an unknown token type', { ...honest, token_type: 'mac' }],
    ['an error', { error: 'invalid_target' }],
    ['an error beside N_A', { error: 'invalid_target', token_type: 'N_A' }],
  ])('is refused with %s', (_name, body) => {
    expect(caught(ProtocolError, () => judgeTokenExchangeResponse(body, expected)).code).toMatch(
      /^(invalid_token_response|token_type_mismatch)$/,
    )
  })

  it('is no Bearer token where a proof was sent', () => {
    expect(caught(ProtocolError, () => judgeTokenExchangeResponse(honest, { ...expected, dpop: true })).code).toBe(
      'token_type_mismatch',
    )
  })
})
