import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/protocol.ts'
import { createKeyring, parseJwks } from '../../src/protocol/jwks.ts'
import { caught } from '../support/caught.ts'
import { issuerKeys, privateJwk, publicJwk } from '../support/id-token.ts'

const select = async (keys: unknown[], query: { alg: 'ES256' | 'RS256' | 'EdDSA'; kid?: string }) =>
  createKeyring({ keys }).select(query)

describe('parseJwks', () => {
  it.each([undefined, null, [], 'keys', 5, {}, { keys: null }, { keys: {} }, { keys: 'x' }])(
    'refuses %j, no set',
    (value) => {
      expect(caught(ProtocolError, () => parseJwks(value))).toMatchObject({
        code: 'invalid_jwks',
        clause: 'RFC 7517 5',
      })
    },
  )

  it('passes over what is no public key', () => {
    const good = publicJwk('P-256', { kid: 'good' })
    const strange = [null, 5, 'key', [], {}, { kty: 5 }, { kty: 'oct', k: 'c2VjcmV0' }, { kty: 'EC', kid: 5 }]
    expect(parseJwks({ keys: [...strange, good] }).filter(({ kid }) => kid === 'good')).toHaveLength(1)
    expect(parseJwks({ keys: strange })).toEqual([])
  })

  it('looks at a bounded number of keys', () => {
    expect(parseJwks({ keys: Array.from({ length: 5000 }, () => publicJwk('P-256')) })).toHaveLength(256)
  })
})

describe('key selection', () => {
  it('finds a key by kid and algorithm', async () => {
    expect(await createKeyring(issuerKeys()).select({ alg: 'ES256', kid: 'P-256' })).toMatchObject({
      kind: 'keys',
      keys: [{ alg: 'ES256', kid: 'P-256' }],
    })
  })

  it.each([
    ['private', privateJwk('P-256', { kid: 'k' })],
    ['symmetric', { kty: 'oct', k: 'c2VjcmV0', kid: 'k' }],
    ['of an unknown type', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'k' }],
    ['off its curve', publicJwk('P-256', { kid: 'k', y: publicJwk('P-256', {}, 'other').y })],
    ['without members', { kty: 'EC', kid: 'k' }],
    ['for encryption', publicJwk('P-256', { kid: 'k', use: 'enc' })],
    ['of another algorithm', publicJwk('P-256', { kid: 'k', alg: 'ES384' })],
    ['of another curve', publicJwk('P-384', { kid: 'k' })],
    ['for a MAC', publicJwk('P-256', { kid: 'k', alg: 'HS256' })],
  ])('passes over a key that is %s, and takes its good neighbour', async (_name, jwk) => {
    expect(await select([jwk], { alg: 'ES256', kid: 'k' })).toMatchObject({ kind: 'unknown' })
    const beside = await select([jwk, publicJwk('P-256', { kid: 'k' })], { alg: 'ES256', kid: 'k' })
    expect(beside).toMatchObject({ kind: 'keys', keys: [{ kid: 'k' }] })
  })

  it('gives each key of the same kid, four at most', async () => {
    const same = (count: number) =>
      Array.from({ length: count }, (_, i) => publicJwk('P-256', { kid: 'k' }, String(i % 3)))
    for (const [count, expected] of [
      [2, 2],
      [4, 4],
      [9, 4],
    ] as const) {
      const selection = await select(same(count), { alg: 'ES256', kid: 'k' })
      expect(selection.kind === 'keys' && selection.keys.length).toBe(expected)
    }
  })

  it('without a kid takes the only key that fits, and refuses to choose', async () => {
    expect(await select(issuerKeys().keys, { alg: 'ES256' })).toMatchObject({ kind: 'keys' })
    const two = [publicJwk('P-256', { kid: 'a' }), publicJwk('P-256', { kid: 'b' }, 'other')]
    expect(await select(two, { alg: 'ES256' })).toMatchObject({ kind: 'ambiguous' })
    expect(await select([publicJwk('RSA')], { alg: 'ES256' })).toMatchObject({ kind: 'unknown' })
  })

  it('tells an empty kid from none', async () => {
    const keyring = createKeyring({
      keys: [publicJwk('P-256', { kid: '' }), publicJwk('P-256', { kid: 'b' }, 'other')],
    })
    expect(await keyring.select({ alg: 'ES256', kid: '' })).toMatchObject({ kind: 'keys' })
    expect(await keyring.select({ alg: 'ES256' })).toMatchObject({ kind: 'ambiguous' })
  })

  it('imports a key once', async () => {
    const keyring = createKeyring(issuerKeys())
    const [first, second] = [await keyring.select({ alg: 'RS256' }), await keyring.select({ alg: 'RS256' })]
    expect(first).toBe(second)
  })

  it('is not confused by members of every object', async () => {
    expect(await select(issuerKeys().keys, { alg: 'ES256', kid: '__proto__' })).toMatchObject({ kind: 'unknown' })
    expect(await select(issuerKeys().keys, { alg: 'ES256', kid: 'constructor' })).toMatchObject({ kind: 'unknown' })
  })
})
