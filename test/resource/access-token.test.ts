import { describe, expect, it } from 'vitest'
import { aKeyPair, encode, everyAsymmetricAlgorithm, publicJwk } from '../support/id-token.ts'
import { anAccessToken, aRequest, aResource, audience, granted, issuer, now, refused } from './rig.ts'

describe('a JWT access token', () => {
  it('lets a request in, and says for whom it speaks', async () => {
    const { call } = await aResource()
    const token = granted(await call(`Bearer ${anAccessToken()}`))
    expect(token).toMatchObject({
      issuer,
      principal: { kind: 'user', issuer, subject: 'user-1', clientId: 'app-1' },
      scopes: ['notes:read', 'profile'],
      expiresAt: (now + 300) * 1000,
      binding: 'none',
    })
    expect(token.claims.jti).toBe('at-1')
  })

  it('is held against rules that are all reported', async () => {
    const { call } = await aResource()
    const { checks } = await call(`Bearer ${anAccessToken()}`)
    const names = checks.map(({ name }) => name)
    for (const name of ['credentials', 'shape', 'typ', 'alg', 'key', 'signature', 'kind', 'iss', 'aud', 'exp', 'iat']) {
      expect(names).toContain(name)
    }
    expect(checks.every(({ outcome }) => outcome !== 'failed')).toBe(true)
  })

  it.each(everyAsymmetricAlgorithm)('may be signed by %s', async (alg) => {
    const { call } = await aResource()
    expect((await call(`Bearer ${anAccessToken({}, { alg })}`)).ok).toBe(true)
  })

  it.each(['AT+JWT', 'application/at+jwt'])('may have the typ %s', async (typ) => {
    const { call } = await aResource()
    expect((await call(`Bearer ${anAccessToken({}, { header: { typ } })}`)).ok).toBe(true)
  })

  it('may have this resource as one of several audiences', async () => {
    const { call } = await aResource({ audience: ['https://old.example', audience] })
    expect((await call(`Bearer ${anAccessToken({ aud: ['https://x.example', audience] })}`)).ok).toBe(true)
  })

  it('speaks for the client where its sub is the client, and never for a user of that name', async () => {
    const { call } = await aResource()
    const token = granted(await call(`Bearer ${anAccessToken({ sub: 'app-1' })}`))
    expect(token.principal).toEqual({ kind: 'client', issuer, clientId: 'app-1' })
  })

  it('may be issued or come into force up to 60 seconds ahead of this clock', async () => {
    const { call } = await aResource()
    expect((await call(`Bearer ${anAccessToken({ iat: now + 60, nbf: now + 60 })}`)).ok).toBe(true)
  })

  it('is good until the second before its exp', async () => {
    const { call, clock } = await aResource()
    clock.advance(299_999)
    expect((await call(`Bearer ${anAccessToken()}`)).ok).toBe(true)
    clock.advance(1)
    expect(refused(await call(`Bearer ${anAccessToken()}`)).error.check).toBe('exp')
  })
})

const foreign = aKeyPair('P-256', 'foreign').privateKey
const rejected: readonly (readonly [string, string, string])[] = [
  ['without typ', anAccessToken({}, { header: { typ: undefined } }), 'typ'],
  ['that is an id_token by its typ', anAccessToken({}, { header: { typ: 'JWT' } }), 'typ'],
  ['that is a logout token by its typ', anAccessToken({}, { header: { typ: 'logout+jwt' } }), 'typ'],
  ['with a critical extension', anAccessToken({}, { header: { crit: ['exp'] } }), 'crit'],
  ['with b64', anAccessToken({}, { header: { b64: false } }), 'crit'],
  ['that is unsigned', anAccessToken({}, { alg: 'none', header: { alg: 'none' } }), 'alg'],
  ['with a MAC', anAccessToken({}, { alg: 'HS256', key: 'x'.repeat(32) }), 'alg'],
  ['signed by another key', anAccessToken({}, { key: foreign }), 'signature'],
  ['with an unknown kid', anAccessToken({}, { header: { kid: 'other' } }), 'key'],
  [
    'that brings its own key',
    anAccessToken({}, { key: foreign, header: { jwk: publicJwk('P-256', {}, 'foreign') } }),
    'signature',
  ],
  ['of another issuer', anAccessToken({ iss: 'https://other.example' }), 'iss'],
  ['of the issuer with a slash too many', anAccessToken({ iss: `${issuer}/` }), 'iss'],
  ['whose iss is no string', anAccessToken({ iss: [issuer] }), 'iss'],
  ['without iss', anAccessToken({ iss: undefined }), 'iss'],
  ['for another audience', anAccessToken({ aud: 'https://other.example' }), 'aud'],
  ['for an audience that only begins like this one', anAccessToken({ aud: `${audience}/` }), 'aud'],
  ['without aud', anAccessToken({ aud: undefined }), 'kind'],
  ['whose aud holds no strings', anAccessToken({ aud: [[audience]] }), 'aud'],
  ['that has expired this second', anAccessToken({ exp: now }), 'exp'],
  ['without exp', anAccessToken({ exp: undefined }), 'kind'],
  ['whose exp is a string', anAccessToken({ exp: String(now + 300) }), 'shape'],
  ['that comes into force in 61 seconds', anAccessToken({ nbf: now + 61 }), 'nbf'],
  ['that is issued in 61 seconds', anAccessToken({ iat: now + 61 }), 'iat'],
  ['without iat', anAccessToken({ iat: undefined }), 'kind'],
  ['without sub', anAccessToken({ sub: undefined }), 'kind'],
  ['with an empty sub', anAccessToken({ sub: '' }), 'sub'],
  ['whose sub is no string', anAccessToken({ sub: 7 }), 'sub'],
  ['without client_id', anAccessToken({ client_id: undefined }), 'kind'],
  ['whose client_id is no string', anAccessToken({ client_id: ['app-1'] }), 'client_id'],
  ['without jti', anAccessToken({ jti: undefined }), 'kind'],
  ['with the events of a logout token', anAccessToken({ events: {} }), 'kind'],
  ['with the nonce of an id_token', anAccessToken({ nonce: 'n-1' }), 'kind'],
  ['whose scope is a list', anAccessToken({ scope: ['notes:read'] }), 'scope_syntax'],
  ['whose cnf is no object', anAccessToken({ cnf: 'jkt' }), 'cnf'],
  ['of two parts', anAccessToken().split('.').slice(0, 2).join('.'), 'shape'],
  ['of five parts, as an encrypted one', 'a.b.c.d.e', 'shape'],
  ['with a member twice', `${encode('{"alg":"ES256","alg":"ES256"}')}.${encode({})}.AA`, 'shape'],
  ['that is no JWT', 'opaque', 'shape'],
]

