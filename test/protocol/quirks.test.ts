import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { IdTokenError } from '../../src/errors/protocol.ts'
import { verifyIdToken } from '../../src/issuer/verify-id-token.ts'
import type { Jwk } from '../../src/lib/signatures/types.ts'
import { judgeMetadata } from '../../src/protocol/metadata.ts'
import type { Quirk } from '../../src/protocol/quirks.ts'
import { isIssuerTemplate, isTenantIssuer } from '../../src/protocol/templated-issuer.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { anIdToken, clientId, issuer, publicJwk } from '../support/id-token.ts'

const all: readonly Quirk[] = ['token-endpoint-audience', 'key-without-kid', 'rsa-exponent-3', 'templated-issuer']

const verify = (token: string, keys: readonly Jwk[], quirks?: readonly Quirk[], iss = issuer) =>
  verifyIdToken(token, {
    ...{ issuer: iss, clientId, jwks: { keys }, runtime: createFakeRuntime(), ...(quirks && { quirks }) },
    idTokenSignedResponseAlg: JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).alg,
  })

const failedCheck = async (verdict: Promise<unknown>) => {
  const error = await verdict.catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(IdTokenError)
  return (error as IdTokenError).check
}

const without = (quirk: Quirk) => all.filter((one) => one !== quirk)
const byQuirk = (quirk: Quirk) => expect.objectContaining({ outcome: 'not_applicable', reason: `quirk "${quirk}"` })

describe('quirks', () => {
  it('are refused by an unknown name, and as anything but a list', async () => {
    await expect(verify(anIdToken(), [], ['templated_issuer' as never])).rejects.toThrow(/"quirks".*known are/)
    await expect(verify(anIdToken(), [], 'templated-issuer' as never)).rejects.toThrow(/must be a list/)
  })

  it('change nothing of a token that breaks no rule, and are not reported then', async () => {
    const { checks } = await verify(anIdToken(), [publicJwk('P-256', { kid: 'P-256' })], all)
    expect(checks.filter(({ reason }) => reason?.startsWith('quirk'))).toEqual([])
  })
})

describe('key-without-kid', () => {
  const token = anIdToken({}, { header: { kid: undefined } })
  const keys = ['one', 'two', ''].map((name) => publicJwk('P-256', { kid: `kid ${name}` }, name))

  it('has every fitting key tried, and says so', async () => {
    const { checks } = await verify(token, keys, ['key-without-kid'])
    expect(checks).toContainEqual(byQuirk('key-without-kid'))
  })

  it('is what it takes: without it the token is refused', async () => {
    expect(await failedCheck(verify(token, keys))).toBe('key')
    expect(await failedCheck(verify(token, keys, without('key-without-kid')))).toBe('key')
  })

  it('has four keys tried and no fifth', async () => {
    const strangers = ['a', 'b', 'c', 'd'].map((name) => publicJwk('P-256', { kid: name }, name))
    expect(await failedCheck(verify(token, [...strangers, ...keys], ['key-without-kid']))).toBe('signature')
  })

  it('takes no key for a kid that is not its own', async () => {
    expect(await failedCheck(verify(anIdToken({}, { header: { kid: 'x' } }), keys, all))).toBe('key')
  })
})

describe('rsa-exponent-3', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'RSA' } as Jwk
  const token = anIdToken({}, { alg: 'RS256', key: privateKey })

  it('lets such a key verify, and says so', async () => {
    const { checks } = await verify(token, [jwk], ['rsa-exponent-3'])
    expect(checks).toContainEqual(byQuirk('rsa-exponent-3'))
  })

  it('is what it takes: without it the key is none', async () => {
    expect(await failedCheck(verify(token, [jwk]))).toBe('key')
    expect(await failedCheck(verify(token, [jwk], without('rsa-exponent-3')))).toBe('key')
  })

  it.each(['AQ', 'BQ', 'AAAD', 'EQ'])('lets no other small exponent pass: %s', async (e) => {
    expect(await failedCheck(verify(token, [{ ...jwk, e }], all))).toBe('key')
  })

  it('lets no short modulus pass', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 })
    const short = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'RSA' } as Jwk
    expect(await failedCheck(verify(anIdToken({}, { alg: 'RS256', key: pair.privateKey }), [short], all))).toBe('key')
  })
})

describe('templated-issuer', () => {
  const shared = 'https://login.example/common/v2.0'
  const tenant = 'https://login.example/9188040d-6c67/v2.0'
  const keys = [publicJwk('P-256', { kid: 'P-256' })]

  it('takes the tenant that the token itself names, and says so', async () => {
    const token = anIdToken({ iss: tenant, tid: '9188040d-6c67' })
    const { checks, claims } = await verify(token, keys, ['templated-issuer'], shared)
    expect(checks).toContainEqual(byQuirk('templated-issuer'))
    expect(claims.iss).toBe(tenant)
  })

  it('is what it takes: without it the issuer is another', async () => {
    const token = anIdToken({ iss: tenant, tid: '9188040d-6c67' })
    expect(await failedCheck(verify(token, keys, undefined, shared))).toBe('iss')
    expect(await failedCheck(verify(token, keys, without('templated-issuer'), shared))).toBe('iss')
  })

  it.each([
    ['no tid', { iss: tenant }],
    ['the tid of another tenant', { iss: tenant, tid: 'other' }],
    ['another host', { iss: 'https://evil.example/9188040d-6c67/v2.0', tid: '9188040d-6c67' }],
    ['another path beside', { iss: 'https://login.example/9188040d-6c67/v1.0', tid: '9188040d-6c67' }],
    ['more segments', { iss: `${tenant}/x`, tid: 'x' }],
    ['a path in the tenant', { iss: 'https://login.example/../v2.0', tid: '..' }],
    ['an empty tenant', { iss: 'https://login.example//v2.0', tid: '' }],
    ['an iss that is no text', { iss: ['https://login.example', 'x'], tid: 'x' }],
  ])('refuses %s', async (_, claims) => {
    const outcome = verify(anIdToken(claims), keys, ['templated-issuer'], shared)
    expect(['iss', 'kind']).toContain(await failedCheck(outcome))
  })

  it('takes a placeholder in the issuer of the metadata, and reports it', () => {
    const onQuirk = vi.fn()
    const document = { issuer: 'https://login.example/{tenantid}/v2.0', token_endpoint: `${shared}/token` }
    const rules = { issuer: shared, quirks: ['templated-issuer'], onQuirk } as const
    expect(judgeMetadata(document, rules)).toMatchObject({ issuer: shared })
    expect(onQuirk).toHaveBeenCalledExactlyOnceWith('templated-issuer')
    expect(() => judgeMetadata(document, { issuer: shared })).toThrow(/"issuer"/)
    expect(() => judgeMetadata({ ...document, issuer: tenant }, rules)).toThrow(/"issuer"/)
  })

  it('knows a template and a tenant by one segment of the path', () => {
    expect(isIssuerTemplate(shared, 'https://{host}/common/v2.0')).toBe(false)
    expect(isIssuerTemplate(shared, 'https://login.example/{a}/{b}')).toBe(false)
    expect(isTenantIssuer(shared, shared, 'common')).toBe(false)
  })
})
