import { createECDH } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase58, encodeBase58 } from '../../src/atproto/identity/base58.ts'
import { parseDid } from '../../src/atproto/identity/did.ts'
import { decodePoint } from '../../src/atproto/identity/ec-point.ts'
import {
  AtprotoError,
  encodeMultikey,
  isDid,
  isHandle,
  parseDidDocument,
  parseHandle,
  parseMultikey,
} from '../../src/atproto/index.ts'
import { caught } from '../support/caught.ts'

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const curves = [
  ['P-256', 'prime256v1', 'EcdsaSecp256r1VerificationKey2019', [0x80, 0x24]],
  ['secp256k1', 'secp256k1', 'EcdsaSecp256k1VerificationKey2019', [0xe7, 0x01]],
] as const

function aPoint(name: string) {
  const ecdh = createECDH(name)
  ecdh.generateKeys()
  const whole = ecdh.getPublicKey()
  const member = (from: number) => whole.subarray(from, from + 32).toString('base64url')
  return {
    whole: new Uint8Array(whole),
    compressed: new Uint8Array(ecdh.getPublicKey(null, 'compressed')),
    x: member(1),
    y: member(33),
  }
}

const methodOf = (type: string, publicKeyMultibase: unknown, more: object = {}) =>
  parseDidDocument(
    { id: did, verificationMethod: [{ id: '#atproto', type, controller: did, publicKeyMultibase, ...more }] },
    did,
  )

describe.each(curves)('a key on %s', (crv, name, legacyType, prefix) => {
  it('is the same JWK as Multikey and in both legacy forms', () => {
    for (let i = 0; i < 20; i++) {
      const { whole, compressed, x, y } = aPoint(name)
      const jwk = { kty: 'EC', crv, x, y }
      const multikey = `z${encodeBase58(Uint8Array.from([...prefix, ...compressed]))}`
      expect(methodOf('Multikey', multikey).signingKey).toEqual(jwk)
      expect(methodOf(legacyType, `z${encodeBase58(whole)}`).signingKey).toEqual(jwk)
      expect(methodOf(legacyType, `z${encodeBase58(compressed)}`).signingKey).toEqual(jwk)
      expect(parseMultikey(multikey)).toEqual(jwk)
      expect(encodeMultikey(jwk)).toBe(multikey)
    }
  })

  it('is none where the point is not on the curve, of another form, or of another length', () => {
    const { whole, compressed } = aPoint(name)
    const off = Uint8Array.from(whole)
    off[64]! ^= 1
    expect(decodePoint(off, crv)).toBeUndefined()
    for (const form of [0, 1, 5, 6])
      expect(decodePoint(Uint8Array.from([form, ...compressed.subarray(1)]), crv)).toBeUndefined()
    expect(decodePoint(compressed.subarray(0, 32), crv)).toBeUndefined()
    expect(decodePoint(whole.subarray(0, 64), crv)).toBeUndefined()
    expect(decodePoint(Uint8Array.from([2, ...Array(32).fill(255)]), crv)).toBeUndefined()
    expect(decodePoint(new Uint8Array(0), crv)).toBeUndefined()
  })

  it('is no Multikey uncompressed, without its prefix, or with the other’s', () => {
    const { whole, compressed } = aPoint(name)
    expect(parseMultikey(`z${encodeBase58(Uint8Array.from([...prefix, ...whole]))}`)).toBeUndefined()
    expect(parseMultikey(`z${encodeBase58(compressed)}`)).toBeUndefined()
    expect(parseMultikey(`z${encodeBase58(Uint8Array.from([0xed, 0x01, ...compressed]))}`)).toBeUndefined()
    expect(parseMultikey(`m${Buffer.from([...prefix, ...compressed]).toString('base64')}`)).toBeUndefined()
  })
})

