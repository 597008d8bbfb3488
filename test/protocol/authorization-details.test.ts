import { describe, expect, it } from 'vitest'
import { assertAuthorizationDetails, isAuthorizationDetails } from '../../src/protocol/authorization-details.ts'

describe('authorization details', () => {
  it('are objects with a type, and whatever else the type has (RFC 9396 2)', () => {
    expect(isAuthorizationDetails([{ type: 'account', actions: ['read'], amount: { value: 1 } }])).toBe(true)
    expect(isAuthorizationDetails([])).toBe(true)
  })

  it.each([
    ['no list', { type: 't' }],
    ['text', '[{"type":"t"}]'],
    ['a member that is null', [null]],
    ['a member that is a list', [[]]],
    ['no type', [{ actions: ['read'] }]],
    ['a type that is inherited', [Object.create({ type: 't' })]],
    ['a type that is no string', [{ type: 1 }]],
    ['locations that are no list', [{ type: 't', locations: 'https://api.example' }]],
    ['actions that are no strings', [{ type: 't', actions: [1] }]],
    ['datatypes that are no list', [{ type: 't', datatypes: {} }]],
    ['privileges that are no list', [{ type: 't', privileges: 'admin' }]],
    ['an identifier that is no string', [{ type: 't', identifier: 1 }]],
    ['one good and one bad', [{ type: 't' }, {}]],
  ])('are not %s', (_, value) => {
    expect(isAuthorizationDetails(value)).toBe(false)
    expect(() => assertAuthorizationDetails(value)).toThrow(TypeError)
  })

  it('are not asked for when there are none', () => {
    expect(() => assertAuthorizationDetails([])).toThrow(TypeError)
  })
})
