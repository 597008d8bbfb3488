import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ecdsaDerToRaw, ecdsaRawToDer } from '../../../src/lib/signatures/ecdsa-der.ts'

const curves = [
  ['P-256', 'sha256', 32],
  ['P-384', 'sha384', 48],
  ['P-521', 'sha512', 66],
] as const

describe.each(curves)('an ECDSA signature on %s', (namedCurve, hash, size) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })

  // Two hundred in a row, since a sign byte is needed by half of all INTEGERs, and a short one comes in 1 of 256.
  it('keeps its value in both forms, whatever was converted before it', () => {
    for (let i = 0; i < 200; i++) {
      const data = Buffer.from(`message ${i}`)
      const raw = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      const der = ecdsaRawToDer(raw)
      expect(verify(hash, data, publicKey, der)).toBe(true)
      expect(Buffer.from(ecdsaDerToRaw(der, size))).toEqual(raw)
    }
  })

  it('becomes minimal INTEGERs where its numbers are short or zero', () => {
    const raw = new Uint8Array(2 * size)
    ecdsaRawToDer(new Uint8Array(2 * size).fill(0xff))
    raw[size - 1] = 0x80
    expect([...ecdsaRawToDer(raw)]).toEqual([0x30, 7, 2, 2, 0, 0x80, 2, 1, 0])
  })
})
