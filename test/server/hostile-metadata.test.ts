// Authorization requests and registrations of any shape: nobody is sent anywhere, and nothing is kept, that was not judged.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { isMetadataMember } from '../../src/server/client-metadata-members.ts'
import {
  createClientStore,
  endpointErrorStatus,
  handleClientUpdateRequest,
  handlePushedAuthorizationRequest,
  handleRegistrationRequest,
  validateAuthorizationRequest,
} from '../../src/server/index.ts'
import { goodRequest } from './authorization-rig.ts'
import { basic, clients, createRig, issuer, redirectUri, secretOf, signed } from './rig.ts'

const marker = 'zq9'
let key: SigningKey
beforeAll(async () => {
  key = await generateSigningKey('ES256')
})

async function start() {
  const { scope: _, ...web } = clients.web!
  const metadata = { ...web, jwks: { keys: [key.publicJwk] } as never }
  return createRig({
    loadClient: (clientId) => (clientId === 'web' ? { clientId, metadata } : undefined),
    registration: true,
    claimsParameter: true,
    mtls: true,
    fetchDocument: async () => ({ status: 404, contentType: '', body: '' }),
  })
}

const names = fc.constantFrom(
  ...[
    ...Object.keys(goodRequest),
    'nonce',
    'prompt',
    'max_age',
    'claims',
    'resource',
    'authorization_details',
    'request',
  ],
  ...['request_uri', 'id_token_hint', 'response_mode', 'dpop_jkt', 'acr_values', 'login_hint', 'display', '__proto__'],
)
const values = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => marker + text),
  fc.constantFrom(
    '',
    ' ',
    '[]',
    '{}',
    'none',
    'web',
    redirectUri,
    `${redirectUri}#x`,
    `${redirectUri}@${marker}.example`,
  ),
  fc.constantFrom(`https://${marker}.example/cb`, 'form_post', 'query.jwt', 'fragment', '{"userinfo":{"a":1}}', '-1'),
  fc.json({ maxDepth: 4 }),
)
const changes = fc.array(fc.tuple(names, values), { minLength: 1, maxLength: 4 })

describe('a hostile authorization request', () => {
  it('is answered nowhere but at a registered address, and echoes nothing', async () => {
    const rig = await start()
    await fc.assert(
      fc.asyncProperty(changes, async (changed) => {
        const params = { ...goodRequest, ...Object.fromEntries(changed) }
        const outcome = await validateAuthorizationRequest(rig.config, { params, clientIp: '192.0.2.1' })
        if (outcome.ok) {
          expect(outcome.request.redirectUri).toBe(redirectUri)
          expect(outcome.request.clientId).toBe('web')
          return
        }
        const { error, status, errorDescription } = outcome.error
        expect(status).toBe(endpointErrorStatus[error])
        expect(status).toBeLessThan(500)
        expect(errorDescription).not.toContain(marker)
        expect(JSON.stringify(outcome.events)).not.toContain(marker)
        expect(outcome.events.map(({ name }) => name)).toEqual(['authorization_failed'])
        if (outcome.target) expect(outcome.target).toMatchObject({ redirectUri, clientId: 'web' })
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1_000) },
    )
  })

  it('fares no better signed, or pushed', async () => {
    const rig = await start()
    await fc.assert(
      fc.asyncProperty(changes, async (changed) => {
        const { client_id, ...claims } = { ...goodRequest, ...Object.fromEntries(changed), iss: 'web', aud: issuer }
        const request = await signed(key, {}, { ...claims, client_id })
        const asked = {
          method: 'POST',
          url: `${issuer}/par`,
          headers: { authorization: basic('web', secretOf('web')) },
        }
        for (const params of [{ request }, Object.fromEntries(changed)] as Record<string, string>[]) {
          const outcome = await handlePushedAuthorizationRequest(rig.config, { ...asked, params })
          if (outcome.ok) continue
          expect(outcome.error.status).toBeLessThan(500)
          expect(outcome.error.errorDescription).not.toContain(marker)
          expect(JSON.stringify(outcome.events)).not.toContain(marker)
          expect(outcome.events).toHaveLength(1)
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) },
    )
  })
})

describe('a hostile registration', () => {
  const members = fc.constantFrom(
    ...['redirect_uris', 'grant_types', 'response_types', 'token_endpoint_auth_method', 'jwks', 'jwks_uri', 'scope'],
    ...[
      'client_name',
      'client_name#fr',
      'application_type',
      'contacts',
      'default_max_age',
      'client_id',
      'client_secret',
    ],
    ...['id_token_signed_response_alg', 'backchannel_logout_uri', 'tls_client_auth_san_dns', '__proto__', 'isAdmin'],
  )
  const shapes = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom(['code'], ['authorization_code'], 'native', { keys: [] }, { keys: [{ kty: 'EC', d: 'x' }] }),
    fc.constantFrom(
      ['https://app.example/cb'],
      ['javascript:alert(1)'],
      ['https://u:p@app.example/'],
      'https://app.example',
    ),
  )

  it('keeps registered members of the right shape alone, and never fails by itself', async () => {
    const rig = await start()
    const store = createClientStore(rig.store)
    let registered = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(members, shapes), { maxLength: 6 }), fc.boolean(), async (given, isValid) => {
        const base = isValid ? { redirect_uris: ['https://app.example/cb'] } : {}
        const metadata: Record<string, unknown> = { ...base }
        for (const [name, value] of given)
          Object.defineProperty(metadata, name, { value, enumerable: true, configurable: true, writable: true })
        const outcome = await handleRegistrationRequest(
          rig.config,
          { metadata },
          { registrationUri: `${issuer}/register` },
        )
        if (!outcome.ok) {
          expect(outcome.error.status).toBe(400)
          return
        }
        registered++
        const { client_id: clientId, registration_access_token: accessToken = '' } = outcome.response
        expect(clientId).not.toBe(metadata.client_id)
        const kept = await store.loadClient(clientId)
        expect(Object.keys(kept!.metadata).filter((name) => !isMetadataMember(name))).toEqual([])
        expect(kept!.metadata).not.toHaveProperty('isAdmin')
        const addresses = Object.entries(kept!.metadata).filter(([name]) => /_uris?(#|$)/.test(name))
        expect(JSON.stringify(addresses)).not.toContain('javascript:')
        expect(JSON.stringify(kept!.metadata.jwks ?? null)).not.toMatch(/"[dk]":/)
        const update = { clientId, accessToken, metadata: { ...metadata, client_id: clientId } }
        const updated = await handleClientUpdateRequest(rig.config, update, { registrationUri: `${issuer}/register` })
        if (!updated.ok) expect(updated.error.status).toBe(400)
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1_000) },
    )
    expect(registered).toBeGreaterThan(50)
  })
})
