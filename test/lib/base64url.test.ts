import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, decodeBase64urlText, encodeBase64url } from '../../src/lib/base64url.ts'

describe('base64url', () => {
  it('encodes as Buffer does, bytes and text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 100 }), (bytes, text) => {
        expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(encodeBase64url(text)).toBe(Buffer.from(text).toString('base64url'))
      }),
    )
  })

  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme' }), (bytes, text) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes)
        expect(decodeBase64urlText(encodeBase64url(text))).toBe(text)
      }),
    )
  })

  it('takes only the one canonical form of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ABCQgwZz09-_+/= \n\u0141')), maxLength: 12 }),
        (text) => {
          const bytes = decodeBase64url(text)
          if (bytes) expect(encodeBase64url(bytes)).toBe(text)
          else expect(Buffer.from(text, 'base64url').toString('base64url')).not.toBe(text)
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 2000) },
    )
  })

  it.each(['A', 'AB', 'AAB', 'AA==', 'AA A', 'AA\n', 'A+AA', 'A/AA', 'AAAAA', '\u0141AAA', 'AA.A'])(
    'refuses %j',
    (text) => {
      expect(decodeBase64url(text)).toBeUndefined()
      expect(decodeBase64urlText(text)).toBeUndefined()
    },
  )

  it.each([['ff'], ['c080'], ['eda080'], ['f4908080'], ['e282']])('refuses the invalid UTF-8 %s as text', (hex) => {
    expect(decodeBase64urlText(Buffer.from(hex, 'hex').toString('base64url'))).toBeUndefined()
  })

  it('keeps a byte order mark, which is no JSON', () => {
    expect(decodeBase64urlText(encodeBase64url('\ufeff{}'))).toBe('\ufeff{}')
  })
})
