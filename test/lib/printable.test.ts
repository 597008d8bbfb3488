import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonType, printable } from '../../src/lib/printable.ts'

describe('printable', () => {
  it('makes line breaks, escape sequences and bidirectional overrides harmless', () => {
    expect(printable('a\r\nb\u001b[31mc\u202ed\u2028e')).toBe('a b [31mc d e')
  })

  it('ends after the limit, without half a character', () => {
    expect(printable('a'.repeat(1000), 10)).toBe('aaaaaaaaaa…')
    expect(printable('a😀', 2)).toBe('a…')
    expect(printable('short')).toBe('short')
  })

  it('never holds a control character and never exceeds its limit, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.integer({ min: 1, max: 300 }), (text, limit) => {
        const shown = printable(text, limit)
        expect(shown.length).toBeLessThanOrEqual(limit + 1)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('jsonType', () => {
  it('names the types of JSON, and absence', () => {
    expect([undefined, null, [], {}, 'a', 1, true].map(jsonType)).toEqual([
      'absent',
      'null',
      'array',
      'object',
      'string',
      'number',
      'boolean',
    ])
  })
})
