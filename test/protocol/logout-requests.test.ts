import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { judgeLogoutReturn } from '../../src/protocol/end-session.ts'
import { judgeFrontChannelLogout } from '../../src/protocol/front-channel-logout.ts'
import { caught } from '../support/caught.ts'

const issuer = 'https://op.example'
const uri = (query: Record<string, string> | [string, string][]) =>
  new URL(`https://app.example/logout?${new URLSearchParams(query).toString()}`)

describe('a front-channel logout request', () => {
  it('names issuer and session', () => {
    expect(judgeFrontChannelLogout(uri({ iss: issuer, sid: 's-1', other: 'x' }), issuer)).toEqual({
      issuer,
      sid: 's-1',
    })
  })

  it('may name neither only where the session is not required', () => {
    expect(judgeFrontChannelLogout(uri({}), issuer, { sessionRequired: false })).toEqual({ issuer })
    expect(caught(ProtocolError, () => judgeFrontChannelLogout(uri({}), issuer)).code).toBe('invalid_logout_request')
  })

  it.each([
    ['a session alone', { sid: 's' }, 'invalid_logout_request'],
    ['an issuer alone', { iss: issuer }, 'invalid_logout_request'],
    ['an empty session', { iss: issuer, sid: '' }, 'invalid_logout_request'],
    ['another issuer', { iss: 'https://evil.example', sid: 's' }, 'issuer_mismatch'],
    ['another issuer by a slash', { iss: `${issuer}/`, sid: 's' }, 'issuer_mismatch'],
    [
      'two sessions',
      [
        ['iss', issuer],
        ['sid', 'a'],
        ['sid', 'b'],
      ] as [string, string][],
      'invalid_logout_request',
    ],
    [
      'two issuers',
      [
        ['iss', issuer],
        ['iss', issuer],
        ['sid', 'b'],
      ] as [string, string][],
      'invalid_logout_request',
    ],
  ])('is refused with %s', (_name, query, code) => {
    for (const sessionRequired of [true, false]) {
      expect(caught(ProtocolError, () => judgeFrontChannelLogout(uri(query), issuer, { sessionRequired })).code).toBe(
        code,
      )
    }
  })
})

describe('the return from the logout page', () => {
  const expected = { state: 'st-1', postLogoutRedirectUri: 'https://app.example/logout?tenant=a' }

  it('has the state that was sent', () => {
    expect(() => judgeLogoutReturn(uri({ tenant: 'a', state: 'st-1' }), expected)).not.toThrow()
  })

  it.each([
    ['no state', {}, 'state_mismatch'],
    ['another', { state: 'st-2' }, 'state_mismatch'],
    ['an empty one', { state: '' }, 'state_mismatch'],
    [
      'the same twice',
      [
        ['state', 'st-1'],
        ['state', 'st-1'],
      ] as [string, string][],
      'state_mismatch',
    ],
  ])('is refused with %s', (_name, query, code) => {
    expect(caught(ProtocolError, () => judgeLogoutReturn(uri(query), expected)).code).toBe(code)
  })

  it.each(['https://evil.example/logout?state=st-1', 'https://app.example/other?state=st-1'])('is not %s', (url) => {
    expect(caught(ProtocolError, () => judgeLogoutReturn(new URL(url), expected)).code).toBe('invalid_logout_request')
  })

  it('is judged by a state, never by none', () => {
    expect(() => judgeLogoutReturn(uri({ state: '' }), { ...expected, state: '' })).toThrow(TypeError)
  })
})
