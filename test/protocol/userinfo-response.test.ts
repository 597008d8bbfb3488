import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { judgeUserInfoResponse } from '../../src/protocol/userinfo-response.ts'
import { caught } from '../support/caught.ts'

describe('judgeUserInfoResponse', () => {
  it('gives the claims of the user of the id_token', () => {
    expect(judgeUserInfoResponse({ sub: '248289761001', name: 'Jane Doe' }, '248289761001')).toEqual({
      sub: '248289761001',
      name: 'Jane Doe',
    })
  })

  it.each(['248289761002', '248289761001 ', 'JANE'])('refuses the claims of %j (OpenID Connect Core 5.3.2)', (sub) => {
    const error = caught(ProtocolError, () => judgeUserInfoResponse({ sub, name: 'x' }, '248289761001'))
    expect(error).toMatchObject({ code: 'userinfo_subject_mismatch', clause: 'OpenID Connect Core 5.3.2' })
    expect(inspect(error)).not.toMatch(new RegExp(`248289761001|${sub}`))
  })

  it('compares to the letter', () => {
    expect(() => judgeUserInfoResponse({ sub: 'Jane' }, 'jane')).toThrow(ProtocolError)
  })

  it.each([
    ['null', null],
    ['text', 'jwt.jwt.jwt'],
    ['a list', [{ sub: 'jane' }]],
    ['no sub', { name: 'Jane' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is no string', { sub: 1 }],
    ['a sub beyond ASCII', { sub: 'jané' }],
    ['a sub of 256 characters', { sub: 'a'.repeat(256) }],
  ])('refuses %s', (_, body) => {
    const error = caught(ProtocolError, () => judgeUserInfoResponse(body, 'jane'))
    expect(error.code).toBe('invalid_userinfo_response')
  })

  it('cannot be asked to skip the comparison', () => {
    expect(() => judgeUserInfoResponse({ sub: 'jane' }, undefined as never)).toThrow(TypeError)
    expect(() => judgeUserInfoResponse({ sub: 'jane' }, '')).toThrow(TypeError)
  })
})
