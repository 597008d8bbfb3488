import { verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSigningKey, importSigningKey } from '#signatures'
import { createDpopProof, type DpopProofInput } from '../../src/protocol/dpop-proof.ts'
import { parseJwt } from '../../src/protocol/jwt.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aKeyPair, everyAsymmetricAlgorithm, kindOf, now, privateJwk } from '../support/id-token.ts'
import { athVector } from '../vectors/jws.ts'

const runtime = createFakeRuntime()
const url = 'https://as.example/token'
const proofOf = async (input: Partial<DpopProofInput> = {}) => {
  const key = await importSigningKey(privateJwk('P-256'))
  return parseJwt(await createDpopProof(key, { method: 'POST', url, ...input }, runtime))
}

describe('createDpopProof', () => {
  it('has the header of RFC 9449 4.2, with the public key only', async () => {
    const { header } = await proofOf()
    expect(header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256' })
    expect(Object.keys(header.jwk as object).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  })

  it('has jti, htm, htu and iat, and nothing that was not asked for', async () => {
    const { claims } = await proofOf()
    expect(claims).toEqual({ jti: expect.stringMatching(/^[\w-]{22}$/), htm: 'POST', htu: url, iat: now })
  })

  it('signs with the key', async () => {
    const { signature, signingInput } = await proofOf()
    const key = { key: aKeyPair('P-256').publicKey, dsaEncoding: 'ieee-p1363' } as const
    expect(verify('sha256', Buffer.from(signingInput), key, signature)).toBe(true)
  })

  it.each(everyAsymmetricAlgorithm)('is made with %s, too', async (alg) => {
    const key = await importSigningKey(privateJwk(kindOf(alg), { alg }))
    expect(parseJwt(await createDpopProof(key, { method: 'GET', url }, runtime)).header.alg).toBe(alg)
  })

  it.each([
    ['https://as.example/token?a=b#c', url],
    ['https://as.example/token#', url],
    ['HTTPS://AS.example:443/a/../token', url],
    ['https://as.example', 'https://as.example/'],
    ['https://as.example:8443/a%20b', 'https://as.example:8443/a%20b'],
    ['https://user:password@as.example/token', url],
  ])('names the target %s as %s', async (target, htu) => {
    expect((await proofOf({ url: target })).claims.htu).toBe(htu)
  })

  it('hashes the access token (RFC 9449 7.1), each one anew', async () => {
    const key = await generateSigningKey('ES256')
    const ath = async (accessToken?: string) => {
      const input = { method: 'GET', url, ...(accessToken !== undefined && { accessToken }) }
      return parseJwt(await createDpopProof(key, input, runtime)).claims.ath
    }
    expect(await ath(athVector.accessToken)).toBe(athVector.ath)
    expect(await ath('another')).not.toBe(athVector.ath)
    expect(await ath(athVector.accessToken)).toBe(athVector.ath)
    expect(await ath()).toBeUndefined()
  })

  it('carries the nonce, and no jti twice', async () => {
    expect((await proofOf({ nonce: 'server-nonce' })).claims.nonce).toBe('server-nonce')
    const jtis = await Promise.all(Array.from({ length: 20 }, async () => (await proofOf()).claims.jti))
    expect(new Set(jtis).size).toBe(20)
  })

  it('adds further claims and lets none of them win', async () => {
    const claims = { jti: 'x', htm: 'x', htu: 'x', iat: 1, ath: 'x', nonce: 'x', extra: { a: 1 } }
    const proof = await proofOf({ claims })
    expect(proof.claims).toEqual({ ...(await proofOf()).claims, jti: proof.claims.jti, extra: { a: 1 } })
    expect(claims.jti).toBe('x')
  })

  it.each(['/token', 'ftp://as.example/x', 'javascript:alert(1)', ''])(
    'refuses the URL %j as misuse',
    async (target) => {
      await expect(proofOf({ url: target })).rejects.toThrow(TypeError)
    },
  )
})
