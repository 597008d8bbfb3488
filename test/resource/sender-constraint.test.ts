import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import { StoreError } from '../../src/errors/session.ts'
import type { RecordStore } from '../../src/lib/record-store.ts'
import { createDpopProof } from '../../src/protocol/dpop-proof.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { aJws, aKeyPair, privateJwk, publicJwk } from '../support/id-token.ts'
import { anAccessToken, aRequest, aResource, granted, now, type Rig, refused, thumbprintOf, url } from './rig.ts'

const boundTo = (rig: Rig, claims: Record<string, unknown> = {}) =>
  anAccessToken({ cnf: { jkt: rig.key.thumbprint }, ...claims })

describe('a DPoP-bound token', () => {
  it('is taken with a proof by its key, which is then reported', async () => {
    const rig = await aResource()
    const token = boundTo(rig)
    const result = await rig.call(`DPoP ${token}`, await rig.prove(token))
    expect(granted(result).binding).toBe('dpop')
    expect(result.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['dpop_proof', 'dpop_binding', 'dpop_replay']),
    )
  })

  it('is refused as a bearer token, with and without a proof beside it', async () => {
    const rig = await aResource()
    const token = boundTo(rig)
    for (const proof of [undefined, await rig.prove(token)]) {
      const { error, challenge } = refused(await rig.call(`Bearer ${token}`, proof))
      expect({ code: error.code, check: error.check }).toEqual({ code: 'invalid_token', check: 'dpop_scheme' })
      expect(challenge).toMatch(/^Bearer error="invalid_token"/)
    }
  })

  it('is refused as a bearer token even where DPoP is off', async () => {
    const rig = await aResource({ replay: undefined })
    expect(refused(await rig.call(`Bearer ${boundTo(rig)}`)).error.check).toBe('dpop_scheme')
  })

  it('is refused with a proof by another key', async () => {
    const rig = await aResource()
    const token = anAccessToken({ cnf: { jkt: (await generateSigningKey('ES256')).thumbprint } })
    const { error, challenge } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
    expect({ code: error.code, check: error.check }).toEqual({ code: 'invalid_token', check: 'dpop_binding' })
    expect(challenge).toMatch(/^DPoP error="invalid_token"/)
  })

  it('is refused where it is bound in a further way that is not known, or in none', async () => {
    const rig = await aResource()
    for (const cnf of [{ jkt: rig.key.thumbprint, kid: 'k' }, { jwk: {} }, {}]) {
      const token = anAccessToken({ cnf })
      const { error } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
      expect(error.check).toBe('confirmation')
    }
  })

  it('is what the scheme DPoP is for: an unbound one is refused', async () => {
    const rig = await aResource()
    const token = anAccessToken()
    const { error } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
    expect({ code: error.code, check: error.check }).toEqual({ code: 'invalid_token', check: 'dpop_binding' })
  })
})

const forged = (claims: object, header: object = {}) =>
  aJws(
    { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk('P-256'), ...header },
    { jti: 'j', htm: 'GET', htu: url, iat: now, ...claims },
    aKeyPair('P-256').privateKey,
    'ES256',
  )

