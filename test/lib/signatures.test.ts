import { createECDH, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from '../../src/errors/configuration.ts'
import { encodeBase64url } from '../../src/lib/base64url.ts'
import * as nodeSide from '../../src/lib/signatures/node.ts'
import { thumbprintInput } from '../../src/lib/signatures/public-jwk.ts'
import type { Jwk, Signatures, SigningKey, SigningKeyInput } from '../../src/lib/signatures/types.ts'
import * as webSide from '../../src/lib/signatures/web.ts'
import { aKeyPair, everyAsymmetricAlgorithm, kindOf, privateJwk, publicJwk, signRaw } from '../support/id-token.ts'
import { jwsVectors, thumbprintVectors } from '../vectors/jws.ts'

const sides: readonly (readonly [string, Signatures])[] = [
  ['node.ts', nodeSide],
  ['web.ts', webSide],
]
const data = 'eyJhbGciOiJub25lIn0.e30'
const b64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url')
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

describe.each(sides)('signatures by %s', (_, signatures) => {
  const importVerificationKey = async (jwk: Jwk, alg: Parameters<Signatures['importVerificationKey']>[1]) =>
    signatures.importVerificationKey(jwk, alg)
  const refused = async (jwk: Jwk, alg: Parameters<Signatures['importVerificationKey']>[1]) => {
    const error = await importVerificationKey(jwk, alg).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({ code: 'unusable_key' })
    return (error as ConfigurationError).field
  }
  const verdict = async (jwk: Jwk, alg: (typeof everyAsymmetricAlgorithm)[number], signature: Uint8Array) =>
    signatures.verify(await importVerificationKey(jwk, alg), data, new Uint8Array(signature))

  it.each(jwsVectors)('verifies $source and nothing near it', async ({ alg, jwk, jws }) => {
    const end = jws.lastIndexOf('.')
    const key = await importVerificationKey(jwk, alg)
    const signature = bytesOf(jws.slice(end + 1))
    expect(await signatures.verify(key, jws.slice(0, end), signature)).toBe(true)
    expect(await signatures.verify(key, `${jws.slice(0, end)}x`, signature)).toBe(false)
    signature[5]! ^= 1
    expect(await signatures.verify(key, jws.slice(0, end), signature)).toBe(false)
  })

  it.each(thumbprintVectors)('digests the thumbprint of $source', async ({ jwk, thumbprint }) => {
    expect(encodeBase64url(await signatures.digest('SHA-256', thumbprintInput(jwk)))).toBe(thumbprint)
    expect(await signatures.digestText('SHA-256', thumbprintInput(jwk))).toBe(thumbprint)
  })

  describe.each(everyAsymmetricAlgorithm)('%s', (alg) => {
    const kind = kindOf(alg)

    it('verifies what node:crypto signs', async () => {
      const signature = signRaw(alg, aKeyPair(kind).privateKey, data)
      expect(await verdict(publicJwk(kind), alg, signature)).toBe(true)
      expect(await verdict(publicJwk(kind, {}, 'other'), alg, signature)).toBe(false)
    })

    it('signs what both sides verify', async () => {
      const key = await signatures.importSigningKey(privateJwk(kind, { alg, kid: 'k' }))
      expect(key).toMatchObject({ alg, kid: 'k', publicJwk: JSON.parse(thumbprintInput(publicJwk(kind))) })
      const signature = await signatures.sign(key, data)
      for (const [, other] of sides) {
        const verifier = await other.importVerificationKey(key.publicJwk, alg)
        expect(await other.verify(verifier, data, signature)).toBe(true)
      }
    })

    it('signs many at once as it signs one', async () => {
      const key = await signatures.importSigningKey(privateJwk(kind, { alg }))
      const texts = ['a', 'b', 'c', 'd'].map((letter) => data + letter)
      const made = await Promise.all(texts.map(async (text) => signatures.signAside(key, text)))
      const verifier = await signatures.importVerificationKey(key.publicJwk, alg)
      const verdicts = await Promise.all(texts.map(async (text, i) => signatures.verify(verifier, text, made[i]!)))
      expect(verdicts).toEqual([true, true, true, true])
      expect(await signatures.verify(verifier, texts[0]!, made[1]!)).toBe(false)
    })

    it.each([
      ['empty', (signature: Uint8Array) => signature.subarray(0, 0)],
      ['a byte short', (signature: Uint8Array) => signature.subarray(1)],
      ['a byte long', (signature: Uint8Array) => Uint8Array.of(0, ...signature)],
      ['a byte long at the end', (signature: Uint8Array) => Uint8Array.of(...signature, 0)],
      ['zeros', (signature: Uint8Array) => new Uint8Array(signature.length)],
      ['all ones', (signature: Uint8Array) => new Uint8Array(signature.length).fill(255)],
    ])('says no, and does not throw, to a signature that is %s', async (_name, spoil) => {
      const signature = signRaw(alg, aKeyPair(kind).privateKey, data)
      expect(await verdict(publicJwk(kind), alg, spoil(signature))).toBe(false)
    })

    it('refuses a key that says another alg, another use, or other operations', async () => {
      const other = alg === 'RS256' ? 'PS256' : 'RS256'
      expect(await refused(publicJwk(kind, { alg: other }), alg)).toBe('alg')
      expect(await refused(publicJwk(kind, { use: 'enc' }), alg)).toBe('use')
      expect(await refused(publicJwk(kind, { key_ops: ['encrypt'] }), alg)).toBe('key_ops')
      expect(await refused(publicJwk(kind, { key_ops: ['verify', 'verify'] }), alg)).toBe('key_ops')
      expect(await refused(publicJwk(kind, { key_ops: 'verify' }), alg)).toBe('key_ops')
      expect(await importVerificationKey(publicJwk(kind, { alg, use: 'sig', key_ops: ['verify'] }), alg)).toMatchObject(
        { alg },
      )
    })

    it('refuses a private key for verifying', async () => {
      expect(await refused(privateJwk(kind), alg)).toBe('d')
    })

    it('generates keys, stores them and takes them back', async () => {
      for (const extractable of [true, false]) {
        const key = await signatures.generateSigningKey(alg, { extractable })
        const stored = await signatures.exportSigningKey(key)
        expect('jwk' in stored).toBe(extractable)
        const again = await signatures.importSigningKey(stored)
        expect(again.thumbprint).toBe(key.thumbprint)
        expect(await verdict(key.publicJwk, alg, await signatures.sign(again, data))).toBe(true)
      }
    })
  })

  it.each([
    ['ES256', 'P-384'],
    ['ES384', 'P-256'],
    ['ES512', 'P-256'],
    ['EdDSA', 'Ed448'],
    ['Ed25519', 'P-256'],
    ['RS256', 'P-256'],
    ['ES256', 'RSA'],
    ['PS256', 'Ed25519'],
  ] as const)('refuses %s with a key of %s, which node:crypto itself may take', async (alg, kind) => {
    expect(await refused(publicJwk(kind), alg)).toMatch(/^(?:kty|crv)$/)
  })

  it.each([0, 20, 48, 222])('refuses a PS256 signature with a salt of %i bytes', async (saltLength) => {
    const signature = signRaw('PS256', aKeyPair('RSA').privateKey, data, saltLength)
    expect(await verdict(publicJwk('RSA'), 'PS256', signature)).toBe(false)
  })

  it('refuses a DER signature for ECDSA, and an RS256 one for PS256', async () => {
    const { createSign } = await import('node:crypto')
    const der = createSign('sha256').update(data).sign(aKeyPair('P-256').privateKey)
    expect(await verdict(publicJwk('P-256'), 'ES256', der)).toBe(false)
    expect(await verdict(publicJwk('RSA'), 'PS256', signRaw('RS256', aKeyPair('RSA').privateKey, data))).toBe(false)
    expect(await verdict(publicJwk('RSA'), 'RS256', signRaw('RS384', aKeyPair('RSA').privateKey, data))).toBe(false)
  })

  it('verifies ECDSA signatures whose halves have leading zeros', async () => {
    const short: Buffer[] = []
    for (let i = 0; short.length < 3 && i < 5000; i++) {
      const signature = signRaw('ES256', aKeyPair('P-256').privateKey, data)
      if (signature[0] === 0 || signature[32] === 0) short.push(signature)
    }
    for (const signature of short) expect(await verdict(publicJwk('P-256'), 'ES256', signature)).toBe(true)
  })

  describe('RSA keys', () => {
    const rsa = (change: Record<string, unknown>) => publicJwk('RSA', change)
    const modulus = () => bytesOf(publicJwk('RSA').n as string)

    it.each([
      ['1', Uint8Array.of(1)],
      ['3', Uint8Array.of(3)],
      ['17', Uint8Array.of(17)],
      ['65536, which is even', Uint8Array.of(1, 0, 0)],
      ['with a leading zero', Uint8Array.of(0, 1, 0, 1)],
      ['of 33 bits', Uint8Array.of(1, 0, 0, 0, 1)],
      ['empty', new Uint8Array()],
    ])('refuses the exponent %s', async (_name, e) => {
      expect(await refused(rsa({ e: b64(e) }), 'RS256')).toBe('e')
    })

    it('refuses a modulus that is short, huge, even or not canonical', async () => {
      const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
      expect(await refused({ ...small, kty: 'RSA' } as Jwk, 'RS256')).toBe('n')
      const huge = new Uint8Array(1025).fill(255)
      expect(await refused(rsa({ n: b64(huge) }), 'RS256')).toBe('n')
      const even = modulus()
      even[even.length - 1]! &= 254
      expect(await refused(rsa({ n: b64(even) }), 'RS256')).toBe('n')
      expect(await refused(rsa({ n: b64(Uint8Array.of(0, ...modulus())) }), 'RS256')).toBe('n')
      expect(await refused(rsa({ n: `${publicJwk('RSA').n}==` }), 'RS256')).toBe('n')
      expect(await refused(rsa({ n: 17 }), 'RS256')).toBe('n')
    })

    it('refuses a private key of several primes, or one that lacks a member', async () => {
      const importKey = async (jwk: SigningKeyInput) => signatures.importSigningKey(jwk)
      await expect(importKey(privateJwk('RSA', { alg: 'RS256', oth: [] }))).rejects.toThrow(/"oth"/)
      await expect(importKey(privateJwk('RSA', { alg: 'RS256', qi: undefined }))).rejects.toThrow(/"qi"/)
    })
  })

  describe('curve keys', () => {
    it('refuses a point that is not on the curve', async () => {
      const { y } = publicJwk('P-256', {}, 'other')
      expect(await refused(publicJwk('P-256', { y }), 'ES256')).toBe('key')
    })

    it('refuses coordinates of another length, without padding or with', async () => {
      const x = publicJwk('P-256').x as string
      expect(await refused(publicJwk('P-256', { x: b64(bytesOf(x).subarray(1)) }), 'ES256')).toBe('x')
      expect(await refused(publicJwk('P-256', { x: b64(Uint8Array.of(0, ...bytesOf(x))) }), 'ES256')).toBe('x')
      expect(await refused(publicJwk('P-256', { x: `${x}=` }), 'ES256')).toBe('x')
      expect(await refused(publicJwk('P-256', { y: undefined }), 'ES256')).toBe('y')
    })

    it.each([
      ['zero', '00'.repeat(32)],
      ['one, the neutral element', `01${'00'.repeat(31)}`],
      ['of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
      ['of order 8, negative', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
      ['p - 1', `ec${'ff'.repeat(30)}7f`],
      ['p, not canonical', `ed${'ff'.repeat(30)}7f`],
      ['p + 1, not canonical', `ee${'ff'.repeat(30)}7f`],
      ['one with a sign', `01${'00'.repeat(30)}80`],
    ])('refuses the Ed25519 point %s', async (_name, hex) => {
      const x = Buffer.from(hex, 'hex').toString('base64url')
      expect(await refused({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')).toBe('x')
    })

    it('refuses a private key beside the public half of another', async () => {
      const { x, y } = publicJwk('P-256', {}, 'other')
      const mixed = privateJwk('P-256', { x, y })
      await expect((async () => signatures.importSigningKey(mixed))()).rejects.toMatchObject({ code: 'unusable_key' })
    })

    it('takes a public key made elsewhere', async () => {
      const ecdh = createECDH('prime256v1')
      const point = ecdh.generateKeys()
      const jwk = { kty: 'EC', crv: 'P-256', x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) }
      expect(await importVerificationKey(jwk, 'ES256')).toMatchObject({ alg: 'ES256' })
    })
  })

  describe('signing keys', () => {
    const importKey = async (key: unknown) => signatures.importSigningKey(key as SigningKeyInput)

    it('tells the algorithm of a curve key, and asks for that of an RSA key', async () => {
      expect((await importKey(privateJwk('P-384'))).alg).toBe('ES384')
      expect((await importKey(privateJwk('Ed25519'))).alg).toBe('EdDSA')
      await expect(importKey(privateJwk('RSA'))).rejects.toMatchObject({ code: 'unusable_key', field: 'alg' })
      await expect(importKey(privateJwk('P-256', { alg: 'HS256' }))).rejects.toMatchObject({ field: 'alg' })
    })

    it('refuses what is no key as misuse', async () => {
      for (const value of [undefined, null, 'pem', {}, { alg: 'ES256' }]) {
        await expect(importKey(value)).rejects.toThrow(TypeError)
      }
    })

    it('gives a key of its own back as it is, and refuses one of the other side', async () => {
      const own = await signatures.generateSigningKey('ES256')
      expect(await importKey(own)).toBe(own)
      for (const [, other] of sides) {
        if (other === signatures) continue
        await expect(importKey(await other.generateSigningKey('ES256'))).rejects.toThrow(TypeError)
      }
    })

    it('shows nothing private', async () => {
      const { d } = privateJwk('P-256')
      const { inspect } = await import('node:util')
      const key = await importKey(privateJwk('P-256'))
      expect(inspect(key, { depth: 9, showHidden: true })).not.toContain(d)
      expect(JSON.stringify(key)).not.toContain(d)
    })
  })

  describe('secrets', () => {
    const secret = 'a secret of at least thirty-two bytes, in UTF-8: ü'

    it.each(['HS256', 'HS384', 'HS512'] as const)('verifies %s by the secret in UTF-8', async (alg) => {
      const long = secret.repeat(2)
      const key = await signatures.importSecret(long, alg)
      const mac = new Uint8Array(signRaw(alg, long, data))
      expect(await signatures.verify(key, data, mac)).toBe(true)
      expect(await signatures.verify(key, `${data}.`, mac)).toBe(false)
      expect(await signatures.verify(key, data, mac.subarray(1))).toBe(false)
    })

    it('refuses one shorter than the digest, without quoting it', async () => {
      const error = await (async () => signatures.importSecret('short-secret', 'HS256'))().catch(
        (caught: unknown) => caught,
      )
      expect(error).toMatchObject({ code: 'unusable_key', actual: '12 bytes' })
      expect(String(error)).not.toContain('short-secret')
    })
  })

  it('refuses a key that it did not make', async () => {
    const forged = { alg: 'ES256', kid: undefined } as const
    await expect((async () => signatures.verify(forged, data, new Uint8Array(64)))()).rejects.toThrow(TypeError)
  })

  it('does not take characters for others that share their low byte', async () => {
    const signature = signRaw('ES256', aKeyPair('P-256').privateKey, 'A')
    const key = await importVerificationKey(publicJwk('P-256'), 'ES256')
    expect(await signatures.verify(key, '\u0141', new Uint8Array(signature))).toBe(false)
  })
})

describe('the first signature in a turn of the event loop', () => {
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

  it('is made at once on Node, and those after it beside the main thread', async () => {
    const key = (await nodeSide.importSigningKey(privateJwk('P-256', { alg: 'ES256' }))) as SigningKey
    await nextTurn()
    const made = [nodeSide.signAside(key, data), nodeSide.signAside(key, data)]
    expect(made.map((signature) => signature instanceof Promise)).toEqual([false, true])
    await made[1]
    await nextTurn()
    expect(nodeSide.signAside(key, data)).toBeInstanceOf(Uint8Array)
  })

  it('is made at once in later turns, too, where the clock is a test’s own', async () => {
    const key = (await nodeSide.importSigningKey(privateJwk('P-256', { alg: 'ES256' }))) as SigningKey
    await nextTurn()
    vi.useFakeTimers()
    expect(nodeSide.signAside(key, data)).toBeInstanceOf(Uint8Array)
    vi.useRealTimers()
    await nextTurn()
    expect(nodeSide.signAside(key, data)).toBeInstanceOf(Uint8Array)
  })
})
