import { describe, expect, it } from 'vitest'
import { clientSecretBasic } from '../../src/protocol/client-auth.ts'
import { createProtectedResource, type ProtectedResourceOptions, protectResource } from '../../src/resource/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { issuerKeys } from '../support/id-token.ts'
import { anAccessToken, aRequest, aResource, audience, issuer, refused } from './rig.ts'

const impossible: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['a misspelt option', { scopes: 'a' }, /unknown option "scopes"/],
  ['no audience', { audience: undefined }, /audience: expected/],
  ['an empty list of audiences', { audience: [] }, /audience: expected/],
  ['no issuer', { issuer: [] }, /issuer: expected/],
  ['an empty issuer', { issuer: '' }, /issuer: expected/],
  ['an issuer twice', { issuer: [issuer, { issuer }] }, /each issuer once/],
  ['a misspelt option of an issuer', { issuer: { issuer, jwk: {} } }, /unknown option "jwk"/],
  ['a symmetric algorithm', { issuer: { issuer, algorithms: ['HS256'] } }, /algorithms: expected/],
  ['DPoP without a replay store', { dpop: 'allowed' }, /replay: expected a RecordStore, without which DPoP/],
  ['required DPoP without a replay store', { dpop: 'required' }, /replay: expected a RecordStore, without which DPoP/],
  ['nonces without a replay store', { dpopNonce: { secret: new Uint8Array(32) } }, /replay: expected/],
  [
    'a short nonce secret',
    { dpopNonce: { secret: new Uint8Array(31) }, replay: createMemoryStore() },
    /32 random bytes/,
  ],
  ['a replay store that is none', { replay: new Map() }, /replay: expected a RecordStore/],
  ['an unknown kind of DPoP', { dpop: true, replay: createMemoryStore() }, /dpop: expected/],
  ['no DPoP algorithm', { dpopAlgorithms: [] }, /dpopAlgorithms: expected/],
  ['a scope with a quote', { scope: 'a"b' }, /scope/],
  ['an empty list of acr values', { acrValues: [] }, /acrValues: expected/],
  ['an acr value with a space', { acrValues: ['a b'] }, /acrValues: expected/],
  ['a negative age', { maxAge: -1 }, /maxAge: expected/],
  ['an age that is no number', { maxAge: '60' }, /maxAge: expected/],
  ['an age that is not whole', { maxAge: 0.5 }, /maxAge: expected/],
  ['an age that would be written with an exponent', { maxAge: 1e21 }, /maxAge: expected/],
  ['a realm that no field can hold', { realm: 'Öffentlich' }, /realm: expected/],
  ['a realm of two lines', { realm: 'a\r\nb' }, /realm: expected/],
  ['a realm that is no text', { realm: 5 }, /realm: expected/],
  ['metadata of no resource', { metadata: { resource_name: 'Notes' } }, /resource: expected/],
  [
    'a misspelt option of nonces',
    { dpopNonce: { secret: new Uint8Array(32), steps: 5 }, replay: createMemoryStore() },
    /unknown option "steps"/,
  ],
  ['an origin with a path', { origin: 'https://api.example/v1' }, /origin: expected/],
  ['a switch that is text', { allowLoopbackHttp: 'false' }, /"allowLoopbackHttp" must be true or false/],
  [
    'a switch of introspection that is text',
    {
      issuer: {
        issuer,
        introspection: { clientId: 'a', clientAuth: clientSecretBasic('b'), allowMissingAudience: 'false' },
      },
    },
    /"allowMissingAudience" must be true or false/,
  ],
  ['a plain http resource', { resource: 'http://api.example' }, /must be an https URL/],
]

describe('createProtectedResource', () => {
  it.each(impossible)('refuses to start with %s', (_, options, message) => {
    const all = { issuer, audience, ...options } as unknown as ProtectedResourceOptions
    expect(() => createProtectedResource(all)).toThrow(message)
  })

  it('takes Bearer alone without a replay store', async () => {
    const { call, resource } = await aResource({ replay: undefined, resource: audience })
    expect((await call(`Bearer ${anAccessToken()}`)).ok).toBe(true)
    expect(resource.metadata).not.toHaveProperty('dpop_signing_alg_values_supported')
  })

  it('refuses unknown and impossible options of a call', async () => {
    const { resource } = await aResource()
    expect(() => resource.protect(aRequest(), { scopes: 'a' } as object)).toThrow(/unknown option "scopes"/)
    expect(() => resource.protect(aRequest(), { maxAge: Number.NaN })).toThrow(/maxAge/)
  })
})

describe('protectResource', () => {
  const options = { issuer: { issuer, jwks: issuerKeys() }, audience, runtime: createFakeRuntime() }

  it('protects in one call', async () => {
    expect((await protectResource(aRequest(`Bearer ${anAccessToken()}`), options)).ok).toBe(true)
    const needs = { ...options, scope: 'notes:write' }
    expect(refused(await protectResource(aRequest(`Bearer ${anAccessToken()}`), needs)).status).toBe(403)
  })

  it('remembers proofs in the store that it is given', async () => {
    const rig = await aResource()
    const own = { ...options, replay: rig.store, dpop: 'required' as const }
    const token = anAccessToken({ cnf: { jkt: rig.key.thumbprint } })
    const proof = await rig.prove(token)
    expect((await protectResource(aRequest(`DPoP ${token}`, proof), { ...own })).ok).toBe(true)
    const again = await protectResource(aRequest(`DPoP ${token}`, proof), { ...own })
    expect(refused(again).error.check).toBe('dpop_replay')
  })

  it('throws on misuse', async () => {
    await expect(protectResource(aRequest(), { issuer } as never)).rejects.toThrow(/audience: expected/)
  })
})

describe('the metadata of a resource', () => {
  const settings = {
    resource: `${audience}/v1`,
    metadata: {
      resource_name: 'Notes',
      scopes_supported: ['notes:read'],
      bearer_methods_supported: ['query'] as never,
    },
  }

  it('says what the configuration enforces, and the rest as it is given', async () => {
    const { resource } = await aResource({ ...settings, dpop: 'required', mtls: 'required' })
    expect(resource.metadata).toEqual({
      resource: `${audience}/v1`,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['notes:read'],
      resource_name: 'Notes',
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: true,
    })
  })

  it('is served at its well-known URL, to GET and HEAD', async () => {
    const { resource } = await aResource(settings)
    const at = `${audience}/.well-known/oauth-protected-resource/v1`
    const answer = resource.handleMetadata(new Request(at))
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual(resource.metadata)
    const head = resource.handleMetadata(new Request(at, { method: 'HEAD' }))
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: null })
    expect(resource.handleMetadata(new Request(at, { method: 'POST' })).status).toBe(405)
    expect(resource.handleMetadata(new Request(`${audience}/.well-known/oauth-protected-resource`)).status).toBe(404)
  })

  it('is not served where no resource is named', async () => {
    const { resource } = await aResource()
    const request = new Request(`${audience}/.well-known/oauth-protected-resource`)
    expect(resource.handleMetadata(request).status).toBe(404)
  })
})
