import { createECDH, createPrivateKey, generateKeyPairSync, sign as signNow } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../src/errors/configuration.ts'
import * as nodeSide from '../../../src/lib/signatures/node.ts'
import type { Jwk, SigningKey, VerificationKey } from '../../../src/lib/signatures/types.ts'
import * as webSide from '../../../src/lib/signatures/web.ts'

const data = 'eyJhbGciOiJFUzI1NksifQ.e30'

function aKey(): { readonly secret: Jwk; readonly open: Jwk } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  // Through a copy, as Node's side exports: Node 20 may lock the key that was just generated.
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }) as Jwk
  const { d, ...open } = secret
  return { secret, open: open as Jwk }
}

describe('ES256K (RFC 8812)', () => {
  it('verifies on Node what node:crypto signs, and nothing near it', () => {
    const { secret, open } = aKey()
    const key = createPrivateKey({ key: secret as never, format: 'jwk' })
    const signature = new Uint8Array(signNow('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }))
    const verifier = nodeSide.importVerificationKey(open, 'ES256K') as VerificationKey
    expect(nodeSide.verify(verifier, data, signature)).toBe(true)
    expect(nodeSide.verify(verifier, `${data}x`, signature)).toBe(false)
    expect(nodeSide.verify(verifier, data, signature.subarray(1))).toBe(false)
    signature[3]! ^= 1
    expect(nodeSide.verify(verifier, data, signature)).toBe(false)
    expect(
      nodeSide.verify(nodeSide.importVerificationKey(aKey().open, 'ES256K') as VerificationKey, data, signature),
    ).toBe(false)
  })

  it('signs on Node with keys that it generates and keys that are given', () => {
    for (const key of [
      nodeSide.generateSigningKey('ES256K'),
      nodeSide.importSigningKey(aKey().secret),
    ] as SigningKey[]) {
      expect(key.alg).toBe('ES256K')
      const verifier = nodeSide.importVerificationKey(key.publicJwk, 'ES256K') as VerificationKey
      expect(nodeSide.verify(verifier, data, nodeSide.sign(key, data) as Uint8Array)).toBe(true)
    }
  })

  it('keeps the two curves of the same length apart', () => {
    const p256 = createECDH('prime256v1')
    p256.generateKeys()
    const point = p256.getPublicKey()
    const member = (from: number) => point.subarray(from, from + 32).toString('base64url')
    const other = { kty: 'EC', crv: 'P-256', x: member(1), y: member(33) }
    expect(() => nodeSide.importVerificationKey(other, 'ES256K')).toThrow(ConfigurationError)
    expect(() => nodeSide.importVerificationKey(aKey().open, 'ES256')).toThrow(ConfigurationError)
    // The name of the curve is a claim: a point of the other one is none of it.
    expect(() => nodeSide.importVerificationKey({ ...other, crv: 'secp256k1' }, 'ES256K')).toThrow(ConfigurationError)
  })

  it('is refused where there is only WebCrypto, which has no such curve', async () => {
    const { secret, open } = aKey()
    const refusal = { code: 'unusable_key' }
    await expect(webSide.importVerificationKey(open, 'ES256K')).rejects.toMatchObject(refusal)
    await expect(webSide.importSigningKey(secret)).rejects.toMatchObject(refusal)
  })
})
