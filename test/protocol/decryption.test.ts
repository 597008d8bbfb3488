import { CompactEncrypt, exportJWK, generateKeyPair, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/errors/configuration.ts'
import { ProtocolError } from '../../src/errors/protocol.ts'
import type { Jwk } from '../../src/lib/signatures/types.ts'
import { createDecryptor } from '../../src/protocol/decryption.ts'
import { createEncryptor } from '../../src/protocol/encryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../../src/protocol/encryption-algorithms.ts'
import { deriveSharedKey } from '../../src/protocol/shared-key.ts'
import { anIdToken } from '../support/id-token.ts'

const secret = 'a client secret of more than thirty-two bytes, as every one should be'
const inner = anIdToken()

interface Pair {
  readonly privateJwk: Jwk
  readonly publicJwk: Jwk
}

const pairs = new Map<string, Promise<Pair>>()
function aPair(kind: 'RSA' | 'P-256' | 'P-521' | 'X25519', name = ''): Promise<Pair> {
  const known = pairs.get(kind + name)
  if (known) return known
  const made = (async () => {
    const { privateKey, publicKey } =
      kind === 'RSA'
        ? await generateKeyPair('RSA-OAEP-256', { extractable: true })
        : await generateKeyPair('ECDH-ES', { crv: kind, extractable: true })
    const kid = `${kind}${name}`
    return {
      privateJwk: { ...(await exportJWK(privateKey)), kid } as Jwk,
      publicJwk: { ...(await exportJWK(publicKey)), kid } as Jwk,
    }
  })()
  pairs.set(kind + name, made)
  return made
}

interface Parts {
  readonly alg?: string
  readonly enc?: string
  readonly header?: Record<string, unknown>
  readonly text?: string
}

/** An encrypted token, by jose alone: no rule of ours has a say in it. */
async function aJwe(jwk: Jwk, { alg = 'ECDH-ES', enc = 'A128CBC-HS256', header = {}, text = inner }: Parts = {}) {
  return await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, enc, cty: 'JWT', kid: jwk.kid ?? '', ...header })
    .encrypt(await importJWK(jwk as never, alg))
}

/** The header replaced after the fact, for what no library writes. */
function withHeader(jwe: string, change: (header: Record<string, unknown>) => unknown): string {
  const [head = '', ...rest] = jwe.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>
  return [Buffer.from(JSON.stringify(change(header))).toString('base64url'), ...rest].join('.')
}

const expected = { alg: 'ECDH-ES' } as const

