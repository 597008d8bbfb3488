import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timingSafeEqual } from '../../src/lib/constant-time.ts'

describe('timingSafeEqual', () => {
  it('says what === says, for any two strings', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => timingSafeEqual(a, b) === (a === b)))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (a) => timingSafeEqual(a, `${a}`)))
  })

  it('tells a prefix, an extension and one changed character from the whole', () => {
    expect(timingSafeEqual('abc', 'ab')).toBe(false)
    expect(timingSafeEqual('abc', 'abcd')).toBe(false)
    expect(timingSafeEqual('abc', 'abd')).toBe(false)
    expect(timingSafeEqual('', 'a')).toBe(false)
    expect(timingSafeEqual('a', '')).toBe(false)
    expect(timingSafeEqual('', '')).toBe(true)
  })

  it('does not take a longer string of NUL characters for an equal one', () => {
    expect(timingSafeEqual('abc', 'abc\0')).toBe(false)
    expect(timingSafeEqual('abc\0', 'abc')).toBe(false)
  })
})
