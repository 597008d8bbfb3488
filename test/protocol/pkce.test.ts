import { describe, expect, it } from 'vitest'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createCodeVerifier, deriveCodeChallenge, isCodeVerifier } from '../../src/protocol/pkce.ts'

describe('PKCE', () => {
  it('derives the challenge of RFC 7636 appendix B', async () => {
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    expect(await deriveCodeChallenge(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
  })

  it('makes a verifier of 32 random bytes, another each time', () => {
    const lengths: number[] = []
    const runtime = {
      now: systemRuntime.now,
      randomBytes: (length: number) => {
        lengths.push(length)
        return systemRuntime.randomBytes(length)
      },
    }
    const verifiers = new Set(Array.from({ length: 50 }, () => createCodeVerifier(runtime)))
    expect(verifiers.size).toBe(50)
    expect(new Set(lengths)).toEqual(new Set([32]))
    for (const verifier of verifiers) expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it('knows a verifier by its length and characters', () => {
    expect(isCodeVerifier('a'.repeat(43))).toBe(true)
    expect(isCodeVerifier('-._~'.repeat(32))).toBe(true)
    expect(isCodeVerifier('a'.repeat(42))).toBe(false)
    expect(isCodeVerifier('a'.repeat(129))).toBe(false)
    expect(isCodeVerifier(`${'a'.repeat(42)}+`)).toBe(false)
    expect(isCodeVerifier(`${'a'.repeat(43)}\n`)).toBe(false)
    expect(isCodeVerifier(undefined)).toBe(false)
  })

  it('refuses to derive a challenge from anything else, without repeating it', () => {
    expect(() => deriveCodeChallenge('too-short-secret')).toThrow(TypeError)
    expect(() => deriveCodeChallenge('too-short-secret')).not.toThrow('too-short-secret')
  })
})