describe('createDecryptor', () => {
  const asymmetric = [
    ['RSA-OAEP', 'RSA'],
    ['RSA-OAEP-256', 'RSA'],
    ['ECDH-ES', 'P-256'],
    ['ECDH-ES', 'P-521'],
    ['ECDH-ES', 'X25519'],
    ['ECDH-ES+A128KW', 'P-256'],
    ['ECDH-ES+A256KW', 'X25519'],
  ] as const
  it.each(asymmetric)('opens %s with a key of type %s', async (alg, kind) => {
    const { privateJwk, publicJwk } = await aPair(kind)
    for (const enc of ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'] as const) {
      const jwe = await aJwe(publicJwk, { alg, enc })
      expect(await createDecryptor(privateJwk).decrypt(jwe, { alg, enc })).toBe(inner)
    }
  })

  it.each(['dir', 'A128KW', 'A256KW', 'A192GCMKW'] as const)('opens %s with the client secret', async (alg) => {
    for (const enc of ['A128GCM', 'A192CBC-HS384', 'A256CBC-HS512'] as const) {
      const key = await deriveSharedKey(secret, alg, enc)
      const jwe = await new CompactEncrypt(new TextEncoder().encode(inner))
        .setProtectedHeader({ alg, enc, cty: 'JWT' })
        .encrypt(key)
      expect(await createDecryptor([], { clientSecret: secret }).decrypt(jwe, { alg, enc })).toBe(inner)
    }
  })

  it('takes A128CBC-HS256 where no enc was registered (OIDC Registration 2)', async () => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    const decryptor = createDecryptor(privateJwk)
    expect(await decryptor.decrypt(await aJwe(publicJwk), expected)).toBe(inner)
    await expect(decryptor.decrypt(await aJwe(publicJwk, { enc: 'A256GCM' }), expected)).rejects.toMatchObject({
      code: 'invalid_jwe',
      expected: 'A128CBC-HS256',
      actual: 'A256GCM',
    })
  })

  it('finds the key by kid, and tries those without one', async () => {
    const [one, two] = [await aPair('P-256'), await aPair('P-256', 'two')]
    const { kid, ...anonymous } = two.privateJwk
    expect(kid).toBeTypeOf('string')
    expect(await createDecryptor([one.privateJwk, two.privateJwk]).decrypt(await aJwe(two.publicJwk), expected)).toBe(
      inner,
    )
    const unnamed = await aJwe(two.publicJwk, { header: { kid: undefined } })
    expect(await createDecryptor([one.privateJwk, anonymous as Jwk]).decrypt(unnamed, expected)).toBe(inner)
  })

  it('refuses a token to another key, and says no more than that', async () => {
    const [one, two] = [await aPair('P-256'), await aPair('P-256', 'two')]
    const decryptor = createDecryptor(one.privateJwk)
    for (const jwe of [
      await aJwe(two.publicJwk),
      await aJwe(two.publicJwk, { header: { kid: one.publicJwk.kid } }),
      (await aJwe(one.publicJwk)).replace(/.(?=.$)/, (character) => (character === 'A' ? 'B' : 'A')),
    ]) {
      const error = await decryptor.decrypt(jwe, expected).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(ProtocolError)
      expect(error).toMatchObject({ code: 'decryption_failed', cause: undefined })
      expect((error as Error).message).not.toContain(jwe.slice(-20))
    }
  })

  it('refuses a second spelling of the same bytes', async () => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    const jwe = await aJwe(publicJwk)
    // 16 bytes of tag fill 21 characters and 2 bits of the last one; the other 4 are to be zero.
    const respelt = jwe.replace(/.$/, (last) => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[last]!)
    for (const token of [respelt, `${jwe}=`, jwe.replace(/\.(?=[^.]+$)/, '. ')]) {
      await expect(createDecryptor(privateJwk).decrypt(token, expected)).rejects.toMatchObject({
        code: 'invalid_jwe',
        clause: 'RFC 7515 2',
      })
    }
  })

  it.each([
    [
      'another alg than registered',
      (header: Record<string, unknown>) => ({ ...header, alg: 'RSA-OAEP' }),
      'OIDC Registration 2',
    ],
    ['RSA1_5', (header: Record<string, unknown>) => ({ ...header, alg: 'RSA1_5' }), 'OIDC Registration 2'],
    [
      'PBES2',
      (header: Record<string, unknown>) => ({ ...header, alg: 'PBES2-HS256+A128KW', p2c: 1e9 }),
      'OIDC Registration 2',
    ],
    ['zip', (header: Record<string, unknown>) => ({ ...header, zip: 'DEF' }), 'RFC 8725 3.6'],
    ['crit', (header: Record<string, unknown>) => ({ ...header, crit: ['exp'], exp: 1 }), 'RFC 7516 4.1.13'],
    ['a cty that is no JWT', (header: Record<string, unknown>) => ({ ...header, cty: 'json' }), 'RFC 7519 5.2'],
    ['a kid that is no string', (header: Record<string, unknown>) => ({ ...header, kid: 7 }), 'RFC 7516 4.1.6'],
    ['a header that is no object', () => [], 'RFC 7516 4'],
  ])('refuses %s before it touches a key', async (_name, change, clause) => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    const jwe = withHeader(await aJwe(publicJwk), change)
    await expect(createDecryptor(privateJwk).decrypt(jwe, expected)).rejects.toMatchObject({
      code: 'invalid_jwe',
      clause,
    })
  })

  it.each([
    ['a signed token', inner, 'RFC 7516 7.1'],
    ['six parts', 'a.b.c.d.e.f', 'RFC 7516 7.1'],
    ['more than 96 KiB', `e30.${'A'.repeat(98_304)}...`, 'RFC 8725 3.1'],
    [
      'a duplicate member',
      `${Buffer.from('{"alg":"dir","alg":"ECDH-ES","enc":"A128CBC-HS256"}').toString('base64url')}....`,
      'RFC 7516 4',
    ],
    ['nothing', '', 'RFC 7516 7.1'],
  ])('refuses %s for what it is', async (_name, token, clause) => {
    const { privateJwk } = await aPair('P-256')
    await expect(createDecryptor(privateJwk).decrypt(token, expected)).rejects.toMatchObject({
      code: 'invalid_jwe',
      clause,
    })
  })

  it.each([
    ['bare claims', '{"iss":"https://op.example","sub":"alice"}'],
    ['an unsigned JWT', `${inner.split('.').slice(0, 2).join('.')}.`],
    ['another JWE', 'a.b.c.d.e'],
  ])('refuses %s inside: signed first, then encrypted', async (_name, text) => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    const jwe = await aJwe(publicJwk, { text })
    await expect(createDecryptor(privateJwk).decrypt(jwe, expected)).rejects.toMatchObject({
      code: 'invalid_jwe',
      expected: 'a signed JWT',
    })
  })

  it('takes no keys that cannot decrypt, no unknown options, no algorithm without its secret', async () => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    for (const keys of [[], [publicJwk], [{ kty: 'oct', k: 'AAAA' }], [undefined], 'key']) {
      expect(() => createDecryptor(keys as never)).toThrow(TypeError)
    }
    expect(() => createDecryptor(privateJwk, { secret } as never)).toThrow(/unknown option "secret"/)
    expect(() => createDecryptor([], { clientSecret: '' })).toThrow(TypeError)
    const jwe = withHeader(await aJwe(publicJwk), (header) => ({ ...header, alg: 'dir' }))
    await expect(createDecryptor(privateJwk).decrypt(jwe, { alg: 'dir' })).rejects.toThrow(/"clientSecret"/)
    await expect(createDecryptor(privateJwk).decrypt(jwe, { alg: 'RSA1_5' as never })).rejects.toThrow(TypeError)
    const broken = { ...privateJwk, x: 'AA' }
    await expect(createDecryptor(broken).decrypt(await aJwe(publicJwk), expected)).rejects.toThrow(ConfigurationError)
  })

  it('uses no signing key, nor one bound to another algorithm', async () => {
    const { privateJwk, publicJwk } = await aPair('P-256')
    for (const binding of [{ use: 'sig' }, { alg: 'ES256' }, { alg: 'ECDH-ES+A128KW' }]) {
      const decryptor = createDecryptor({ ...privateJwk, ...binding })
      await expect(decryptor.decrypt(await aJwe(publicJwk), expected)).rejects.toMatchObject({
        code: 'decryption_failed',
      })
    }
  })
})

