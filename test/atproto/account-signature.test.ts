import { createECDH, createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { verifyAccountSignature } from '../../src/atproto/identity/account-signature.ts'
import { verifySecp256k1 } from '../../src/atproto/identity/secp256k1-signature.ts'
import { ConfigurationError } from '../../src/errors/index.ts'
import * as nodeSide from '../../src/lib/signatures/node.ts'
import type { Jwk, VerificationKey } from '../../src/lib/signatures/types.ts'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const sha256 = (text: string) => new Uint8Array(createHash('sha256').update(text).digest())
const bytesOf = (number: bigint) => Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex'))
const joined = (r: bigint, s: bigint) => Uint8Array.from([...bytesOf(r), ...bytesOf(s)])

/** A key by its secret number. */
function keyOf(secret: bigint): Jwk {
  const ecdh = createECDH('secp256k1')
  ecdh.setPrivateKey(bytesOf(secret))
  const point = ecdh.getPublicKey()
  const member = (from: number) => point.subarray(from, from + 32).toString('base64url')
  return { kty: 'EC', crv: 'secp256k1', x: member(1), y: member(33) }
}

function signer() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { d, ...jwk } = key.export({ format: 'jwk' })
  const signText = (text: string) =>
    new Uint8Array(sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }))
  return { jwk: jwk as Jwk, signText }
}

describe('ECDSA on secp256k1 without a platform that has the curve', () => {
  it('has the verdicts of node:crypto', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(63), fc.nat(7), (text, at, bit) => {
        const { jwk, signText } = signer()
        const signature = signText(text)
        const verifier = nodeSide.importVerificationKey(jwk, 'ES256K') as VerificationKey
        expect(verifySecp256k1(jwk, sha256(text), signature)).toBe(true)
        signature[at]! ^= 1 << bit
        expect(verifySecp256k1(jwk, sha256(text), signature)).toBe(nodeSide.verify(verifier, text, signature))
        expect(verifySecp256k1(signer().jwk, sha256(text), signText(text))).toBe(false)
      }),
      { numRuns: 40 },
    )
  })

  it('takes both forms of s, as JWS does', () => {
    const { jwk, signText } = signer()
    const signature = signText('a')
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
    signature.set(bytesOf(order - s), 32)
    const verifier = nodeSide.importVerificationKey(jwk, 'ES256K') as VerificationKey
    expect(nodeSide.verify(verifier, 'a', signature)).toBe(true)
    expect(verifySecp256k1(jwk, sha256('a'), signature)).toBe(true)
  })

  it.each([
    ['r of zero', 0n, 1n],
    ['s of zero', 1n, 0n],
    ['r of the order', order, 1n],
    ['s of the order', 1n, order],
    ['both of the order', order, order],
    ['the greatest numbers', 2n ** 256n - 1n, 2n ** 256n - 1n],
    ['one and one', 1n, 1n],
  ])('refuses %s', (_, r, s) => {
    expect(verifySecp256k1(keyOf(7n), sha256('a'), joined(r, s))).toBe(false)
  })

  it('refuses what adds up to the point at infinity', () => {
    // u1 + u2 d = 0 where e = -r d.
    for (const [r, d] of [
      [1n, 1n],
      [5n, 7n],
      [123_456_789n, order - 2n],
    ] as const) {
      const e = (((-r * d) % order) + order) % order
      expect(verifySecp256k1(keyOf(d), bytesOf(e), joined(r, 1n))).toBe(false)
    }
  })

  it('adds a point to itself and to its opposite', () => {
    // With the base point as key, both halves of the sum are multiples of the same point.
    for (const d of [1n, 2n, order - 1n, order - 2n]) {
      for (const e of [0n, 1n, 2n, order - 1n]) {
        // The random number of the signature is 3: its multiple of the base point, and its inverse.
        const r = BigInt(`0x${Buffer.from(String(keyOf(3n).x), 'base64url').toString('hex')}`) % order
        const inverse = (order * 2n + 1n) / 3n
        expect((inverse * 3n) % order).toBe(1n)
        const s = (inverse * (e + r * d)) % order
        expect(verifySecp256k1(keyOf(d), bytesOf(e), joined(r, s))).toBe(true)
        expect(verifySecp256k1(keyOf(d), bytesOf((e + 1n) % order), joined(r, s))).toBe(false)
      }
    }
  })

  it.each([63, 65, 0, 128])('refuses a signature of %i bytes', (length) => {
    expect(verifySecp256k1(keyOf(7n), sha256('a'), new Uint8Array(length))).toBe(false)
  })

  it('knows no keys of other curves, and none off the curve', () => {
    const signature = new Uint8Array(64).fill(1)
    const { x, y } = keyOf(7n)
    for (const jwk of [
      { kty: 'EC', crv: 'P-256', x, y },
      { kty: 'EC', crv: 'secp256k1', x: y, y: x },
      { kty: 'EC', crv: 'secp256k1', x },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
    ]) {
      expect(verifySecp256k1(jwk as Jwk, sha256('a'), signature)).toBeUndefined()
    }
  })
})

describe('an account’s signature', () => {
  it('is verified by the platform where that has the curve', async () => {
    const { jwk, signText } = signer()
    expect(await verifyAccountSignature(jwk, 'ES256K', 'a.b', signText('a.b'))).toBe(true)
    expect(await verifyAccountSignature(jwk, 'ES256K', 'a.c', signText('a.b'))).toBe(false)
  })

  it('is verified where there is only WebCrypto, too', async () => {
    vi.resetModules()
    vi.doMock('#signatures', async () => await import('../../src/lib/signatures/web.ts'))
    try {
      const { verifyAccountSignature: verifyThere } = await import('../../src/atproto/identity/account-signature.ts')
      const { jwk, signText } = signer()
      const { importVerificationKey } = await import('#signatures')
      await expect(importVerificationKey(jwk, 'ES256K')).rejects.toMatchObject({ code: 'unusable_key' })
      expect(await verifyThere(jwk, 'ES256K', 'a.b', signText('a.b'))).toBe(true)
      expect(await verifyThere(jwk, 'ES256K', 'a.c', signText('a.b'))).toBe(false)
      await expect(verifyThere({ ...jwk, y: jwk.x }, 'ES256K', 'a.b', signText('a.b'))).rejects.toMatchObject({
        code: 'unusable_key',
      })
    } finally {
      vi.doUnmock('#signatures')
      vi.resetModules()
    }
  })

  it('by a key that is none says so', async () => {
    const { jwk } = signer()
    const wrong = { ...jwk, y: jwk.x }
    await expect(verifyAccountSignature(wrong, 'ES256K', 'a', new Uint8Array(64))).rejects.toThrow(ConfigurationError)
    await expect(verifyAccountSignature(jwk, 'ES256', 'a', new Uint8Array(64))).rejects.toThrow(ConfigurationError)
  })
})
