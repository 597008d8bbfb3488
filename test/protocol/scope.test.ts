import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertScope, compareScopes, hasScope, isScope, splitScope } from '../../src/protocol/scope.ts'

const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,12}$/)

describe('scope', () => {
  it('is a set: order and repetition mean nothing (RFC 6749 3.3)', () => {
    expect(splitScope('a  b a')).toEqual(['a', 'b'])
    expect(compareScopes('a b', 'b a b')).toEqual({ added: [], missing: [] })
    expect(compareScopes('a b', 'b c')).toEqual({ added: ['c'], missing: ['a'] })
  })

  it('is case-sensitive (RFC 6749 3.3)', () => {
    expect(compareScopes('Read', 'read')).toEqual({ added: ['read'], missing: ['Read'] })
    expect(hasScope('OpenID', 'openid')).toBe(false)
  })

  it('is found as a whole, not as a part of another', () => {
    expect(hasScope('openid2 profile', 'openid')).toBe(false)
    expect(hasScope('profile openid', 'openid')).toBe(true)
    expect(hasScope(undefined, 'openid')).toBe(false)
  })

  it('has neither quotes, backslashes, controls nor letters beyond ASCII (RFC 6749 A.4)', () => {
    for (const bad of ['a"b', 'a\\b', 'a\tb', 'a\nb', 'é', 'a\x7f']) {
      expect(isScope(bad), JSON.stringify(bad)).toBe(false)
      expect(() => assertScope(bad)).toThrow(TypeError)
    }
    expect(isScope('')).toBe(true)
    expect(() => assertScope(undefined as never)).toThrow('"scope"')
  })

  it('compares to nothing added and nothing missing with itself, however it is shuffled', () => {
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        const difference = compareScopes(tokens.join(' '), [...tokens].reverse().join('  '))
        expect(difference).toEqual({ added: [], missing: [] })
      }),
    )
  })
})