describe('createEncryptor', () => {
  it('encrypts to the key that fits, and names it', async () => {
    const [rsa, ec] = [await aPair('RSA'), await aPair('P-256')]
    const keys = [{ ...ec.publicJwk, use: 'sig', kid: 'signing' }, rsa.publicJwk, ec.publicJwk]
    const cases: [KeyManagementAlgorithm, ContentEncryptionAlgorithm, Jwk][] = [
      ['RSA-OAEP-256', 'A256GCM', rsa.privateJwk],
      ['ECDH-ES+A128KW', 'A128CBC-HS256', ec.privateJwk],
    ]
    for (const [alg, enc, privateJwk] of cases) {
      const jwe = await createEncryptor({ alg: alg as 'ECDH-ES', enc }).encrypt(inner, keys)
      const header = JSON.parse(Buffer.from(jwe.split('.')[0]!, 'base64url').toString()) as object
      expect(header).toMatchObject({ alg, enc, cty: 'JWT', kid: privateJwk.kid })
      expect(await createDecryptor(privateJwk).decrypt(jwe, { alg, enc })).toBe(inner)
    }
  })

  it('says that the server has no key to encrypt to', async () => {
    const { publicJwk } = await aPair('P-256')
    const encryptor = createEncryptor()
    await expect(encryptor.encrypt(inner, [publicJwk])).rejects.toMatchObject({ code: 'unusable_key', field: 'jwks' })
    await expect(createEncryptor({ alg: 'ECDH-ES' }).encrypt(inner, [{ ...publicJwk, x: 'AA' }])).rejects.toMatchObject(
      {
        code: 'unusable_key',
      },
    )
  })

  it.each([{ alg: 'RSA1_5' }, { alg: 'dir' }, { enc: 'A128' }, { key: 1 }])('refuses %o', (options) => {
    expect(() => createEncryptor(options as never)).toThrow(TypeError)
  })
})
