import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SignatureAlgorithm } from '../../src/lib/signatures/types.ts'
import { judgeIdToken } from '../../src/protocol/id-token.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import {
  aKeyPair,
  anIdToken,
  clientId,
  encode,
  everyAsymmetricAlgorithm,
  issuer,
  issuerKeys,
  now,
  publicJwk,
} from '../support/id-token.ts'
import { check, type IdTokenSetup, judge, outcomes, refusal } from './id-token-rig.ts'

describe('the header of an id_token', () => {
  it.each([
    ['crit', { crit: ['exp'] }],
    ['crit', { crit: [] }],
    ['crit', { crit: ['b64'], b64: false }],
    ['b64', { b64: false }],
    ['b64', { b64: true }],
    ['typ', { typ: 'at+jwt' }],
    ['typ', { typ: 'logout+jwt' }],
    ['typ', { typ: 'application/dpop+jwt' }],
    ['typ', { typ: '' }],
    ['key', { kid: 'unknown' }],
    ['shape', { kid: 5 }],
  ])('fails the check %s with %j', async (name, header) => {
    expect(await check({}, {}, { header })).toBe(name)
  })

  it.each([{ typ: undefined }, { typ: 'jwt' }, { typ: 'application/JWT' }, { cty: 'x' }])(
    'passes with %j',
    async (header) => {
      await expect(judge(anIdToken({}, { header }))).resolves.toBeDefined()
    },
  )

  it('never supplies a key', async () => {
    const { privateKey } = aKeyPair('P-256', 'attacker')
    const jwk = publicJwk('P-256', { kid: 'attacker' }, 'attacker')
    for (const header of [
      { jwk, kid: 'attacker' },
      { jwk, kid: 'P-256' },
      { jku: 'https://attacker.example/jwks', kid: 'attacker' },
      { x5u: 'https://attacker.example/cert', x5c: ['AAAA'], kid: undefined },
    ]) {
      expect(await check({}, {}, { header, key: privateKey })).toMatch(/^(?:key|signature)$/)
    }
  })
})