describe('an access token', () => {
  it.each(rejected)('%s is refused', async (_, token, check) => {
    const { call } = await aResource()
    const { status, challenge, error } = refused(await call(`Bearer ${token}`))
    expect({ status, code: error.code, check: error.check }).toEqual({ status: 401, code: 'invalid_token', check })
    expect(challenge).toMatch(/^Bearer error="invalid_token", error_description="[\w ,]+", DPoP algs=/)
    expect(error.clause).toMatch(/^RFC \d+|^OIDC/)
    expect(error.checks.at(-1)).toMatchObject({ name: check, outcome: 'failed' })
    // Neither the token nor its subject is told to anybody.
    expect(`${error.message} ${JSON.stringify(error)} ${challenge}`).not.toContain(token)
    expect(error.message).not.toContain('user-1')
  })

  it('by an algorithm that was not configured is refused', async () => {
    const { issuerKeys } = await import('../support/id-token.ts')
    const { call } = await aResource({ issuer: { issuer, jwks: issuerKeys(), algorithms: ['PS256'] } })
    expect((await call(`Bearer ${anAccessToken({}, { alg: 'PS256' })}`)).ok).toBe(true)
    expect(refused(await call(`Bearer ${anAccessToken()}`)).error.check).toBe('alg')
  })

  it('of one trusted issuer is not verified by the keys of another', async () => {
    const own = { keys: [publicJwk('P-256', { kid: 'P-256' }, 'foreign')] }
    const { issuerKeys } = await import('../support/id-token.ts')
    const other = { issuer: 'https://second.example', jwks: own }
    const { call } = await aResource({ issuer: [{ issuer, jwks: issuerKeys() }, other] })
    expect((await call(`Bearer ${anAccessToken()}`)).ok).toBe(true)
    const good = anAccessToken({ iss: other.issuer }, { key: foreign })
    expect(granted(await call(`Bearer ${good}`)).issuer).toBe(other.issuer)
    expect(refused(await call(`Bearer ${anAccessToken({ iss: other.issuer })}`)).error.check).toBe('signature')
    expect(refused(await call(`Bearer ${anAccessToken({}, { key: foreign })}`)).error.check).toBe('signature')
  })

  it('is judged by keys that are fetched and cached, and an outage is no fault of the client', async () => {
    const { issuerKeys } = await import('../support/id-token.ts')
    const { createFakeServer } = await import('../support/fake-server.ts')
    const server = createFakeServer()
    server.set(`${issuer}/.well-known/openid-configuration`, { issuer, jwks_uri: `${issuer}/jwks` })
    server.set(`${issuer}/jwks`, issuerKeys())
    const down = await aResource({ issuer, fetch: server.fetch })
    server.down()
    const { status, challenge, error } = refused(await down.call(`Bearer ${anAccessToken()}`))
    expect({ status, challenge, code: error.code }).toEqual({ status: 503, challenge: '', code: 'unavailable' })
    expect(error.cause).toMatchObject({ code: 'network_error' })
    server.up()
    down.clock.advance(120_000)
    for (let i = 0; i < 3; i++) {
      expect((await down.resource.protect(aRequest(`Bearer ${anAccessToken({ iat: now })}`))).ok).toBe(true)
    }
    expect(server.asked.filter((asked) => asked.endsWith('/jwks'))).toHaveLength(1)
  })
})
