import { afterEach, describe, expect, it, vi } from 'vitest'
import { IdTokenError } from '../../src/errors/protocol.ts'
import { createKeyCache } from '../../src/issuer/key-cache.ts'
import { createMetadataCache } from '../../src/issuer/metadata-cache.ts'
import { type VerifyIdTokenOptions, verifyIdToken, verifyIdTokenWith } from '../../src/issuer/verify-id-token.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { anIdToken, clientId, issuer, issuerKeys } from '../support/id-token.ts'

const openid = `${issuer}/.well-known/openid-configuration`
const jwksUri = `${issuer}/jwks`
const document = { issuer, jwks_uri: jwksUri, id_token_signing_alg_values_supported: ['ES256', 'RS256'] }

function setUp() {
  const server = createFakeServer()
  server.set(openid, document)
  server.set(jwksUri, issuerKeys())
  const runtime = createFakeRuntime()
  const verify = (token: string, options: Partial<VerifyIdTokenOptions> = {}) =>
    verifyIdToken(token, { issuer, clientId, fetch: server.fetch, runtime, ...options })
  return { server, runtime, verify }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('verifyIdToken', () => {
  it('needs issuer and client id only, and asks once for metadata and keys', async () => {
    const { server, verify } = setUp()
    const { claims, checks } = await verify(anIdToken())
    expect(claims.sub).toBe('user-1')
    expect(checks.length).toBeGreaterThan(20)
    await verify(anIdToken())
    expect(server.asked).toEqual([openid, jwksUri])
  })

  it('uses the global fetch, as it is at the time', async () => {
    const { server, runtime } = setUp()
    vi.stubGlobal('fetch', server.fetch)
    await expect(verifyIdToken(anIdToken(), { issuer, clientId, runtime })).resolves.toBeDefined()
    expect(server.asked).toHaveLength(2)
  })

  it('asks nobody about what has not even the shape of a token', async () => {
    const { server, verify } = setUp()
    await expect(verify('garbage')).rejects.toBeInstanceOf(IdTokenError)
    await expect(verify(undefined as unknown as string)).rejects.toBeInstanceOf(IdTokenError)
    expect(server.asked).toEqual([])
  })

  it('asks nobody where keys and algorithm are given', async () => {
    const { server, verify } = setUp()
    const jwks = issuerKeys()
    await verify(anIdToken(), { jwks, idTokenSignedResponseAlg: 'ES256' })
    await verify(anIdToken(), { jwks, metadata: document })
    expect(server.asked).toEqual([])
    await expect(verify(anIdToken(), { jwks: { keys: [] }, metadata: document })).rejects.toMatchObject({
      check: 'key',
    })
  })

  it('finds keys by a jwks_uri that is given, and shares them with nobody else', async () => {
    const { server, verify } = setUp()
    server.set('https://keys.example/jwks', issuerKeys())
    await verify(anIdToken(), { metadata: { ...document, jwks_uri: 'https://keys.example/jwks' } })
    expect(server.asked).toEqual(['https://keys.example/jwks'])
    await verify(anIdToken())
    expect(server.asked).toEqual(['https://keys.example/jwks', openid, jwksUri])
    await expect(
      verify(anIdToken(), { metadata: { ...document, jwks_uri: 'http://keys.example' } }),
    ).rejects.toMatchObject({
      code: 'insecure_endpoint',
    })
  })

  it('discovers the jwks_uri that local metadata lacks', async () => {
    const { server, verify } = setUp()
    await verify(anIdToken(), { metadata: { id_token_signing_alg_values_supported: ['ES256'] } })
    expect(server.asked).toEqual([openid, jwksUri])
  })

  it('shares its caches by fetch, clock and issuer', async () => {
    const one = setUp()
    await one.verify(anIdToken())
    await one.verify(anIdToken(), { runtime: createFakeRuntime() })
    expect(one.server.asked).toHaveLength(4)
    const tenant = 'https://tenant.example'
    one.server.set(`${tenant}/.well-known/openid-configuration`, { ...document, issuer: tenant })
    await one.verify(anIdToken({ iss: tenant }), { issuer: tenant })
    expect(one.server.asked).toHaveLength(6)
  })

  it('holds a hundred issuers at most', async () => {
    const { server, verify } = setUp()
    const tenant = (i: number) => `https://tenant-${i}.example`
    for (let i = 0; i <= 100; i++) {
      server.set(`${tenant(i)}/.well-known/openid-configuration`, { ...document, issuer: tenant(i) })
      await verify(anIdToken({ iss: tenant(i) }), { issuer: tenant(i) })
    }
    const asked = server.asked.length
    await verify(anIdToken({ iss: tenant(100) }), { issuer: tenant(100) })
    expect(server.asked).toHaveLength(asked)
    await verify(anIdToken({ iss: tenant(0) }), { issuer: tenant(0) })
    expect(server.asked).toHaveLength(asked + 2)
  })

  it('says what failed when metadata or keys cannot be had', async () => {
    const { server, verify } = setUp()
    server.down()
    await expect(verify(anIdToken())).rejects.toMatchObject({ code: 'network_error' })
    server.up()
    server.set(jwksUri, {})
    await expect(verify(anIdToken())).rejects.toMatchObject({ code: 'invalid_jwks' })
  })

  it('stops waiting when the caller aborts', async () => {
    const { verify } = setUp()
    const hanging = () => new Promise<Response>(() => {})
    const waiting = verify(anIdToken(), { fetch: hanging, signal: AbortSignal.timeout(10) })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('ends by its own time-out', async () => {
    const { verify } = setUp()
    const hanging = () => new Promise<Response>(() => {})
    const keepAlive = setTimeout(() => {}, 1000)
    await expect(verify(anIdToken(), { fetch: hanging, timeout: 20 })).rejects.toMatchObject({ code: 'timeout' })
    clearTimeout(keepAlive)
  })

  it.each([
    [{ clientID: 'x' }, 'clientID'],
    [{ clockTolerance: 5 }, 'clockTolerance'],
    [{ issuer: '' }, 'issuer'],
    [{ clientId: undefined }, 'clientId'],
    [{ nonce: '' }, 'nonce'],
    [{ nonce: 5 }, 'nonce'],
    [{ tolerance: -1 }, 'tolerance'],
    [{ tolerance: Number.NaN }, 'tolerance'],
    [{ maxAge: Number.POSITIVE_INFINITY }, 'maxAge'],
    [{ maxTokenAge: '60' }, 'maxTokenAge'],
    [{ requiredHashes: ['at_hash'] }, 'accessToken'],
    [{ requiredHashes: ['hash'] }, 'requiredHashes'],
    [{ requiredHashes: ['c_hash'], code: 'x', idTokenSignedResponseAlg: 'none' }, 'requiredHashes'],
    [{ idTokenSignedResponseAlg: 'HS256' }, 'clientSecret'],
    [{ idTokenSignedResponseAlg: 'rs256' }, 'idTokenSignedResponseAlg'],
    [{ acrValues: 'gold', acrEssential: true }, 'acrValues'],
    [{ acrEssential: true }, 'acrValues'],
    [{ acrValues: [], acrEssential: true }, 'acrValues'],
    [{ authorizedParties: 'my-other-app' }, 'authorizedParties'],
    [{ trustedAudiences: 'other' }, 'trustedAudiences'],
    [{ trustedAudiences: [5] }, 'trustedAudiences'],
    [{ accessToken: 5 }, 'accessToken'],
    [{ code: '' }, 'code'],
    [{ state: {} }, 'state'],
    [{ allowLoopbackHttp: 'false' }, 'allowLoopbackHttp'],
  ])('refuses the options %j as misuse', async (options, name) => {
    const { verify } = setUp()
    const error = await verify(anIdToken(), options as object).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(name)
  })
})

it.each([undefined, null, 'https://op.example'])('refuses %j where options are meant', async (options) => {
  await expect(verifyIdToken(anIdToken(), options as never)).rejects.toThrow('verifyIdToken: options are required')
})

describe('verifyIdTokenWith', () => {
  it('takes the sources of its caller', async () => {
    const { server, runtime } = setUp()
    const metadata = createMetadataCache({ issuer, fetch: server.fetch, runtime })
    const keys = createKeyCache({ metadata, fetch: server.fetch, runtime })
    const verify = (token: string) =>
      verifyIdTokenWith({ metadata, keys, runtime }, token, { issuer, clientId, nonce: 'n-1' })
    await expect(verify(anIdToken())).resolves.toMatchObject({ claims: { sub: 'user-1' } })
    await expect(verify(anIdToken({}, { alg: 'ES384' }))).rejects.toMatchObject({ check: 'alg' })
    expect(server.asked).toEqual([openid, jwksUri])
  })
})
