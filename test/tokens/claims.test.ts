// claims: userinfo in every form, merged with the id_token, at most once an interval; id_tokens, verified or not stored.
import { createHash } from 'node:crypto'
import { CompactEncrypt, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { aJws, aKeyPair, privateJwk, publicJwk } from '../support/id-token.ts'
import { anIdToken, clientId, issuer } from './an-issuer.ts'
import { aLogin, alice, aRig, client, place, type Rig } from './rig.ts'

const asAlice = { sub: 'alice', nonce: undefined }

async function withToken(rig: Rig): Promise<Rig> {
  await rig.manager.accessTokens.register('t', { ...place, metadata: { sub: 'alice', scope: 'openid' } })
  return rig
}

const userinfo = (rig: Rig, claims: object) => rig.issuer.answer('userinfo', () => Response.json(claims))
const text = (body: string, type: string) => () => new Response(body, { headers: { 'content-type': type } })

describe('claims.get', () => {
  it('asks the first time, and then at most every 30 seconds', async () => {
    const rig = await withToken(aRig())
    let version = 0
    rig.issuer.answer('userinfo', () => Response.json({ sub: 'alice', version: ++version }))
    const get = () => rig.manager.claims.get(issuer, 'alice')
    expect(await get()).toEqual({ version: 1 })
    rig.clock.advance(29_999)
    expect(await get()).toEqual({ version: 1 })
    rig.clock.advance(1)
    expect(await get()).toEqual({ version: 2 })
    expect(await rig.manager.claims.get(issuer, 'alice', { minUserinfoRefreshInterval: 0 })).toEqual({ version: 3 })
    expect(rig.issuer.of('userinfo')).toHaveLength(3)
    expect(rig.issuer.of('userinfo')[0]!.headers.get('authorization')).toBe('Bearer t')
  })

  it('asks once for a hundred callers', async () => {
    const rig = await withToken(aRig())
    userinfo(rig, { sub: 'alice', name: 'Alice' })
    const all = await Promise.all(Array.from({ length: 100 }, () => rig.manager.claims.get(issuer, 'alice')))
    expect(all).toEqual(Array(100).fill({ name: 'Alice' }))
    expect(rig.issuer.of('userinfo')).toHaveLength(1)
  })

  it('takes the newer of userinfo and id_token for what both say, and leaves protocol claims out', async () => {
    const rig = await withToken(aRig())
    const seconds = rig.clock.now() / 1000
    const times = (iat: number) => ({ iat, exp: iat + 300, auth_time: iat, acr: '1', amr: ['pwd'], azp: clientId })
    const older = { ...asAlice, ...times(seconds - 10), name: 'of the older id_token', locale: 'de' }
    await rig.manager.claims.registerIdToken(anIdToken(older), place)
    userinfo(rig, { sub: 'alice', name: 'of userinfo', email: 'alice@example.com' })
    expect(await rig.manager.claims.get(issuer, 'alice')).toEqual({
      name: 'of userinfo',
      locale: 'de',
      email: 'alice@example.com',
    })
    rig.clock.advance(10_000)
    const newer = { ...asAlice, ...times(seconds + 10), name: 'of the newer id_token' }
    await rig.manager.claims.registerIdToken(anIdToken(newer), place)
    expect(await rig.manager.claims.get(issuer, 'alice')).toEqual({
      name: 'of the newer id_token',
      email: 'alice@example.com',
    })
  })

  it('refuses what is about another subject, and keeps nothing of it', async () => {
    const rig = await withToken(aRig())
    userinfo(rig, { sub: 'mallory', name: 'Mallory' })
    const get = () => rig.manager.claims.get(issuer, 'alice')
    const failure = {
      code: 'userinfo_verification',
      endpoint: 'userinfo',
      cause: { code: 'userinfo_subject_mismatch' },
    }
    await expect(get()).rejects.toMatchObject(failure)
    userinfo(rig, { sub: 'alice', name: 'Alice' })
    expect(await get()).toEqual({ name: 'Alice' })
  })

  it('takes an access token of an OpenID login, by a refresh where none is good', async () => {
    const rig = aRig()
    await aLogin(rig, 'openid read')
    await rig.manager.accessTokens.register('not for it', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    const where = { ...place, metadata: { sub: 'alice', scope: 'openid' }, resource: 'https://api.example' }
    await rig.manager.accessTokens.register('for an API', where)
    expect(await rig.manager.claims.get(issuer, 'alice', { client })).toEqual({ name: 'Name of alice' })
    expect(rig.issuer.of('token')).toHaveLength(1)
  })

  it.each([
    ['nothing is stored', [], 'none_stored'],
    ['nothing stored has openid', ['read'], 'none_with_scope'],
  ])('says that %s', async (_, scopes, reason) => {
    const rig = aRig()
    for (const scope of scopes) {
      await rig.manager.accessTokens.register('t', { ...place, metadata: { sub: 'alice', scope } })
    }
    await expect(rig.manager.claims.get(issuer, 'alice')).rejects.toMatchObject({
      code: 'no_suitable_access_token',
      reason,
    })
  })

  it('asks with another token where the server has forgotten the stored one', async () => {
    const rig = aRig()
    const metadata = { sub: 'alice', scope: 'openid' }
    await rig.manager.accessTokens.register('forgotten', { ...place, metadata })
    await expect(rig.manager.claims.get(issuer, 'alice')).rejects.toMatchObject({ code: 'http_status', status: 401 })
    await aLogin(rig)
    expect(await rig.manager.claims.get(issuer, 'alice')).toEqual({ name: 'Name of alice' })
    rig.issuer.answer('userinfo', () => new Response(null, { status: 401 }))
    await expect(rig.manager.claims.get(issuer, 'alice', { minUserinfoRefreshInterval: 0 })).rejects.toMatchObject({
      status: 401,
    })
    expect(rig.issuer.of('userinfo')).toHaveLength(5)
  })

  it('gives nobody the answer to another client’s or another server’s question', async () => {
    const rig = aRig()
    await aLogin(rig)
    const another = { client_id: 'another' }
    const elsewhere = { client, metadata: { userinfo_endpoint: `${issuer}/api` } }
    const outcomes = await Promise.allSettled([
      rig.manager.claims.get(issuer, 'alice', { client: another }),
      rig.manager.claims.get(issuer, 'alice', elsewhere),
      rig.manager.claims.get(issuer, 'alice', { client }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  })

  it('takes a claim of the name __proto__ for a claim', async () => {
    const rig = await withToken(aRig())
    rig.issuer.answer('userinfo', text('{"sub":"alice","__proto__":{"isAdmin":true}}', 'application/json'))
    expect(await rig.manager.claims.get(issuer, 'alice')).not.toHaveProperty('isAdmin')
  })

  it('needs a userinfo endpoint, and asks for no token where there is none', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.metadata.userinfo_endpoint = undefined
    await expect(rig.manager.claims.get(issuer, 'alice', { client })).rejects.toMatchObject({
      code: 'missing_server_metadata',
      field: 'userinfo_endpoint',
    })
    expect(rig.issuer.requests).toEqual([])
  })

  it.each([
    ['http_status', () => new Response(null, { status: 500 })],
    ['http_request', () => Promise.reject(new TypeError('fetch failed'))],
    ['userinfo_content_type', text('<html>', 'text/html; charset=utf-8')],
    ['userinfo_verification', () => Response.json({ name: 'Alice' })],
  ])('fails with %s', async (code, answer) => {
    const rig = await withToken(aRig())
    rig.issuer.answer('userinfo', answer)
    await expect(rig.manager.claims.get(issuer, 'alice')).rejects.toMatchObject({ code, endpoint: 'userinfo' })
  })

  it('compares content types without their parameters', async () => {
    const rig = await withToken(aRig())
    rig.issuer.answer('userinfo', text('{"sub":"alice","name":"Alice"}', 'Application/JSON;charset=utf-8;x=y'))
    expect(await rig.manager.claims.get(issuer, 'alice')).toEqual({ name: 'Alice' })
  })
})

const signed = (claims: object, key = aKeyPair('P-256').privateKey) =>
  aJws({ alg: 'ES256', kid: 'P-256' }, { iss: issuer, aud: clientId, ...claims }, key, 'ES256')

async function encrypted(jwt: string, { alg = 'RSA-OAEP-256', enc = 'A128CBC-HS256', kid = 'mine' } = {}) {
  const key = await importJWK(publicJwk('RSA', {}, kid) as never, alg)
  return await new CompactEncrypt(Buffer.from(jwt)).setProtectedHeader({ alg, enc, cty: 'JWT' }).encrypt(key)
}

const ownKeys = () => ({ keys: [privateJwk('RSA', { kid: 'mine', use: 'enc' }, 'mine')] }) as never
const registered = (more: object) => ({ ...client, ...more })

async function claimsBy(rig: Rig, by: object, answer: string): Promise<unknown> {
  await withToken(rig)
  rig.issuer.answer('userinfo', text(answer, 'application/jwt; charset=utf-8'))
  return await rig.manager.claims.get(issuer, 'alice', { client: registered(by) })
}

describe('userinfo in a JWT', () => {
  const signing = { userinfo_signed_response_alg: 'ES256' }
  const encryption = { ...signing, userinfo_encrypted_response_alg: 'RSA-OAEP-256' }

  it('is verified with the issuer’s keys', async () => {
    expect(await claimsBy(aRig(), signing, signed({ sub: 'alice', name: 'Alice' }))).toEqual({ name: 'Alice' })
  })

  it.each([
    ['signed by somebody else', signed({ sub: 'alice' }, aKeyPair('P-256', 'other').privateKey)],
    ['of another issuer', signed({ sub: 'alice', iss: 'https://other.example' })],
    ['for another client', signed({ sub: 'alice', aud: 'other' })],
    ['about another subject', signed({ sub: 'mallory' })],
    ['that is none', 'not.a.jwt'],
  ])('%s is refused', async (_, answer) => {
    await expect(claimsBy(aRig(), signing, answer)).rejects.toMatchObject({ code: 'userinfo_verification' })
  })

  it('is demanded where it was registered', async () => {
    const rig = await withToken(aRig())
    userinfo(rig, { sub: 'alice' })
    const get = rig.manager.claims.get(issuer, 'alice', { client: registered(signing) })
    await expect(get).rejects.toMatchObject({ code: 'userinfo_verification' })
  })

  it('is decrypted with the client’s own keys, by A128CBC-HS256 unless registered otherwise', async () => {
    const jwt = signed({ sub: 'alice', name: 'Alice' })
    const by = { ...encryption, jwks: ownKeys() }
    expect(await claimsBy(aRig(), by, await encrypted(jwt))).toEqual({ name: 'Alice' })
    const gcm = { ...by, userinfo_encrypted_response_enc: 'A256GCM' }
    expect(await claimsBy(aRig(), gcm, await encrypted(jwt, { enc: 'A256GCM' }))).toEqual({ name: 'Alice' })
    await expect(claimsBy(aRig(), by, await encrypted(jwt, { enc: 'A256GCM' }))).rejects.toMatchObject({
      code: 'userinfo_decryption',
    })
  })

  it('is decrypted with keys from the client’s jwks_uri', async () => {
    const rig = aRig({
      decorators: [
        (fetch) => async (request) =>
          request.url === 'https://vault.example/keys' ? Response.json(ownKeys()) : await fetch(request),
      ],
    })
    const jwt = await encrypted(signed({ sub: 'alice', name: 'Alice' }))
    const by = { ...encryption, jwks_uri: 'https://vault.example/keys' }
    expect(await claimsBy(rig, by, jwt)).toEqual({ name: 'Alice' })
    const insecure = { ...encryption, jwks_uri: 'http://vault.example/keys' }
    await expect(claimsBy(aRig(), insecure, jwt)).rejects.toMatchObject({ code: 'insecure_endpoint' })
  })

  it('that another’s key was meant to open is refused', async () => {
    const jwt = await encrypted(signed({ sub: 'alice' }), { kid: 'another' })
    await expect(claimsBy(aRig(), { ...encryption, jwks: ownKeys() }, jwt)).rejects.toMatchObject({
      code: 'userinfo_decryption',
      cause: { code: 'decryption_failed' },
    })
  })

  it.each([
    ['userinfo_signed_response_alg', {}, async () => signed({ sub: 'alice' })],
    ['userinfo_encrypted_response_alg', signing, async () => await encrypted(signed({ sub: 'alice' }))],
    [
      'jwks',
      { ...encryption, client_secret: undefined, token_endpoint_auth_method: 'none' },
      async () => await encrypted(signed({ sub: 'alice' })),
    ],
  ])('needs %s of the client', async (field, by, answer) => {
    await expect(claimsBy(aRig(), by, await answer())).rejects.toMatchObject({ code: 'missing_client_metadata', field })
  })
})

describe('id_tokens', () => {
  it('of any number of clients are all kept, though they come at once', async () => {
    const { manager } = aRig()
    const clients = Array.from({ length: 30 }, (_, i) => `client-${i}`)
    const each = (clientId: string) => ({ issuer, client: { client_id: clientId } })
    await Promise.all(clients.map((aud) => manager.claims.registerIdToken(anIdToken({ ...asAlice, aud }), each(aud))))
    const kept = clients.map((client) => manager.claims.getIdToken(issuer, 'alice', { client }))
    expect((await Promise.all(kept)).filter((idToken) => idToken === undefined)).toEqual([])
  })

  it('are kept once verified, the newest of each client', async () => {
    const { manager, clock } = aRig()
    const iat = clock.now() / 1000
    const [older, newer] = [anIdToken({ ...asAlice, iat: iat - 20 }), anIdToken({ ...asAlice, iat: iat - 10 })]
    expect(await manager.claims.registerIdToken(newer, place)).toMatchObject({ sub: 'alice' })
    await manager.claims.registerIdToken(older, place)
    expect(await manager.claims.getIdToken(issuer, 'alice')).toBe(newer)
    const other = { issuer, client: { client_id: 'other' } }
    const others = anIdToken({ ...asAlice, aud: 'other', iat: iat - 30 })
    await manager.claims.registerIdToken(others, other)
    expect(await manager.claims.getIdToken(issuer, 'alice')).toBe(newer)
    expect(await manager.claims.getIdToken(issuer, 'alice', { client: 'other' })).toBe(others)
    expect(await manager.claims.getIdToken(issuer, 'bob')).toBeUndefined()
    expect(await manager.claims.delete(issuer, 'alice')).toBe(true)
    expect(await manager.claims.getIdToken(issuer, 'alice')).toBeUndefined()
    expect(await manager.claims.delete(issuer, 'alice')).toBe(false)
  })

  it.each([
    ['for another client', { aud: 'other' }, {}],
    ['that has expired', { exp: 1 }, {}],
    ['signed by somebody else', {}, { key: aKeyPair('P-256', 'other').privateKey }],
  ])('%s are not', async (_, claims, parts) => {
    const { manager } = aRig()
    const idToken = anIdToken({ ...asAlice, ...claims }, parts)
    await expect(manager.claims.registerIdToken(idToken, place)).rejects.toMatchObject({
      code: 'id_token_registration',
      cause: { code: 'invalid_id_token' },
    })
    expect(await manager.claims.getIdToken(issuer, 'alice')).toBeUndefined()
  })

  it('are held against the nonce and the access token that the caller names', async () => {
    const { manager } = aRig()
    const hash = createHash('sha256').update('the token').digest().subarray(0, 16).toString('base64url')
    const idToken = anIdToken({ sub: 'alice', nonce: 'n', at_hash: hash })
    const register = (more: object) => manager.claims.registerIdToken(idToken, { ...place, ...more })
    await expect(register({ nonce: 'm' })).rejects.toMatchObject({ cause: { check: 'nonce' } })
    await expect(register({ accessToken: 'another' })).rejects.toMatchObject({ cause: { check: 'at_hash' } })
    expect(await register({ nonce: 'n', accessToken: 'the token' })).toMatchObject({ sub: 'alice' })
  })

  const read = { ...place, subject: alice, scopes: ['openid', 'read'] } as const

  it('of a refresh are verified and kept', async () => {
    const rig = aRig()
    await aLogin(rig)
    const first = anIdToken({ ...asAlice, iat: rig.clock.now() / 1000 - 10 })
    await rig.manager.claims.registerIdToken(first, place)
    const idToken = anIdToken(asAlice)
    rig.issuer.extra = { id_token: idToken }
    await rig.manager.accessTokens.get(read)
    expect(await rig.manager.claims.getIdToken(issuer, 'alice')).toBe(idToken)
    expect(rig.events.map(({ kind }) => kind)).toEqual(['token_refreshed'])
  })

  it.each([
    ['signed by somebody else', anIdToken(asAlice, { key: aKeyPair('P-256', 'other').privateKey })],
    ['that goes on from another login', anIdToken({ ...asAlice, auth_time: 1 })],
    ['that is none', 'none'],
  ])('of a refresh %s are not kept, and its tokens are', async (_, idToken) => {
    const rig = aRig()
    await aLogin(rig)
    const before = anIdToken({ ...asAlice, auth_time: rig.clock.now() / 1000 - 10 })
    await rig.manager.claims.registerIdToken(before, place)
    rig.issuer.extra = { id_token: idToken }
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'openid read' })
    expect(await rig.manager.claims.getIdToken(issuer, 'alice')).toBe(before)
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'id_token_refused', error: 'invalid_id_token' }))
  })

  it('of a refresh that could not be read at once are held against the subject when they can', async () => {
    let isDown = true
    const keys = () => (isDown ? new Response(null, { status: 503 }) : Response.json(ownKeys()))
    const rig = aRig({
      decorators: [
        (fetch) => async (request) => {
          if (request.url !== 'https://vault.example/keys') return await fetch(request)
          const answer = keys()
          isDown = false
          return answer
        },
      ],
    })
    const by = registered({ id_token_encrypted_response_alg: 'RSA-OAEP-256', jwks_uri: 'https://vault.example/keys' })
    const refreshToken = rig.issuer.login('alice', 'openid read')
    const metadata = { sub: 'alice', scope: 'openid read' }
    await rig.manager.refreshTokens.register(refreshToken, { issuer, client: by, metadata })
    rig.issuer.extra = { id_token: await encrypted(anIdToken({ ...asAlice, sub: 'mallory' })) }
    expect(await rig.manager.accessTokens.get({ ...read, client: by })).toMatchObject({ scope: 'openid read' })
    expect(rig.events).toContainEqual(expect.objectContaining({ kind: 'id_token_refused', error: 'refresh_mismatch' }))
    expect(await rig.manager.claims.getIdToken(issuer, 'mallory')).toBeUndefined()
    // The next one is read at once, and says whose it is.
    rig.issuer.extra = { id_token: await encrypted(anIdToken(asAlice)) }
    rig.clock.advance(280_000)
    await rig.manager.accessTokens.get({ ...read, client: by })
    expect(await rig.manager.claims.getIdToken(issuer, 'alice')).toBe(rig.issuer.extra.id_token)
  })

  it('of a refresh about somebody else end the grant: its tokens are not ours', async () => {
    const rig = aRig()
    await aLogin(rig)
    rig.issuer.extra = { id_token: anIdToken({ ...asAlice, sub: 'mallory' }) }
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
      reason: 'refresh_refused',
      cause: { code: 'refresh_mismatch' },
    })
    rig.issuer.extra = {}
    await expect(rig.manager.accessTokens.get(read)).rejects.toMatchObject({ reason: 'refresh_refused' })
    expect(rig.issuer.of('token')).toHaveLength(1)
    expect(await rig.manager.claims.getIdToken(issuer, 'mallory')).toBeUndefined()
  })
})
