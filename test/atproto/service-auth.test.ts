// Tokens between services: what the client sends, the verifier takes; and what the verifier refuses.
import { describe, expect, it } from 'vitest'
import { generateSigningKey, sign } from '#signatures'
import {
  createServiceAuthVerifier,
  createServiceAuthXrpcClient,
  type DidDocument,
  type ServiceAuthVerifierOptions,
} from '../../src/atproto/index.ts'
import { encodeBase64url } from '../../src/lib/base64url.ts'
import type { AsymmetricAlgorithm, SigningKey } from '../../src/lib/signatures/types.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { failure, json, serve } from '../http/serve.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'

const account = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const service = 'did:web:api.example'
const lxm = 'com.example.feed.getSkeleton'

/** Accounts' keys by DID and fragment, as their documents publish them; and services' endpoints. */
function aDirectory() {
  const keys = new Map<string, SigningKey>()
  const endpoints = new Map<string, string>()
  const asked: { readonly did: string; readonly fresh: boolean }[] = []
  const cached = new Map<string, DidDocument>()
  const identity: ServiceAuthVerifierOptions['identity'] = {
    async resolveDid(did, { fresh = false } = {}) {
      asked.push({ did, fresh })
      const now = new Map(keys)
      const document = {
        verificationKey: (fragment: string) => now.get(`${did}#${fragment}`)?.publicJwk,
        serviceEndpoint: (fragment: string) => endpoints.get(`${did}#${fragment}`),
      } as Partial<DidDocument> as DidDocument
      if (fresh || !cached.has(did)) cached.set(did, document)
      return cached.get(did)!
    },
  }
  return { identity, keys, endpoints, asked }
}

async function rig(options: Partial<ServiceAuthVerifierOptions> = {}, alg: AsymmetricAlgorithm = 'ES256') {
  const directory = aDirectory()
  const key = await generateSigningKey(alg)
  directory.keys.set(`${account}#atproto`, key)
  const runtime: FakeRuntime = createFakeRuntime()
  const { identity } = directory
  const verifier = createServiceAuthVerifier({ audience: service, identity, runtime, ...options })
  return { ...directory, key, runtime, verifier }
}

interface TokenParts {
  readonly header?: object
  readonly claims?: object
}

let counter = 0

async function aToken(key: SigningKey, runtime: FakeRuntime, { header, claims }: TokenParts = {}): Promise<string> {
  const now = Math.floor(runtime.now() / 1000)
  const parts = [
    { typ: 'JWT', alg: key.alg, ...header },
    { iss: account, aud: service, lxm, iat: now, exp: now + 60, jti: `token-${counter++}`, ...claims },
  ]
  const input = parts.map((part) => encodeBase64url(JSON.stringify(part))).join('.')
  return `${input}.${encodeBase64url(await sign(key, input))}`
}

describe.each<AsymmetricAlgorithm>(['ES256', 'ES256K' as AsymmetricAlgorithm])('a service client with %s', (alg) => {
  it('sends a token for this method, which the service takes', async () => {
    const { identity, endpoints, key, runtime, verifier } = await rig({}, alg)
    const server = await serve(async ({ url, headers }, response) => {
      const request = new Request(new URL(url, server.origin), { headers: headers as Record<string, string> })
      json(response, 200, await verifier.verifyRequest(request))
    })
    endpoints.set(`${service}#atproto_pds`, server.origin)
    const xrpc = createServiceAuthXrpcClient({ iss: account, key, aud: service, identity, runtime, fetch })
    const { data } = await xrpc.get(lxm, { params: { feed: 'a' } })
    const exp = Math.floor(runtime.now() / 1000) + 60
    expect(data).toMatchObject({ did: account, aud: service, lxm, exp })
    // Another call has another token.
    await xrpc.get(lxm)
    const [first, second] = server.received.map(({ headers }) => headers.authorization)
    expect(first).not.toBe(second)
  })
})

