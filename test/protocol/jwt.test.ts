import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/protocol.ts'
import { parseJwt } from '../../src/protocol/jwt.ts'
import { caught } from '../support/caught.ts'
import { anIdToken, encode } from '../support/id-token.ts'

const header = { alg: 'ES256' }
const jwt = (head: unknown, payload: unknown, signature = 'AAAA') => `${encode(head)}.${encode(payload)}.${signature}`
const fault = (token: unknown) => caught(ProtocolError, () => parseJwt(token, 'logout token'))

describe('parseJwt', () => {
  it('takes a JWT apart', () => {
    const token = anIdToken({ name: 'Zoë 😀' })
    const parsed = parseJwt(token)
    expect(parsed.header).toMatchObject({ alg: 'ES256', typ: 'JWT' })
    expect(parsed.claims).toMatchObject({ sub: 'user-1', name: 'Zoë 😀' })
    expect(`${parsed.signingInput}.${Buffer.from(parsed.signature).toString('base64url')}`).toBe(token)
  })

  it('takes the empty signature of an unsigned one', () => {
    expect(parseJwt(jwt({ alg: 'none' }, {}, '')).signature).toHaveLength(0)
  })

  it.each([
    ['a number', 5],
    ['nothing', undefined],
    ['empty', ''],
    ['one part', 'abc'],
    ['two parts', 'e30.e30'],
    ['four parts', 'e30.e30.e30.e30'],
    ['encrypted', 'e30.e30.e30.e30.e30'],
    ['many dots', '.'.repeat(60_000)],
    ['larger than 64 KiB', jwt(header, { a: 'x'.repeat(65_536) })],
    ['padded', `${encode(header)}=.e30.AAAA`],
    ['with stray bits in the signature', jwt(header, {}, 'AB')],
    ['with stray bits in the payload', `${encode(header)}.e31.AAAA`],
    ['in plain base64', `${encode(header)}.${encode({})}.ab+/`],
    ['with white space', ` ${jwt(header, {})}`],
    ['with a line break', `${jwt(header, {})}\n`],
    ['not UTF-8', `${encode(header)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`],
    ['with a byte order mark', jwt(header, '\ufeff{}')],
    ['not JSON', jwt(header, 'hello')],
    ['an array', jwt(header, [])],
    ['null', jwt(header, 'null')],
    ['a string', jwt(header, '"text"')],
    ['with a claim twice', jwt(header, '{"sub":"a","sub":"b"}')],
    ['with a claim twice further in', jwt(header, '{"address":{"a":1,"a":2}}')],
    ['with a header parameter twice', jwt('{"alg":"ES256","alg":"none"}', {})],
    ['deeply nested', jwt(header, `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)],
    ['without alg', jwt({ typ: 'JWT' }, {})],
    ['with an alg that is no string', jwt({ alg: ['ES256'] }, {})],
    ['with a kid that is no string', jwt({ alg: 'ES256', kid: 1 }, {})],
    ['with a typ that is null', jwt({ alg: 'ES256', typ: null }, {})],
    ['with an exp as string', jwt(header, { exp: '1' })],
    ['with an exp that is null', jwt(header, { exp: null })],
    ['with an infinite exp', jwt(header, '{"exp":1e999}')],
    ['with an exp beyond all dates', jwt(header, { exp: 9e15 })],
    ['with a negative iat', jwt(header, { iat: -1 })],
    ['with an nbf that is an array', jwt(header, { nbf: [1] })],
  ])('refuses what is %s', (_name, token) => {
    const error = fault(token)
    expect(error.code).toBe('invalid_jwt')
    expect(error.message).toMatch(/^logout token .*is .*; expected .+ \(RFC/)
    expect(error.expected).toBeDefined()
    expect(error.actual).toBeDefined()
  })

  it('says nothing of the contents', () => {
    const secret = 'c2VjcmV0'
    expect(JSON.stringify(fault(jwt(header, `{"sub":"${secret}`)))).not.toContain(secret)
    expect(String(fault(`${secret}.${secret}`))).not.toContain(secret)
  })

  it.each([
    ['flat', { alg: 'ES256', kid: 'k1', __proto__: null }],
    ['with parts', { alg: 'ES256', x5c: ['a'], jwk: { kty: 'EC' } }],
    ['of a member that would be a prototype', JSON.parse('{"alg":"ES256","__proto__":"a"}')],
  ])('gives each reader a header of its own, %s', (_, head) => {
    const token = jwt(head, {})
    const [first, second, third] = [parseJwt(token).header, parseJwt(token).header, parseJwt(token).header]
    for (const read of [first, second, third]) {
      expect({ ...read }).toEqual({ ...head })
      expect(Object.getPrototypeOf(read)).toBeNull()
    }
    Object.assign(second, { alg: 'none', kid: 'changed' })
    if (second.x5c) Object.assign(second.x5c, ['changed'])
    for (const read of [third, parseJwt(token).header]) expect({ ...read }).toEqual({ ...head })
  })

  it('judges a header each time that it comes, good or not', () => {
    const bad = jwt({ alg: 1 }, {})
    for (const token of [jwt(header, {}), bad, bad, jwt(header, {}), bad]) {
      if (token === bad) expect(fault(token).message).toMatch(/header "alg"/)
      else expect(parseJwt(token).header.alg).toBe('ES256')
    }
  })

  it('gives claims no prototype', () => {
    const { claims } = parseJwt(jwt(header, '{"__proto__":{"sub":"admin"},"constructor":1}'))
    expect(claims.sub).toBeUndefined()
    expect(claims.toString).toBeUndefined()
  })

  it('throws nothing but ProtocolError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('eyJ9.e30-_={}"\u0000é')) }), (text) => {
        try {
          parseJwt(text)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})