describe('a proof', () => {
  const wrong: readonly (readonly [string, (rig: Rig, token: string) => Promise<string | undefined> | string])[] = [
    ['that is missing', async () => undefined],
    ['that is no JWT', () => 'proof'],
    ['that comes twice', async (rig, token) => `${await rig.prove(token)}, ${await rig.prove(token)}`],
    ['for another method', (rig, token) => rig.prove(token, { method: 'POST' })],
    ['for a method in lower case', (rig, token) => rig.prove(token, { method: 'get' })],
    ['for another path', (rig, token) => rig.prove(token, { url: `${url}/1` })],
    ['for another host', (rig, token) => rig.prove(token, { url: 'https://other.example/notes' })],
    ['for http', (rig, token) => rig.prove(token, { url: 'http://api.example/notes' })],
    ['for another token', (rig) => rig.prove('other')],
    ['without ath', () => forged({})],
    ['made 61 seconds ago', (rig, token) => proveAt(rig, token, -61)],
    ['made 61 seconds ahead', (rig, token) => proveAt(rig, token, 61)],
    ['by an algorithm that is not taken', async (_rig, token) => createDpopProofBy('PS384', token)],
    ['with a private key in its header', () => forged({}, { jwk: privateJwk('P-256') })],
    ['without a key', () => forged({}, { jwk: undefined })],
    ['of another typ', () => forged({}, { typ: 'JWT' })],
    ['with a critical extension', () => forged({}, { crit: ['x'] })],
    ['without jti', () => forged({ jti: undefined })],
    ['with a jti of 257 bytes', () => forged({ jti: 'j'.repeat(257) })],
    ['whose signature is of another key', () => forged({}, { jwk: publicJwk('P-256', {}, 'foreign') })],
  ]

  it.each(wrong)('%s is refused', async (_, prove) => {
    const rig = await aResource()
    const token = boundTo(rig)
    const { status, error, challenge } = refused(await rig.call(`DPoP ${token}`, await prove(rig, token)))
    expect({ status, code: error.code, check: error.check }).toEqual({
      status: 401,
      code: 'invalid_dpop_proof',
      check: 'dpop_proof',
    })
    expect(challenge).toMatch(/^DPoP error="invalid_dpop_proof".*algs="ES256 .*", Bearer$/)
  })

  it.each([-60, 60])('that is %d seconds off is taken', async (seconds) => {
    const rig = await aResource()
    const token = boundTo(rig)
    expect((await rig.call(`DPoP ${token}`, await proveAt(rig, token, seconds))).ok).toBe(true)
  })

  it('holds for the URL that clients know, behind a proxy', async () => {
    const rig = await aResource({ origin: 'https://public.example' })
    const token = boundTo(rig)
    const proof = await rig.prove(token, { url: 'https://public.example/notes?page=2' })
    const request = aRequest(`DPoP ${token}`, proof, { url: 'http://10.0.0.7:8080/notes?page=2' })
    expect((await rig.resource.protect(request)).ok).toBe(true)
    expect(refused(await rig.call(`DPoP ${token}`, await rig.prove(token))).error.check).toBe('dpop_proof')
  })

  it('holds for the host of the resource identifier, whatever Host a request names', async () => {
    const rig = await aResource({ resource: 'https://public.example/notes' })
    const token = boundTo(rig)
    const proof = await rig.prove(token, { url: 'https://public.example/notes?page=2' })
    const request = aRequest(`DPoP ${token}`, proof, { url: 'http://10.0.0.7:8080/notes?page=2' })
    expect((await rig.resource.protect(request)).ok).toBe(true)
    // A proof that the client made for another's server, which sends it on and names itself as the Host.
    const stolen = await rig.prove(token, { url: 'https://evil.example/notes' })
    const replayed = aRequest(`DPoP ${token}`, stolen, { url: 'https://evil.example/notes' })
    expect(refused(await rig.resource.protect(replayed)).error.check).toBe('dpop_proof')
    const named = await aResource({ resource: 'https://public.example', origin: 'https://other.example' })
    const other = boundTo(named)
    const there = await named.prove(other, { url: 'https://other.example/notes' })
    const asked = aRequest(`DPoP ${other}`, there, { url: 'http://10.0.0.7:8080/notes' })
    expect((await named.resource.protect(asked)).ok).toBe(true)
  })

  it('is refused when it is used again, until long after it is too old', async () => {
    const rig = await aResource()
    const token = boundTo(rig)
    const proof = await rig.prove(token)
    expect((await rig.call(`DPoP ${token}`, proof)).ok).toBe(true)
    const { status, error } = refused(await rig.call(`DPoP ${token}`, proof))
    expect({ status, code: error.code, check: error.check, clause: error.clause }).toEqual({
      status: 401,
      code: 'invalid_dpop_proof',
      check: 'dpop_replay',
      clause: 'RFC 9449 11.1',
    })
    rig.clock.advance(60_000)
    expect(refused(await rig.call(`DPoP ${token}`, proof)).error.check).toBe('dpop_replay')
    rig.clock.advance(1_000)
    expect(refused(await rig.call(`DPoP ${token}`, proof)).error.check).toBe('dpop_proof')
  })

  it('used a hundred times at once is good once, over a store that yields, on any number of hosts', async () => {
    const memory = createMemoryStore({ runtime: createFakeRuntime() })
    const slow: RecordStore = {
      ...yielding(memory),
      commit: async (changes) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
        return memory.commit(changes)
      },
    }
    const rig = await aResource({ replay: slow })
    const others = await Promise.all([aResource({ replay: slow }), aResource({ replay: slow })])
    const token = boundTo(rig)
    const proof = await rig.prove(token)
    const hosts = [rig, ...others]
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => hosts[i % 3]!.call(`DPoP ${token}`, proof)))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(results.filter((result) => !result.ok && result.error.check === 'dpop_replay')).toHaveLength(99)
  })

  it('is not used up by a request whose token is bad, and fills no store then', async () => {
    const rig = await aResource()
    const token = boundTo(rig, { exp: now - 1 })
    expect(refused(await rig.call(`DPoP ${token}`, await rig.prove(token))).error.check).toBe('exp')
    const commits: unknown[] = []
    const watched = await aResource({ replay: watching(rig.store, commits) })
    const foreign = boundTo(watched, { aud: 'https://other.example' })
    await watched.call(`DPoP ${foreign}`, await watched.prove(foreign))
    expect(commits).toEqual([])
  })

  it('is used up by a request that lacks a scope: it has proven something', async () => {
    const rig = await aResource({ scope: 'notes:write' })
    const token = boundTo(rig)
    const proof = await rig.prove(token)
    expect(refused(await rig.call(`DPoP ${token}`, proof)).error.check).toBe('scope')
    expect(refused(await rig.call(`DPoP ${token}`, proof)).error.check).toBe('dpop_replay')
  })

  it('lets nobody in while the store is down', async () => {
    const failing = new StoreError('store_unavailable', 'down', { record: 'dpop_proof' })
    const down: RecordStore = { ...yielding(createMemoryStore()), commit: () => Promise.reject(failing) }
    const rig = await aResource({ replay: down })
    const token = boundTo(rig)
    const { status, error, challenge } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
    expect({ status, code: error.code, challenge }).toEqual({ status: 503, code: 'unavailable', challenge: '' })
    expect(error.cause).toBe(failing)
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('ECONNRESET'))],
    [
      'throws',
      () => {
        throw new Error('ECONNRESET')
      },
    ],
  ])('is refused, too, where a store of the application %s with an error of its own', async (_how, commit) => {
    const rig = await aResource({ replay: { ...yielding(createMemoryStore()), commit } })
    const token = boundTo(rig)
    const { status, error } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
    expect({ status, code: error.code }).toEqual({ status: 503, code: 'unavailable' })
    expect(error.cause).toMatchObject({ code: 'store_unavailable', record: 'dpop_proof' })
  })
})