describe('a service client', () => {
  it('finds the service that the audience names', async () => {
    const { identity, endpoints, key } = await rig()
    const server = await serve((_, response) => json(response, 200, {}))
    endpoints.set(`${service}#bsky_fg`, server.origin)
    const xrpc = createServiceAuthXrpcClient({ iss: account, key, aud: `${service}#bsky_fg`, identity, fetch })
    await xrpc.get(lxm)
    expect(server.received[0]!.url).toBe(`/xrpc/${lxm}`)
  })

  it.each([undefined, 'https://api.example/path', 'not a URL', 'ftp://api.example', 'http://api.example'])(
    'has nowhere to send to where the document names %s',
    async (endpoint) => {
      const { identity, endpoints, key } = await rig()
      if (endpoint) endpoints.set(`${service}#atproto_pds`, endpoint)
      const xrpc = createServiceAuthXrpcClient({ iss: account, key, aud: service, identity })
      expect(await failure(xrpc.get(lxm))).toMatchObject({ name: 'AtprotoError', code: 'no_pds_endpoint' })
    },
  )

  it('sends to no address of the own network unless it is told to', async () => {
    const { identity, endpoints, key } = await rig()
    endpoints.set(`${service}#atproto_pds`, 'https://127.0.0.1:9')
    const xrpc = createServiceAuthXrpcClient({ iss: account, key, aud: service, identity })
    expect(await failure(xrpc.get(lxm))).toMatchObject({ name: 'RequestError', code: 'address_not_allowed' })
  })
})

