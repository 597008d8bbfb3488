import { describe, expect, it } from 'vitest'
import { buildRevocationRequest, judgeRevocationResponse, revocationOrder } from '../../src/protocol/revocation.ts'

describe('buildRevocationRequest', () => {
  it('sends the token, and its kind as a hint (RFC 7009 2.1)', () => {
    expect(buildRevocationRequest('t')).toEqual({ token: 't' })
    expect(buildRevocationRequest('t', 'refresh_token')).toEqual({ token: 't', token_type_hint: 'refresh_token' })
    expect(() => buildRevocationRequest('')).toThrow('"token"')
  })
})

describe('revocationOrder', () => {
  it('ends the refresh token first', () => {
    expect(revocationOrder({ accessToken: 'at', refreshToken: 'rt' })).toEqual([
      ['refresh_token', 'rt'],
      ['access_token', 'at'],
    ])
    expect(revocationOrder({ accessToken: 'at' })).toEqual([['access_token', 'at']])
  })
})

describe('judgeRevocationResponse', () => {
  it.each([
    ['revoked', 200, undefined],
    ['revoked', 204, undefined],
    ['revoked', 400, 'invalid_token'],
    ['unsupported', 400, 'unsupported_token_type'],
    ['failed', 400, 'invalid_request'],
    ['failed', 400, undefined],
    ['failed', 401, 'invalid_client'],
    ['failed', 401, 'invalid_token'],
    ['failed', 503, undefined],
    ['failed', 503, 'unsupported_token_type'],
  ] as const)('is %s for status %i and error %s (RFC 7009 2.2)', (outcome, status, error) => {
    expect(judgeRevocationResponse(status, error)).toBe(outcome)
  })
})