describe('a nonce', () => {
  const dpopNonce = { secret: new Uint8Array(32).fill(7), step: 300 }

  it('is demanded of each proof, and given with each answer to one', async () => {
    const rig = await aResource({ dpopNonce })
    const token = boundTo(rig)
    const { status, challenge, response, error } = refused(await rig.call(`DPoP ${token}`, await rig.prove(token)))
    expect({ status, code: error.code }).toEqual({ status: 401, code: 'use_dpop_nonce' })
    expect(challenge).toContain('error="use_dpop_nonce"')
    const nonce = response.headers.get('dpop-nonce')!
    const result = await rig.call(`DPoP ${token}`, await rig.prove(token, { nonce }))
    expect(result).toMatchObject({ ok: true, headers: {} })
  })

  it('serves one time step longer, and then a newer one comes with the success', async () => {
    const rig = await aResource({ dpopNonce })
    const token = boundTo(rig, { exp: now + 3600 })
    const nonce = refused(await rig.call(`DPoP ${token}`, await rig.prove(token))).response.headers.get('dpop-nonce')!
    rig.clock.advance(300_000)
    const later = await rig.call(`DPoP ${token}`, await rig.prove(token, { nonce }))
    expect(later.ok && later.headers['dpop-nonce']).toMatch(/^[\w-]{43}$/)
    rig.clock.advance(300_000)
    expect(refused(await rig.call(`DPoP ${token}`, await rig.prove(token, { nonce }))).error.check).toBe('dpop_nonce')
  })

  it('of hosts with the same secret is the same, and of no other', async () => {
    const one = await aResource({ dpopNonce })
    const other = await aResource({ dpopNonce })
    const stranger = await aResource({ dpopNonce: { secret: new Uint8Array(32).fill(8) } })
    const token = boundTo(one)
    const asked = refused(await one.call(`DPoP ${token}`, await one.prove(token)))
    const proof = await one.prove(token, { nonce: asked.response.headers.get('dpop-nonce')! })
    expect((await other.call(`DPoP ${token}`, proof)).ok).toBe(true)
    expect(refused(await stranger.call(`DPoP ${token}`, proof)).error.check).toBe('dpop_nonce')
  })

  it('is given to nobody who does not use DPoP', async () => {
    const rig = await aResource({ dpopNonce })
    expect(refused(await rig.call()).response.headers.has('dpop-nonce')).toBe(false)
    expect(await rig.call(`Bearer ${anAccessToken()}`)).toMatchObject({ ok: true, headers: {} })
  })
})

