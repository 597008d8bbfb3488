import fc from 'fast-check'
import { expect, it } from 'vitest'
import { recordKey } from '../../src/lib/record-store.ts'

const units = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
const few = fc.string({
  unit: fc.constantFrom('a', '%', '}', ':', '\ud800', '\ud801', '\udc00', '\ufffd'),
  maxLength: 4,
})

it('makes a key of any text, halves of surrogate pairs included, and of no two texts the same', () => {
  fc.assert(
    fc.property(fc.oneof(units, few), fc.oneof(units, few), (one, other) => {
      const [key, otherKey] = [recordKey('session', one), recordKey('session', other)]
      expect(key === otherKey).toBe(one === other)
      expect(key).toMatch(/^session:\{[\x21-\x7a~]*\}$/)
    }),
  )
})

it('escapes the parts of a key as a URL does', () => {
  expect(recordKey('refresh', 'a}:b', 'ü😀')).toBe('refresh:{a%7D%3Ab}:%C3%BC%F0%9F%98%80')
  expect(recordKey('session', '\ud800')).toBe('session:{%ED%A0%80}')
})