describe('verify', () => {
  it('gives the account, and of its services the one that sends', async () => {
    const { verifier, key, keys, runtime } = await rig({ issuerServices: ['atproto_labeler'] })
    expect(await verifier.verify(await aToken(key, runtime), { lxm })).toMatchObject({ did: account, lxm })
    // A labeler has a key of its own, under another name.
    const labeler = await generateSigningKey('ES256')
    keys.set(`${account}#atproto_label`, labeler)
    const token = await aToken(labeler, runtime, { claims: { iss: `${account}#atproto_labeler` } })
    expect(await verifier.verify(token, { lxm })).toMatchObject({ did: account, service: 'atproto_labeler' })
  })

  it('takes an audience in each form that it is told', async () => {
    const { verifier, key, runtime } = await rig({ audience: [service, `${service}#bsky_fg`] })
    const token = await aToken(key, runtime, { claims: { aud: `${service}#bsky_fg` } })
    expect(await verifier.verify(token, { lxm })).toMatchObject({ aud: `${service}#bsky_fg` })
  })

  it('looks the key up anew when it has changed', async () => {
    const { verifier, key, keys, runtime, asked } = await rig()
    await verifier.verify(await aToken(key, runtime), { lxm })
    const next = await generateSigningKey('ES256')
    keys.set(`${account}#atproto`, next)
    expect(await verifier.verify(await aToken(next, runtime), { lxm })).toMatchObject({ did: account })
    expect(asked.at(-1)).toEqual({ did: account, fresh: true })
    // The old key is worth nothing any more.
    expect(await failure(verifier.verify(await aToken(key, runtime), { lxm }))).toMatchObject({ code: 'invalid_jwt' })
  })

  const now = Math.floor(createFakeRuntime().now() / 1000)
  it.each<[string, string, TokenParts, Partial<ServiceAuthVerifierOptions>]>([
    ['aud_mismatch', 'another audience', { claims: { aud: 'did:web:other.example' } }, {}],
    ['aud_mismatch', 'the audience with a service that it was not told', { claims: { aud: `${service}#x` } }, {}],
    ['lxm_mismatch', 'another method', { claims: { lxm: 'com.example.feed.delete' } }, {}],
    ['lxm_mismatch', 'no method', { claims: { lxm: undefined } }, {}],
    ['future_iat', 'a token of the future', { claims: { iat: now + 31 } }, {}],
    ['expired', 'a token of the past', { claims: { exp: now - 30 } }, {}],
    ['invalid_jwt', 'a token that is not good yet', { claims: { nbf: now + 31 } }, {}],
    ['invalid_jwt', 'a token that would have to be remembered for long', { claims: { exp: now + 3631 } }, {}],
    ['invalid_jwt', 'a token of a longer life than is wanted', { claims: { exp: now + 91 } }, { maxLifetime: 60 }],
    ['invalid_jwt', 'a list of audiences', { claims: { aud: [service] } }, {}],
    ['invalid_jwt', 'no exp', { claims: { exp: undefined } }, {}],
    ['invalid_jwt', 'no iat', { claims: { iat: undefined } }, {}],
    ['invalid_jwt', 'no jti', { claims: { jti: undefined } }, {}],
    ['invalid_jwt', 'a handle as issuer', { claims: { iss: 'alice.example' } }, {}],
    ['invalid_jwt', 'a service as issuer that may not be one', { claims: { iss: `${account}#atproto_labeler` } }, {}],
    ['invalid_jwt', 'a method that is no NSID', { claims: { lxm: '*' } }, {}],
    ['invalid_jwt', 'an access token', { header: { typ: 'at+jwt' } }, {}],
    ['invalid_jwt', 'a proof', { header: { typ: 'dpop+jwt' } }, {}],
    ['invalid_jwt', 'a refresh token', { header: { typ: 'refresh+jwt' } }, {}],
    ['invalid_jwt', 'no algorithm', { header: { alg: 'none' } }, {}],
    ['invalid_jwt', 'a MAC', { header: { alg: 'HS256' } }, {}],
    ['invalid_jwt', 'the algorithm of another curve', { header: { alg: 'ES256K' } }, {}],
    ['invalid_jwt', 'a critical header', { header: { crit: ['x'], x: 1 } }, {}],
    ['no_signing_key', 'an account without a key', { claims: { iss: 'did:plc:ragtjsm2j2vknwkz3zp4oxrd' } }, {}],
  ])('refuses with %s %s', async (code, _, parts, options) => {
    const { verifier, key, runtime } = await rig(options)
    const token = await aToken(key, runtime, parts)
    const error = await failure(verifier.verify(token, { lxm }))
    expect(error).toMatchObject({ name: 'AtprotoError', code })
    expect(error.message).not.toContain(token)
  })

  it('refuses with invalid_jwt what somebody else signed, and what is no token', async () => {
    const { verifier, runtime, key } = await rig()
    const token = await aToken(key, runtime)
    const forged = await aToken(await generateSigningKey('ES256'), runtime)
    for (const bad of [forged, `${token}A`, token.slice(0, -4), 'a.b', '', `${token.split('.', 2).join('.')}.`]) {
      expect(await failure(verifier.verify(bad, { lxm }))).toMatchObject({ code: 'invalid_jwt' })
    }
    expect(await verifier.verify(token, { lxm })).toMatchObject({ did: account })
  })

  it('refuses with lxm_not_configured a token for a method, when it is not told which one is called', async () => {
    const { verifier, key, runtime } = await rig({ allowMissingLxm: true })
    expect(await failure(verifier.verify(await aToken(key, runtime)))).toMatchObject({ code: 'lxm_not_configured' })
    // What is for no method in particular passes where that is allowed.
    const open = await aToken(key, runtime, { claims: { lxm: undefined } })
    expect(await verifier.verify(open)).toMatchObject({ did: account })
  })

  it('takes a token that is good for an hour, and for longer where it is told so', async () => {
    const { verifier, key, runtime } = await rig()
    const now = Math.floor(runtime.now() / 1000)
    const hour = await aToken(key, runtime, { claims: { nbf: now, exp: now + 3600 } })
    expect(await verifier.verify(hour, { lxm })).toMatchObject({ exp: now + 3600 })
    const patient = await rig({ maxLifetime: 86_400 })
    const day = await aToken(patient.key, patient.runtime, { claims: { exp: now + 86_400 } })
    expect(await patient.verifier.verify(day, { lxm })).toMatchObject({ exp: now + 86_400 })
  })

  it('refuses an option that it does not know', async () => {
    const { verifier, key, runtime } = await rig()
    const error = await failure(verifier.verify(await aToken(key, runtime), { method: lxm } as never))
    expect(error).toBeInstanceOf(TypeError)
  })

  it('takes a token of the clock tolerance, and no second more', async () => {
    const { verifier, key, runtime } = await rig()
    const tokens = await Promise.all([aToken(key, runtime), aToken(key, runtime)])
    runtime.advance(89_000)
    expect(await verifier.verify(tokens[0], { lxm })).toMatchObject({ did: account })
    runtime.advance(1_000)
    expect(await failure(verifier.verify(tokens[1], { lxm }))).toMatchObject({ code: 'expired' })
  })

  it('refuses with replayed_token a token that was used, by whichever process', async () => {
    const replayStore = createMemoryStore()
    const { verifier, key, runtime, identity } = await rig({ replayStore, runtime: undefined as never })
    const other = createServiceAuthVerifier({ audience: service, identity, replayStore })
    const clock = { ...runtime, now: () => Date.now() }
    const token = await aToken(key, clock)
    const results = await Promise.allSettled(
      [verifier, other, verifier, other].map((each) => each.verify(token, { lxm })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'replayed_token' })
    }
  })

  it('lets nobody but the issuer use a token up', async () => {
    const { verifier, key, runtime } = await rig()
    const claims = { jti: 'the-same' }
    const forged = await aToken(await generateSigningKey('ES256'), runtime, { claims })
    expect(await failure(verifier.verify(forged, { lxm }))).toMatchObject({ code: 'invalid_jwt' })
    expect(await verifier.verify(await aToken(key, runtime, { claims }), { lxm })).toMatchObject({ did: account })
  })
})

