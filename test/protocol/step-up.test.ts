import { describe, expect, it } from 'vitest'
import { readStepUpChallenge } from '../../src/protocol/step-up.ts'

const read = (field: string) => readStepUpChallenge(new Headers({ 'www-authenticate': field }))
const error = 'error="insufficient_user_authentication"'

describe('a step-up challenge', () => {
  it('becomes options of the next login (RFC 9470 3, 4)', () => {
    expect(read(`Bearer ${error}, acr_values="gold silver", max_age="5", scope="pay"`)).toEqual({
      acrValues: ['gold', 'silver'],
      acrEssential: true,
      maxAge: 5,
      scope: 'pay',
    })
  })

  it('is found among others, in any scheme', () => {
    expect(read(`Bearer realm="a, b", DPoP ${error}, max_age=0, algs="ES256"`)).toEqual({ maxAge: 0 })
  })

  it('is none where the token is refused for something else', () => {
    expect(read('Bearer error="invalid_token", acr_values="gold"')).toBeUndefined()
    expect(readStepUpChallenge(new Headers())).toBeUndefined()
  })

  it.each([
    ['max_age="-1"', {}],
    ['max_age="1e3"', {}],
    ['max_age="99999999999"', {}],
    ['max_age="9999999999"', { maxAge: 2 ** 31 - 1 }],
    ['acr_values=""', {}],
    ['acr_values="a  a"', { acrValues: ['a'], acrEssential: true }],
    ['scope="a\\"b"', {}],
  ])('leaves out what is malformed: %s', (parameter, expected) => {
    expect(read(`Bearer ${error}, ${parameter}`)).toEqual(expected)
  })
})