describe('the algorithm of an id_token (Core 3.1.3.7 items 6 to 8)', () => {
  const registered = (
    idTokenSignedResponseAlg: SignatureAlgorithm | 'none',
    more: IdTokenSetup = {},
  ): IdTokenSetup => ({
    idTokenSignedResponseAlg,
    ...more,
  })

  it('is the registered one, whatever the server lists', async () => {
    await expect(
      judge(anIdToken({}, { alg: 'ES384' }), registered('ES384', { serverAlgs: ['RS256'] })),
    ).resolves.toBeDefined()
    expect(await check({}, registered('RS256'))).toBe('alg')
  })

  it('is one of the list of the server, and RS256 where there is none', async () => {
    expect(await check({}, { serverAlgs: ['RS256'] })).toBe('alg')
    expect(await check({}, { serverAlgs: [] })).toBe('alg')
    const none = {
      signingAlgs: () => undefined,
      selectKeys: createKeyring(issuerKeys()).select,
      runtime: createFakeRuntime(),
    }
    const expectations = { issuer, clientId }
    await expect(judgeIdToken(anIdToken({}, { alg: 'RS256' }), expectations, none)).resolves.toBeDefined()
    await expect(judgeIdToken(anIdToken(), expectations, none)).rejects.toMatchObject({ check: 'alg' })
  })

  it('has two names for Ed25519 (RFC 9864)', async () => {
    await expect(judge(anIdToken({}, { alg: 'Ed25519' }), { serverAlgs: ['EdDSA'] })).resolves.toBeDefined()
    await expect(judge(anIdToken({}, { alg: 'EdDSA' }), registered('Ed25519'))).resolves.toBeDefined()
  })

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'es256', 'es256k', 'ES521', 'HS256', 'RSA1_5'])(
    'is never %j unasked',
    async (alg) => {
      const token = `${encode({ alg })}.${encode({ iss: issuer, aud: clientId, sub: 'x', exp: now + 9, iat: now })}.`
      expect((await refusal(token, { serverAlgs: [...everyAsymmetricAlgorithm, alg] })).check).toBe('alg')
    },
  )

  it('is ES256K (RFC 8812) only where the server lists it or the client registered it', async () => {
    const token = `${encode({ alg: 'ES256K' })}.${encode({ iss: issuer, aud: clientId, sub: 'x', exp: now + 9, iat: now })}.`
    expect((await refusal(token, { serverAlgs: everyAsymmetricAlgorithm })).check).toBe('alg')
    // Past this check, and without a key of that kind.
    expect((await refusal(token, { serverAlgs: ['ES256K'] })).check).toBe('key')
    expect((await refusal(token, registered('ES256K'))).check).toBe('key')
  })

  it('is none only as registered, straight from the token endpoint, and without a signature', async () => {
    const unsigned = anIdToken({}, { alg: 'none', header: { kid: undefined } })
    const { checks } = await judge(unsigned, registered('none', { receivedFrom: 'token_endpoint' }))
    expect(outcomes(checks)).toMatchObject({ key: 'not_applicable', signature: 'passed' })
    expect((await refusal(unsigned, registered('none'))).check).toBe('alg')
    expect((await refusal(unsigned, registered('none', { receivedFrom: 'authorization_endpoint' }))).check).toBe('alg')
    expect((await refusal(unsigned, { receivedFrom: 'token_endpoint' })).check).toBe('alg')
    const signed = `${unsigned}AAAA`
    expect((await refusal(signed, registered('none', { receivedFrom: 'token_endpoint' }))).check).toBe('signature')
    expect((await refusal(anIdToken(), registered('none', { receivedFrom: 'token_endpoint' }))).check).toBe('alg')
  })

  it('is a MAC only as registered, and only by the secret', async () => {
    const clientSecret = 'a-client-secret-of-thirty-two-bytes!'
    const token = anIdToken({}, { alg: 'HS256', key: clientSecret })
    await expect(judge(token, registered('HS256', { clientSecret }))).resolves.toBeDefined()
    expect((await refusal(token, { clientSecret })).check).toBe('alg')
    expect((await refusal(token, registered('HS256', { clientSecret: `${clientSecret}x` }))).check).toBe('signature')
    expect((await refusal(token, registered('HS384', { clientSecret }))).check).toBe('alg')
  })

  it('is no MAC by a public key', async () => {
    const spki = createPublicKey(aKeyPair('RSA').privateKey)
    const clientSecret = 'a-client-secret-of-thirty-two-bytes!'
    for (const key of [
      spki.export({ type: 'spki', format: 'pem' }).toString(),
      spki.export({ type: 'spki', format: 'pem' }).toString().trim(),
      JSON.stringify(publicJwk('RSA')),
      publicJwk('RSA').n as string,
    ]) {
      expect(await check({}, {}, { alg: 'HS256', key })).toBe('alg')
      expect(await check({}, registered('HS256', { clientSecret }), { alg: 'HS256', key })).toBe('signature')
    }
  })

  it('is bound to the key: another curve, another padding, another salt fail', async () => {
    expect(await check({}, {}, { alg: 'ES256', header: { kid: 'P-384' }, key: aKeyPair('P-384').privateKey })).toBe(
      'key',
    )
    const ed448 = { keys: [publicJwk('Ed448', { kid: 'Ed448' })] }
    expect(
      await check({}, { keys: ed448 }, { alg: 'EdDSA', header: { kid: 'Ed448' }, key: aKeyPair('Ed448').privateKey }),
    ).toBe('key')
    expect(await check({}, {}, { alg: 'PS256', saltLength: 0 })).toBe('signature')
    expect(await check({}, {}, { alg: 'PS256', saltLength: 222 })).toBe('signature')
    const bound = { keys: [publicJwk('RSA', { kid: 'RSA', alg: 'RS256' })] }
    expect(await check({}, { keys: bound }, { alg: 'PS256' })).toBe('key')
    const e1 = { keys: [publicJwk('RSA', { kid: 'RSA', e: 'AQ' })] }
    expect(await check({}, { keys: e1 }, { alg: 'RS256' })).toBe('key')
  })

  it('tries each key of the same kid', async () => {
    const keys = { keys: [publicJwk('P-256', { kid: 'P-256' }, 'other'), publicJwk('P-256', { kid: 'P-256' })] }
    await expect(judge(anIdToken(), { keys })).resolves.toBeDefined()
  })

  it('without a kid takes the only key that fits, and refuses to choose', async () => {
    const token = anIdToken({}, { header: { kid: undefined } })
    await expect(judge(token)).resolves.toBeDefined()
    const two = { keys: [publicJwk('P-256', { kid: 'a' }, 'other'), publicJwk('P-256', { kid: 'b' })] }
    expect((await refusal(token, { keys: two })).message).toContain('2 keys fit ES256')
  })

  it('does not verify a changed payload', async () => {
    const [header, , signature] = anIdToken().split('.')
    const [, payload] = anIdToken({ sub: 'admin' }).split('.')
    expect((await refusal(`${header}.${payload}.${signature}`)).check).toBe('signature')
  })
})
