import { describe, expect, it } from 'vitest'
import { isTokenValid } from '../../src/tokens/index.ts'

describe('isTokenValid', () => {
  const runtime = { now: () => 1_000_000 }
  it.each([
    [{}, true],
    [{ active: true }, true],
    [{ active: false }, false],
    [{ exp: 1_000 }, false],
    [{ exp: 1_001 }, true],
    [{ nbf: 1_000 }, true],
    [{ nbf: 1_001 }, false],
  ])('of %j is %j', (metadata, valid) => {
    expect(isTokenValid(metadata, { runtime })).toBe(valid)
  })

  it('takes the machine’s clock where none is given', () => {
    expect(isTokenValid({ exp: Date.now() / 1000 + 60 })).toBe(true)
    expect(isTokenValid({ exp: Date.now() / 1000 + 60 }, { minRemainingLife: 61_000 })).toBe(false)
  })
})
