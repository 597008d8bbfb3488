import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { IdTokenError, type TokenCheck } from '../../src/errors/protocol.ts'
import type { SignatureAlgorithm } from '../../src/lib/signatures/types.ts'
import { type IdTokenClaims, type IdTokenExpectations, judgeIdToken } from '../../src/protocol/id-token.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { hashToken } from '../../src/protocol/token-hash.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import {
  aJws,
  aKeyPair,
  anIdToken,
  clientId,
  encode,
  everyAsymmetricAlgorithm,
  type IdTokenParts,
  issuer,
  issuerKeys,
  kindOf,
  now,
  publicJwk,
} from '../support/id-token.ts'

interface Setup extends Partial<IdTokenExpectations> {
  readonly serverAlgs?: readonly string[] | undefined
  readonly keys?: { keys: unknown[] }
}

const judge = (token: string, { serverAlgs = everyAsymmetricAlgorithm, keys, ...expectations }: Setup = {}) => {
  const keyring = createKeyring(keys ?? issuerKeys())
  return judgeIdToken(
    token,
    { issuer, clientId, nonce: 'n-1', ...expectations },
    { signingAlgs: () => serverAlgs, selectKeys: (query) => keyring.select(query), runtime: createFakeRuntime() },
  )
}

const refusal = async (token: string, setup: Setup = {}) => {
  const error = await judge(token, setup).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(IdTokenError)
  const failed = error as IdTokenError
  expect(failed.code).toBe('invalid_id_token')
  expect(failed.message).toMatch(/^id_token .*\(.+\)$/)
  expect(failed.checks.at(-1)).toMatchObject({ name: failed.check, outcome: 'failed', clause: failed.clause })
  expect(failed.checks.slice(0, -1).every(({ outcome }) => outcome !== 'failed')).toBe(true)
  return failed
}

const check = async (claims: Record<string, unknown>, setup: Setup = {}, parts: IdTokenParts = {}) =>
  (await refusal(anIdToken(claims, parts), setup)).check
const outcomes = (checks: readonly TokenCheck[]) =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]))

describe('an id_token', () => {
  it('is verified, and each check reported in order', async () => {
    const { claims, header, checks } = await judge(anIdToken({ name: 'Zoë' }))
    expect(claims).toMatchObject({ iss: issuer, sub: 'user-1', name: 'Zoë' })
    expect(header.alg).toBe('ES256')
    expect(checks.map(({ name }) => name)).toEqual([
      ...['encryption', 'shape', 'crit', 'b64', 'typ', 'alg', 'key', 'signature', 'kind', 'iss', 'aud', 'azp', 'sub'],
      ...[
        'exp',
        'nbf',
        'iat',
        'token_age',
        'auth_time',
        'max_age',
        'nonce',
        'acr',
        'at_hash',
        'c_hash',
        's_hash',
        'refresh',
      ],
    ])
    for (const one of checks) {
      if (one.outcome === 'not_applicable') expect(one.reason).toBeTruthy()
      else expect(one.outcome).toBe('passed')
    }
  })

  it.each(everyAsymmetricAlgorithm)('is verified when signed by %s', async (alg) => {
    await expect(judge(anIdToken({}, { alg }))).resolves.toBeDefined()
    const other = aKeyPair(kindOf(alg), 'other').privateKey
    expect(await check({}, {}, { alg, key: other })).toBe('signature')
  })

  it('of another shape is refused before anything else', async () => {
    const { check: name, message } = await refusal('e30.e30.e30.e30.e30')
    expect(name).toBe('shape')
    expect(message).toBe('id_token is 5 parts; expected 3 parts (RFC 7515 7.1)')
  })
})

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
  const registered = (idTokenSignedResponseAlg: SignatureAlgorithm | 'none', more: Setup = {}): Setup => ({
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

describe('on refresh (Core 12.2)', () => {
  const previous = { iss: issuer, sub: 'user-1', aud: clientId, exp: now, iat: now - 600 } as IdTokenClaims
  const refreshed = (claims: Record<string, unknown>, before: Partial<IdTokenClaims> = {}) =>
    judge(anIdToken({ nonce: undefined, ...claims }), { nonce: undefined, previous: { ...previous, ...before } })
  const failed = async (claims: Record<string, unknown>, before: Partial<IdTokenClaims> = {}) =>
    refreshed(claims, before).then(
      () => 'nothing',
      (error: IdTokenError) => error.check,
    )

  it('goes on with the same login', async () => {
    await expect(refreshed({})).resolves.toBeDefined()
    await expect(refreshed({ aud: [clientId] })).resolves.toBeDefined()
    await expect(refreshed({ auth_time: now - 600 }, { auth_time: now - 600 })).resolves.toBeDefined()
    await expect(refreshed({}, { auth_time: now - 600, nonce: 'n-1' })).resolves.toBeDefined()
    await expect(refreshed({ nonce: 'n-1' }, { nonce: 'n-1' })).resolves.toBeDefined()
    await expect(refreshed({ azp: clientId }, { azp: clientId })).resolves.toBeDefined()
  })

  it.each([
    ['refresh_iss', {}, { iss: 'https://other.example' }],
    ['refresh_sub', { sub: 'user-2' }, {}],
    ['refresh_aud', {}, { aud: [clientId, 'api'] }],
    ['refresh_auth_time', { auth_time: now }, { auth_time: now - 600 }],
    ['refresh_azp', { azp: clientId }, {}],
    ['refresh_azp', {}, { azp: clientId }],
    ['refresh_nonce', { nonce: 'n-2' }, { nonce: 'n-1' }],
    ['refresh_nonce', { nonce: 'n-2' }, {}],
  ])('fails the check %s with %j after %j', async (name, claims, before) => {
    expect(await failed(claims, before)).toBe(name)
  })

  it('does not name the users', async () => {
    const error = (await refreshed({ sub: 'mallory' }).catch((caught: unknown) => caught)) as IdTokenError
    expect(`${error.message} ${JSON.stringify(error.checks)}`).not.toMatch(/mallory|user-1/)
  })
})

it('cannot be another kind of JWT', async () => {
  const key = aKeyPair('P-256').privateKey
  const common = { iss: issuer, aud: clientId, iat: now, exp: now + 60, jti: 'j', sub: 'user-1', nonce: 'n-1' }
  const accessToken = aJws(
    { alg: 'ES256', kid: 'P-256', typ: 'at+jwt' },
    { ...common, client_id: clientId },
    key,
    'ES256',
  )
  expect((await refusal(accessToken)).check).toBe('typ')
  const logoutToken = aJws({ alg: 'ES256', kid: 'P-256' }, { ...common, events: {} }, key, 'ES256')
  expect((await refusal(logoutToken)).check).toBe('kind')
})
