import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/index.ts'
import { judgeIntrospectionResponse } from '../../src/protocol/introspection-response.ts'
import { caught } from '../support/caught.ts'

const active = {
  active: true,
  client_id: 'l238j323ds-23ij4',
  username: 'jdoe',
  scope: 'read write dolphin',
  sub: 'Z5O3upPC88QrAjx00dis',
  aud: 'https://protected.example.net/resource',
  iss: 'https://server.example.com/',
  exp: 1419356238,
  iat: 1419350238,
  extension_field: 'twenty-seven',
}

describe('judgeIntrospectionResponse', () => {
  it('takes the example of RFC 7662 2.2', () => {
    expect(judgeIntrospectionResponse(active)).toEqual(active)
    expect(judgeIntrospectionResponse({ active: true, aud: ['a', 'b'], cnf: { jkt: 'x' } }).active).toBe(true)
  })

  it('believes nothing of a token that is not good', () => {
    expect(judgeIntrospectionResponse({ ...active, active: false })).toEqual({ active: false })
    expect(judgeIntrospectionResponse({ active: false, exp: 'nonsense' })).toEqual({ active: false })
  })

  it.each([
    ['null', null],
    ['a list', [active]],
    ['text', 'true'],
    ['no active', { ...active, active: undefined }],
    ['active in words', { ...active, active: 'true' }],
    ['active as a number', { ...active, active: 1 }],
    ['exp as a string', { ...active, exp: '1419356238' }],
    ['a negative exp', { ...active, exp: -1 }],
    ['an absurd exp', { ...active, exp: 1e300 }],
    ['iat of another type', { ...active, iat: true }],
    ['nbf of another type', { ...active, nbf: null }],
    ['scope as a list', { ...active, scope: ['read'] }],
    ['scope with a quote', { ...active, scope: '"read"' }],
    ['sub of another type', { ...active, sub: 1 }],
    ['aud of another type', { ...active, aud: ['a', 1] }],
    ['iss of another type', { ...active, iss: {} }],
    ['client_id of another type', { ...active, client_id: 1 }],
    ['username of another type', { ...active, username: 1 }],
    ['token_type of another type', { ...active, token_type: 1 }],
    ['jti of another type', { ...active, jti: 1 }],
    ['cnf of another type', { ...active, cnf: 'x' }],
  ])('refuses %s', (_, body) => {
    expect(caught(ProtocolError, () => judgeIntrospectionResponse(body))).toMatchObject({
      code: 'invalid_introspection_response',
      clause: 'RFC 7662 2.2',
    })
  })

  it("refuses the word of a server about another's token, when told whose it is to be", () => {
    expect(judgeIntrospectionResponse(active, { issuer: active.iss })).toEqual(active)
    const call = () => judgeIntrospectionResponse(active, { issuer: 'https://server.example.com' })
    expect(caught(ProtocolError, call).code).toBe('invalid_introspection_response')
  })

  it('throws nothing untyped, whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(active)), fc.jsonValue(), (any, name, value) => {
        for (const body of [any, { ...active, [name]: value }]) {
          try {
            judgeIntrospectionResponse(body)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
    )
  })
})
