import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AccessError } from '../../src/errors/index.ts'
import { formatChallenge, parseChallenges } from '../../src/lib/www-authenticate.ts'
import { certificateThumbprint } from '../../src/protocol/certificate-thumbprint.ts'
import { verifyDpopProof } from '../../src/protocol/dpop-proof-verification.ts'
import { readPresentedToken } from '../../src/protocol/presented-token.ts'
import { TokenChecks } from '../../src/protocol/token-checks.ts'
import { refuseAccess } from '../../src/resource/refusal.ts'
import { anAccessToken, aRequest, aResource, url } from './rig.ts'

/** What a header field can hold. */
const fieldValue = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
const b64token = fc.stringMatching(/^[\w.~+/-]{1,200}={0,2}$/)

describe('challenges', () => {
  it('come back as they were given, whatever their parameters hold', () => {
    const names = fc.stringMatching(/^[a-z_]{1,20}$/)
    const parameters = fc.dictionary(names, fieldValue, { maxKeys: 6, noNullPrototype: true })
    fc.assert(
      fc.property(parameters, parameters, (one, other) => {
        const field = [formatChallenge('Bearer', one), formatChallenge('DPoP', other)].join(', ')
        const parsed = parseChallenges(field)
        expect(parsed.map(({ scheme }) => scheme)).toEqual(['bearer', 'dpop'])
        expect({ ...parsed[0]?.parameters }).toEqual({ ...one })
        expect({ ...parsed[1]?.parameters }).toEqual({ ...other })
      }),
    )
  })

  it('hold no line break and nothing beyond ASCII', () => {
    for (const value of ['a\r\nb', 'ä', '\u0000'])
      expect(() => formatChallenge('Bearer', { realm: value })).toThrow(TypeError)
  })
})

describe('the reader of credentials', () => {
  const read = (authorization: string) =>
    readPresentedToken(
      { url, headers: new Headers({ authorization }) },
      ['bearer', 'dpop'],
      new TokenChecks(refuseAccess),
    )

  it('finds every token of the grammar', () => {
    fc.assert(
      fc.property(b64token, fc.constantFrom('Bearer', 'DPoP', 'bearer', 'DPOP'), (token, scheme) => {
        expect(read(`${scheme} ${token}`)).toEqual({ scheme: scheme.toLowerCase(), token })
      }),
    )
  })

  it('refuses any other field with an AccessError, and takes no text as a token that is none', () => {
    fc.assert(
      fc.property(fieldValue, fc.constantFrom('', 'Bearer ', 'DPoP '), (text, prefix) => {
        try {
          expect(`${prefix}${text}`.trim().toLowerCase()).toContain(read(prefix + text).token.toLowerCase())
        } catch (error) {
          expect(error).toBeInstanceOf(AccessError)
        }
      }),
    )
  })
})

describe('whatever comes', () => {
  it('as a token is refused and never thrown', async () => {
    const { call } = await aResource()
    const parts = anAccessToken().split('.')
    const mangled = fc.tuple(fc.nat(2), fc.nat(60), b64token).map(([part, at, text]) => {
      const changed = [...parts]
      changed[part] = changed[part]!.slice(0, at) + text + changed[part]!.slice(at)
      return changed.join('.')
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(b64token, mangled), async (token) => {
        expect((await call(`Bearer ${token}`)).ok).toBe(false)
      }),
    )
  })

  it('as a proof is a fault and never thrown', async () => {
    const expectations = { method: 'GET', url, now: 0 }
    const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'))
    const jws = fc.tuple(json, json, json).map((all) => all.join('.'))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fieldValue, jws), async (proof) => {
        const { fault } = await verifyDpopProof(proof, expectations)
        expect(fault).toMatch(/^[\w ,+-]+$/)
      }),
    )
  })

  it('as claims of a well-signed token is judged and never thrown', async () => {
    const { resource } = await aResource()
    const names = fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'cnf', 'acr')
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }), async (claims) => {
        const result = await resource.protect(aRequest(`Bearer ${anAccessToken(claims)}`))
        expect(result.ok || result.error.code === 'invalid_token').toBe(true)
      }),
    )
  })

  it('as a certificate is one or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.uint8Array()), async (certificate) => {
        expect(typeof (await certificateThumbprint(certificate))).toMatch(/^(string|undefined)$/)
      }),
    )
  })
})
