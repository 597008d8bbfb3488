import { describe, expect, it } from 'vitest'
import type { SignatureAlgorithm } from '../../src/lib/signatures/types.ts'
import { hashToken } from '../../src/protocol/token-hash.ts'
import { anIdToken, clientId, everyAsymmetricAlgorithm, issuer, now } from '../support/id-token.ts'
import { check, judge, outcomes, refusal } from './id-token-rig.ts'

describe('the claims of an id_token', () => {
  it.each([
    ['kind', { iss: undefined }],
    ['kind', { sub: undefined }],
    ['kind', { aud: undefined }],
    ['kind', { exp: undefined }],
    ['kind', { iat: undefined }],
    ['kind', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['kind', { token_introspection: {} }],
    ['kind', { htm: 'POST', htu: 'https://x' }],
    ['iss', { iss: `${issuer}/` }],
    ['iss', { iss: 'https://OP.example' }],
    ['iss', { iss: 'https://evil.example' }],
    ['iss', { iss: [issuer] }],
    ['aud', { aud: 'other-app' }],
    ['aud', { aud: [] }],
    ['aud', { aud: '' }],
    ['aud', { aud: { 0: clientId } }],
    ['aud', { aud: [clientId, 5], azp: clientId }],
    ['aud', { aud: [[clientId]] }],
    ['aud', { aud: `${clientId} other` }],
    ['aud', { aud: [clientId, 'other'], azp: clientId }],
    ['azp', { azp: 'other-app' }],
    ['azp', { azp: '' }],
    ['azp', { azp: null }],
    ['azp', { azp: [clientId] }],
    ['sub', { sub: '' }],
    ['sub', { sub: 5 }],
    ['sub', { sub: 'x'.repeat(256) }],
    ['sub', { sub: 'zoë' }],
    ['sub', { sub: null }],
    ['nonce', { nonce: undefined }],
    ['nonce', { nonce: 'n-2' }],
    ['nonce', { nonce: '' }],
    ['nonce', { nonce: ['n-1'] }],
    ['exp', { exp: now - 30 }],
    ['exp', { exp: 0 }],
    ['iat', { iat: now + 31 }],
    ['iat', { iat: now + 86_400, exp: now + 90_000 }],
    ['nbf', { nbf: now + 31 }],
    ['auth_time', { auth_time: now + 31 }],
    ['auth_time', { auth_time: 'yesterday' }],
    ['shape', { exp: `${now + 300}` }],
    ['shape', { nbf: '0' }],
  ])('fail the check %s with %j', async (name, claims) => {
    expect(await check(claims)).toBe(name)
  })

  it.each([
    { aud: [clientId] },
    { azp: clientId },
    { sub: 'x'.repeat(255) },
    { exp: now - 29 },
    { iat: now + 30 },
    { nbf: now + 30 },
    { iat: 0 },
    { exp: now + 0.5 },
  ])('pass with %j', async (claims) => {
    await expect(judge(anIdToken(claims))).resolves.toBeDefined()
  })

  it('name clause, expectation and what came', async () => {
    const error = await refusal(anIdToken({ aud: 'other-app' }))
    expect(error.message).toBe('id_token claim "aud" is "other-app"; expected "my-app" (OIDC Core 3.1.3.7 item 3)')
    expect(error).toMatchObject({ expected: 'my-app', actual: 'other-app', clause: 'OIDC Core 3.1.3.7 item 3' })
  })

  it('cannot write what they like into a message', async () => {
    const error = await refusal(anIdToken({ iss: `\u001b[31m\n${'x'.repeat(5000)}` }))
    expect(error.message.length).toBeLessThan(300)
    expect(error.message).not.toMatch(/\p{Cc}/u)
    const objects = await refusal(anIdToken({ aud: Array.from({ length: 4000 }, () => ({ a: 1 })) }))
    expect(objects.message.length).toBeLessThan(300)
  })

  it('may name other audiences that are trusted, with an azp', async () => {
    const aud = [clientId, 'api']
    await expect(judge(anIdToken({ aud, azp: clientId }), { trustedAudiences: ['api'] })).resolves.toBeDefined()
    expect(await check({ aud }, { trustedAudiences: ['api'] })).toBe('azp')
    expect(await check({ aud: ['api'] }, { trustedAudiences: ['api'] })).toBe('aud')
  })

  it('may come from another authorized party', async () => {
    await expect(judge(anIdToken({ azp: 'native-app' }), { authorizedParties: ['native-app'] })).resolves.toBeDefined()
    expect(await check({ azp: 'third' }, { authorizedParties: ['native-app'] })).toBe('azp')
  })

  it('are held against the tolerance given, and the greatest age', async () => {
    expect(await check({ exp: now }, { tolerance: 0 })).toBe('exp')
    await expect(judge(anIdToken({ exp: now - 100 }), { tolerance: 101 })).resolves.toBeDefined()
    expect(await check({ iat: now - 631 }, { maxTokenAge: 600 })).toBe('token_age')
    await expect(judge(anIdToken({ iat: now - 630 }), { maxTokenAge: 600 })).resolves.toBeDefined()
  })
})

describe('nonce', () => {
  it('unasked is not checked, and null must be absent', async () => {
    const { checks } = await judge(anIdToken(), { nonce: undefined })
    expect(outcomes(checks).nonce).toBe('not_applicable')
    await expect(judge(anIdToken({ nonce: undefined }), { nonce: null })).resolves.toBeDefined()
    expect(await check({}, { nonce: null })).toBe('nonce')
    expect(await check({ nonce: null }, { nonce: null })).toBe('nonce')
  })

  it('is not told', async () => {
    const error = await refusal(anIdToken({ nonce: 'secret-of-another' }), { nonce: 'secret-of-mine' })
    const told = `${error.message} ${JSON.stringify(error.checks)} ${error.expected} ${error.actual}`
    expect(told).not.toMatch(/secret-of/)
    const { checks } = await judge(anIdToken({ nonce: 'secret-of-mine' }), { nonce: 'secret-of-mine' })
    expect(JSON.stringify(checks)).not.toMatch(/secret-of/)
  })
})

describe('a subject that is none', () => {
  it.each([
    [5, 'number'],
    ['', 'other text'],
    ['Zoë', 'other text'],
  ])('is reported by its kind and not by its name: %j', async (sub, actual) => {
    const error = await refusal(anIdToken({ sub }))
    expect(error).toMatchObject({ check: 'sub', expected: '1 to 255 ASCII characters', actual })
  })
})

describe('auth_time and acr', () => {
  it('need auth_time when max_age was asked for', async () => {
    expect(await check({}, { maxAge: 60 })).toBe('max_age')
    expect(await check({ auth_time: now - 91 }, { maxAge: 60 })).toBe('max_age')
    await expect(judge(anIdToken({ auth_time: now - 90 }), { maxAge: 60 })).resolves.toBeDefined()
    expect(await check({ auth_time: now - 31 }, { maxAge: 0 })).toBe('max_age')
  })

  it('report another acr, and refuse it when it was essential', async () => {
    const { checks } = await judge(anIdToken({ acr: '1' }), { acrValues: ['2', '3'] })
    expect(checks.find(({ name }) => name === 'acr')).toMatchObject({ outcome: 'not_applicable', actual: '1' })
    expect(await check({ acr: '1' }, { acrValues: ['2'], acrEssential: true })).toBe('acr')
    expect(await check({}, { acrValues: ['2'], acrEssential: true })).toBe('acr')
    await expect(judge(anIdToken({ acr: '2' }), { acrValues: ['2'], acrEssential: true })).resolves.toBeDefined()
  })
})

describe('hashes of what came with it', () => {
  const inputs = { accessToken: 'access-token', code: 'code', state: 'state' }
  const hashes = async (alg: SignatureAlgorithm) => ({
    at_hash: await hashToken(inputs.accessToken, alg),
    c_hash: await hashToken(inputs.code, alg),
    s_hash: await hashToken(inputs.state, alg),
  })

  it('follow the examples of OIDC Core A.3 and A.4', async () => {
    expect(await hashToken('jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y', 'RS256')).toBe('77QmUPtjPfzWtF2AnpK9RQ')
    expect(await hashToken('Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk', 'RS256')).toBe(
      'LDktKdoQak3Pk0cnXxCltA',
    )
  })

  it.each(everyAsymmetricAlgorithm)('are checked for %s', async (alg) => {
    const good = await hashes(alg)
    const { checks } = await judge(anIdToken(good, { alg }), inputs)
    expect(outcomes(checks)).toMatchObject({ at_hash: 'passed', c_hash: 'passed', s_hash: 'passed' })
    for (const name of ['at_hash', 'c_hash', 's_hash'] as const) {
      expect(await check({ ...good, [name]: good[name].slice(0, -2) }, inputs, { alg })).toBe(name)
      expect(await check({ ...good, [name]: 5 }, inputs, { alg })).toBe(name)
    }
  })

  it('are refused when another token came', async () => {
    expect(await check(await hashes('ES256'), { accessToken: 'stolen' })).toBe('at_hash')
    expect(await check(await hashes('ES256'), { code: 'stolen' })).toBe('c_hash')
    expect(await check(await hashes('ES256'), { state: 'stolen' })).toBe('s_hash')
  })

  it('may be absent unless the flow demands them, and need their input', async () => {
    const { checks } = await judge(anIdToken(await hashes('ES256')))
    expect(outcomes(checks)).toMatchObject({ at_hash: 'not_applicable', c_hash: 'not_applicable' })
    await expect(judge(anIdToken(), inputs)).resolves.toBeDefined()
    for (const name of ['at_hash', 'c_hash', 's_hash'] as const) {
      expect(await check({}, { ...inputs, requiredHashes: [name] })).toBe(name)
    }
  })
})
