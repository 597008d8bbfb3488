import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFormComponent } from '../../src/lib/form-component.ts'

describe('encodeFormComponent', () => {
  it('gives the example of RFC 6749 appendix B', () => {
    expect(encodeFormComponent(' %&+£€')).toBe('+%25%26%2B%C2%A3%E2%82%AC')
  })

  it('round trips any well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeFormComponent(text)
        expect(encoded).toMatch(/^[A-Za-z0-9*\-._+%]*$/)
        expect(new URLSearchParams(`v=${encoded}`).get('v')).toBe(text)
      }),
    )
  })

  it('refuses a lone surrogate, which would arrive as another character', () => {
    expect(() => encodeFormComponent('a\ud800b')).toThrow(TypeError)
  })
})