describe('verifyRequest', () => {
  it('reads the token and the method from the request', async () => {
    const { verifier, key, runtime } = await rig()
    const authorization = `Bearer ${await aToken(key, runtime)}`
    const request = (path: string, headers: HeadersInit) => new Request(`https://api.example${path}`, { headers })
    expect(
      await failure(verifier.verifyRequest(request('/xrpc/com.example.feed.delete', { authorization }))),
    ).toMatchObject({
      code: 'lxm_mismatch',
    })
    expect(await failure(verifier.verifyRequest(request(`/other/${lxm}`, { authorization })))).toMatchObject({
      code: 'lxm_not_configured',
    })
    expect(await failure(verifier.verifyRequest(request(`/xrpc/${lxm}`, {})))).toMatchObject({ code: 'invalid_jwt' })
    expect(await verifier.verifyRequest(request(`/xrpc/${lxm}?feed=a`, { authorization }))).toMatchObject({ lxm })
  })
})

describe('options', () => {
  const { identity } = aDirectory()
  it.each([
    [{ audience: 'api.example', identity }, '"audience"'],
    [{ audience: [], identity }, '"audience"'],
    [{ audience: service }, '"identity"'],
    [{ audience: service, identity, tolerance: -1 }, '"tolerance"'],
    [{ audience: service, identity, maxLifetime: 0 }, '"maxLifetime"'],
    [{ audience: service, identity, lxm }, '"lxm"'],
  ])('of a verifier are refused by name: %j', (options, message) => {
    expect(() => createServiceAuthVerifier(options as never)).toThrow(message)
  })

  it.each([
    [{ iss: 'x', aud: service }, '"iss"'],
    [{ iss: account, aud: 'x' }, '"aud"'],
    [{ iss: account, aud: service, extra: 1 }, '"extra"'],
  ])('of a client are refused by name: %j', async (options, message) => {
    const key = await generateSigningKey('ES256')
    expect(() => createServiceAuthXrpcClient({ key, identity, ...options } as never)).toThrow(message)
  })
})
