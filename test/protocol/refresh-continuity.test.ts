import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { continueTokenSet } from '../../src/protocol/refresh-continuity.ts'
import { judgeTokenResponse } from '../../src/protocol/token-response.ts'
import type { TokenSet } from '../../src/protocol/token-set.ts'
import { caught } from '../support/caught.ts'
import { fakeNow } from '../support/fake-runtime.ts'

const previous: TokenSet = {
  issuer: 'https://as.example',
  accessToken: 'at-1',
  tokenType: 'Bearer',
  scope: 'openid a b',
  expiresAt: fakeNow,
  receivedAt: fakeNow - 3_600_000,
  refreshToken: 'rt-1',
  idToken: 'id-1',
  resource: ['https://api.example/'],
  authorizationDetails: [{ type: 't' }],
}

function answered(body: object, issuer = previous.issuer) {
  return judgeTokenResponse(
    { access_token: 'at-2', token_type: 'Bearer', ...body },
    { issuer, grant: 'refresh_token', requestedScope: previous.scope, dpop: false, receivedAt: fakeNow },
  )
}

describe('continueTokenSet', () => {
  it('keeps what the answer leaves out, the refresh token before all (RFC 6749 6)', () => {
    expect(continueTokenSet(previous, answered({})).tokens).toEqual({
      issuer: previous.issuer,
      accessToken: 'at-2',
      tokenType: 'Bearer',
      scope: 'openid a b',
      receivedAt: fakeNow,
      refreshToken: 'rt-1',
      idToken: 'id-1',
      resource: ['https://api.example/'],
      authorizationDetails: [{ type: 't' }],
    })
  })

  it('does not keep the old lifetime where the new one is unknown', () => {
    expect(continueTokenSet(previous, answered({})).tokens).not.toHaveProperty('expiresAt')
  })

  it('takes what is new', () => {
    const { tokens } = continueTokenSet(previous, answered({ refresh_token: 'rt-2', id_token: 'id-2', expires_in: 60 }))
    expect(tokens).toMatchObject({ refreshToken: 'rt-2', idToken: 'id-2', expiresAt: fakeNow + 60_000 })
  })

  it('keeps a wider scope as granted, and reports it once (RFC 6749 6)', () => {
    const { tokens, notices } = continueTokenSet(previous, answered({ scope: 'openid a b admin' }))
    expect(tokens.scope).toBe('openid a b admin')
    expect(notices).toMatchObject([{ code: 'scope_widened', clause: 'RFC 6749 6', expected: 'openid a b' }])
  })

  it('stores a narrower scope as granted, and passes the report on', () => {
    const { tokens, notices } = continueTokenSet(previous, answered({ scope: 'openid' }))
    expect(tokens.scope).toBe('openid')
    expect(notices).toMatchObject([{ code: 'scope_narrowed' }])
  })

  it('compares nothing where the server never told the scope', () => {
    expect(continueTokenSet({ ...previous, scope: '' }, answered({ scope: 'openid a b' })).notices).toEqual([])
  })

  it('refuses tokens of another issuer', () => {
    const call = () => continueTokenSet(previous, answered({}, 'https://evil.example'))
    expect(caught(ProtocolError, call)).toMatchObject({
      code: 'refresh_mismatch',
      expected: 'https://as.example',
      actual: 'https://evil.example',
    })
  })

  it('changes neither of the two', () => {
    const judged = answered({})
    continueTokenSet(Object.freeze(previous), Object.freeze(judged))
    expect(judged.tokens).not.toHaveProperty('refreshToken')
  })
})
