// What holds for every grant alike: the key that its tokens are bound to, and what its answer has to say.
import { describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  createOAuthClient,
  exchangeToken,
  type OAuthClient,
  type OAuthClientOptions,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  requestExtensionGrant,
  requestJwtBearerTokens,
  resumeBackchannelAuthentication,
} from '../../src/client/index.ts'
import { exportSigningKey, generateSigningKey } from '../../src/lib/signatures/node.ts'
import type { SigningKey } from '../../src/lib/signatures/types.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { anIdToken, issuer, issuerKeys } from '../support/id-token.ts'

const refreshable = { issuer, accessToken: 'a', refreshToken: 'r', tokenType: 'DPoP', scope: 'openid', receivedAt: 0 }
type Wishes = { readonly dpopKey?: SigningKey }
const grants: Readonly<
  Record<string, (client: OAuthClient, wishes: Wishes) => Promise<{ readonly dpopKey?: SigningKey }>>
> = {
  'a token of its own': (client, wishes) => client.clientCredentials(wishes),
  'a refresh': (client, wishes) => client.refresh({ tokens: refreshable as never, ...wishes }),
  'a device': async (client, wishes) => await (await requestDeviceAuthorization(client, wishes)).poll(),
  CIBA: async (client, wishes) =>
    await (await requestBackchannelAuthentication(client, { loginHint: 'alice', ...wishes })).poll(),
  'an exchange': (client, wishes) =>
    exchangeToken(client, { subjectToken: 's', subjectTokenType: 'access_token', ...wishes }),
  'an assertion': (client, wishes) => requestJwtBearerTokens(client, 'a.b.c', wishes),
  'an extension grant': (client, wishes) => requestExtensionGrant(client, 'urn:example:grant', {}, wishes),
}

const endpoints = {
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  device_authorization_endpoint: `${issuer}/device`,
  backchannel_authentication_endpoint: `${issuer}/ciba`,
  id_token_signing_alg_values_supported: ['ES256'],
}

function setUp(answer: object, more: Partial<OAuthClientOptions> = {}) {
  const server = createFakeServer()
  const proofs: (string | null)[] = []
  server.set(`${issuer}/jwks`, issuerKeys())
  const where = { verification_uri: `${issuer}/enter`, user_code: 'ABCD' }
  server.set(`${issuer}/device`, { device_code: 'dc', ...where, expires_in: 600 })
  server.set(`${issuer}/ciba`, { auth_req_id: 'req', expires_in: 600 })
  server.set(`${issuer}/token`, (request) => {
    proofs.push(request.headers.get('dpop'))
    return Response.json(answer)
  })
  const client = createOAuthClient({
    issuer,
    clientId: 'my-app',
    clientAuth: clientSecretBasic('secret'),
    fetch: server.fetch,
    runtime: { ...createFakeRuntime(), delay: async () => {} },
    discover: false,
    metadata: endpoints,
    ...more,
  })
  return { client, proofs, asked: server.asked }
}

const token = {
  access_token: 'at',
  id_token: anIdToken({ nonce: undefined }),
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  scope: 'openid',
}
const bound = { ...token, token_type: 'DPoP' }
const unbound = { ...token, token_type: 'Bearer' }

describe.each(Object.entries(grants))('the tokens of %s', (name, run) => {
  it('are bound to the key that is given, also as a store keeps it', async () => {
    const { client, proofs } = setUp(bound)
    const key = await generateSigningKey('ES256')
    expect((await run(client, { dpopKey: key })).dpopKey).toBe(key)
    const stored = (await exportSigningKey(key)) as unknown as SigningKey
    expect((await run(client, { dpopKey: stored })).dpopKey!.thumbprint).toBe(key.thumbprint)
    expect(proofs.map((proof) => typeof proof)).toEqual(['string', 'string'])
  })

  it.each<[string, () => Promise<unknown>]>([
    [
      'a pair of keys without its algorithm',
      async () => crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']),
    ],
    ['an empty object', async () => ({})],
    ['text', async () => 'ES256'],
    ['what JSON made of a key', async () => JSON.parse(JSON.stringify(await generateSigningKey('ES256')))],
  ])('are not asked for with %s in the place of the key', async (_, make) => {
    const { client, asked } = setUp(unbound)
    await expect(run(client, { dpopKey: (await make()) as never })).rejects.toThrow(TypeError)
    expect(asked).toEqual([])
  })

  it('have no key where they came unbound, as was allowed', async () => {
    const { client } = setUp(unbound, { dpop: true, allowBearerDowngrade: true })
    // A refresh keeps it: the refresh token may be bound all the same.
    const dpopKey = await generateSigningKey('ES256')
    expect((await run(client, { dpopKey })).dpopKey).toBe(name === 'a refresh' ? dpopKey : undefined)
  })

  it('are refused where the answer does not say what was granted, and that is demanded', async () => {
    const { scope, ...silent } = unbound
    const { client } = setUp(silent, { requireScope: true })
    await expect(run(client, {})).rejects.toMatchObject({ code: 'invalid_token_response', clause: 'RFC 6749 5.1' })
    await run(setUp(unbound, { requireScope: true }).client, {})
    await run(setUp(silent).client, {})
  })
})

// A login has begun with its key: that the server takes it is not asked again at a refresh.
const { 'a refresh': _, ...begun } = grants

it.each(Object.entries(begun))(
  'the tokens of %s are not asked for with proofs that the server does not take',
  async (_name, run) => {
    const metadata = { ...endpoints, dpop_signing_alg_values_supported: ['PS256'] }
    const { client, asked } = setUp(bound, { metadata })
    const dpopKey = await generateSigningKey('ES256')
    await expect(run(client, { dpopKey })).rejects.toMatchObject({ code: 'unsupported_by_server' })
    expect(asked).toEqual([])
  },
)

describe('a user who is asked on their own device (CIBA Core 7.1)', () => {
  it('is reported to have logged in otherwise than was asked for, also where another process goes on', async () => {
    const { client } = setUp({ ...unbound, id_token: anIdToken({ nonce: undefined, acr: 'bronze' }) })
    const begun = await requestBackchannelAuthentication(client, { loginHint: 'alice', acrValues: 'gold silver' })
    const state = JSON.parse(JSON.stringify(begun.state()))
    for (const asked of [begun, resumeBackchannelAuthentication(client, state)]) {
      const { checks } = await asked.poll()
      expect(checks).toContainEqual(
        expect.objectContaining({
          name: 'acr',
          outcome: 'not_applicable',
          expected: ['gold', 'silver'],
          actual: 'bronze',
        }),
      )
    }
  })

  it.each([
    ['mode', { mode: 'push' }],
    ['mode', { mode: 'PING' }],
    ['acrValues', { acrValues: 5 }],
  ])('is not asked with a %s that nobody understands', async (option, wishes) => {
    const { client, asked } = setUp(unbound)
    const begun = requestBackchannelAuthentication(client, { loginHint: 'alice', ...(wishes as object) })
    await expect(begun).rejects.toThrow(new RegExp(`"${option}"`))
    expect(asked).toEqual([])
  })
})