describe('the keys of a document', () => {
  it('of atproto.com and of the AT Protocol’s documents are read', () => {
    // AT Protocol Cryptography, "Public Key Encoding": the examples of both curves; AT Protocol DID, "Legacy Representation".
    expect(parseMultikey('zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo')).toMatchObject({ crv: 'P-256' })
    expect(parseMultikey('zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc')).toMatchObject({ crv: 'secp256k1' })
    const legacy = 'zQYEBzXeuTM9UR3rfvNag6L3RNAs5pQZyYPsomTsgQhsxLdEgCrPTLgFna8yqCnxPpNT7DBk6Ym3dgPKNu86vt9GR'
    // "legacy multibase encoding of K-256 public key", "preferred multibase encoding of same K-256 public key"
    const preferred = methodOf('Multikey', 'zQ3shXjHeiBuRCKmM36cuYnm7YEMzhGnCmCyW92sRJ9pribSF')
    expect(methodOf('EcdsaSecp256k1VerificationKey2019', legacy).signingKey).toEqual(preferred.signingKey)
    expect(preferred.signingKey).toMatchObject({ crv: 'secp256k1' })
  })

  it.each([
    ['of an unknown type', 'Ed25519VerificationKey2020', 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['of another curve', 'Multikey', 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['that are no base58', 'Multikey', 'z0OIl'],
    ['that are no multibase', 'Multikey', 'Q3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc'],
    ['without end', 'Multikey', `z${'1'.repeat(100_000)}`],
    ['that are no text', 'Multikey', 42],
    ['that are not there', 'Multikey', undefined],
  ])('%s are left out', (_, type, multibase) => {
    const document = methodOf(type, multibase)
    expect(document.verificationMethods).toEqual([])
    expect(caught(AtprotoError, () => document.signingKey).code).toBe('no_signing_key')
  })

  it('of another controller are left out, and the other keys stay', () => {
    const multibase = 'zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc'
    expect(
      methodOf('Multikey', multibase, { controller: 'did:plc:z72i7hdynmk6r22z27h6tvur' }).verificationMethods,
    ).toEqual([])
    const document = parseDidDocument(
      {
        id: did,
        verificationMethod: [
          null,
          { id: '#atproto_label', type: 'Multikey', controller: did, publicKeyMultibase: multibase },
        ],
      },
      did,
    )
    expect(document.verificationKey('atproto_label')).toMatchObject({ crv: 'secp256k1' })
    expect(document.verificationMethods[0]!.id).toBe(`${did}#atproto_label`)
    expect(() => document.signingKey).toThrow(AtprotoError)
  })

  it('on other curves are not written', () => {
    expect(() => encodeMultikey({ kty: 'OKP', crv: 'Ed25519', x: 'AA' })).toThrow(TypeError)
  })
})

describe('parsers of names and keys', () => {
  it('read base58 as it is written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(decodeBase58(encodeBase58(bytes))).toEqual(Uint8Array.from(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{0,60}$/), (text) => {
        expect(encodeBase58(decodeBase58(text)!)).toBe(text)
      }),
    )
  })

  it('take any bytes for a Multikey or for none', () => {
    const prefix = fc.constantFrom([0x80, 0x24, 2], [0x80, 0x24, 3], [0xe7, 1, 2], [0xe7, 1, 3], [])
    fc.assert(
      fc.property(prefix, fc.uint8Array({ minLength: 30, maxLength: 34 }), (start, rest) => {
        const text = `z${encodeBase58(Uint8Array.from([...start, ...rest]))}`
        const jwk = parseMultikey(text)
        if (jwk) expect(encodeMultikey(jwk)).toBe(text)
      }),
    )
  })

  it('take any text for a DID, or refuse it by their own error', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `did:plc:${rest}`),
      fc.webUrl().map((url) => `did:web:${url}`),
      fc.domain().map((name) => `did:web:${name}`),
    )
    fc.assert(
      fc.property(text, (any) => {
        try {
          const parsed = parseDid(any)
          expect(parsed.did).toBe(any)
          expect(isDid(any)).toBe(true)
          if (parsed.method === 'web') expect(new URL(`https://${parsed.host}/`).host).toBe(parsed.host)
        } catch (error) {
          expect(error).toBeInstanceOf(AtprotoError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('take any text for a handle, or refuse it, and what they take is its own normal form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.string({ unit: 'binary' })), (any) => {
        try {
          const handle = parseHandle(any)
          expect(isHandle(handle)).toBe(true)
          expect(parseHandle(handle)).toBe(handle)
          expect(new URL(`https://${handle}/`).hostname).toBe(handle)
        } catch (error) {
          expect(error).toBeInstanceOf(AtprotoError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