describe('a certificate-bound token', () => {
  const body = createHash('sha512').update('certificate').digest()
  // Of a certificate only its outline: a SEQUENCE that begins with a SEQUENCE.
  const der = new Uint8Array([0x30, body.length + 4, 0x30, 2, 1, 2, ...body])
  const base64 = Buffer.from(der).toString('base64')
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
  const token = anAccessToken({ cnf: { 'x5t#S256': thumbprintOf(der) } })

  it.each([
    ['DER', der],
    ['PEM', pem],
    ['PEM as a proxy encodes it', encodeURIComponent(pem)],
  ])('is taken with its certificate as %s', async (_, certificate) => {
    const { resource } = await aResource()
    const result = await resource.protect(aRequest(`Bearer ${token}`), { certificate })
    expect(granted(result).binding).toBe('mtls')
  })

  it('is refused without a certificate and with another', async () => {
    const { resource } = await aResource()
    // A proxy hands on an empty field for a client that has none.
    for (const certificate of [undefined, '', new Uint8Array([0x30, 3, 0x30, 0, 7])]) {
      const { error } = refused(await resource.protect(aRequest(`Bearer ${token}`), { certificate }))
      expect({ code: error.code, check: error.check }).toEqual({ code: 'invalid_token', check: 'mtls_binding' })
    }
  })

  it('is the only one that is taken where mTLS is required', async () => {
    const { resource } = await aResource({ mtls: 'required' })
    const unbound = await resource.protect(aRequest(`Bearer ${anAccessToken()}`), { certificate: der })
    expect(refused(unbound).error.check).toBe('mtls_binding')
    expect((await resource.protect(aRequest(`Bearer ${token}`), { certificate: der })).ok).toBe(true)
  })

  it('may be bound to a key as well, and then both are proven', async () => {
    const rig = await aResource()
    const both = anAccessToken({ cnf: { jkt: rig.key.thumbprint, 'x5t#S256': thumbprintOf(der) } })
    const protect = async (options: { certificate?: Uint8Array }) =>
      rig.resource.protect(aRequest(`DPoP ${both}`, await rig.prove(both)), options)
    expect(granted(await protect({ certificate: der })).binding).toBe('dpop+mtls')
    expect(refused(await protect({})).error.check).toBe('mtls_binding')
  })

  it('does not come with what is no certificate', async () => {
    const { resource } = await aResource()
    for (const certificate of ['text', '100%', '-----BEGIN CERTIFICATE-----', new Uint8Array(), new Uint8Array(9)]) {
      await expect(resource.protect(aRequest(`Bearer ${token}`), { certificate })).rejects.toThrow(TypeError)
    }
  })
})

async function proveAt(rig: Rig, accessToken: string, seconds: number): Promise<string> {
  const runtime = { ...rig.clock, now: () => rig.clock.now() + seconds * 1000 }
  return createDpopProof(rig.key, { method: 'GET', url, accessToken }, runtime)
}

async function createDpopProofBy(alg: 'PS384', accessToken: string): Promise<string> {
  const key = await generateSigningKey(alg)
  const runtime = { now: () => now * 1000, randomBytes: (length: number) => new Uint8Array(length) }
  return createDpopProof(key, { method: 'GET', url, accessToken }, runtime)
}

function yielding(store: RecordStore): RecordStore {
  return {
    get: (key) => store.get(key),
    find: (index, value) => store.find(index, value),
    commit: (changes) => store.commit(changes),
    sweep: () => store.sweep(),
  }
}

function watching(store: RecordStore, commits: unknown[]): RecordStore {
  return {
    ...yielding(store),
    commit(changes) {
      commits.push(changes)
      return store.commit(changes)
    },
  }
}
