// What a host's callbacks and records give that is not of its type, and calls that lack the request.
import { describe, expect, it } from 'vitest'
import {
  authenticateClient,
  buildAuthorizationResponse,
  handleIntrospectionRequest,
  handlePushedAuthorizationRequest,
  handleRegistrationRequest,
  handleTokenRequest,
  handleUserInfoRequest,
  issueToken,
  loadClient,
  type TokenEndpointOptions,
  validateAuthorizationRequest,
  validateEndSessionRequest,
} from '../../src/server/index.ts'
import { clients, codeParams, createRig, issuer, redirectUri, refusalOf, tokensOf } from './rig.ts'

const circle: Record<string, unknown> = {}
circle.circle = circle

describe('a callback that gives what no token can hold', () => {
  it.each<[string, unknown]>([
    ['buildPrincipal gave no JSON object', undefined],
    ['buildPrincipal gave no JSON object', 'user'],
    ['buildPrincipal gave no JSON object', { kind: 'user', claims: { count: 1n } }],
    ['buildPrincipal: claims gave no JSON object', { kind: 'user', claims: ['admin'] }],
    ['buildPrincipal gave a lifetime that is no number', { kind: 'user', accessTokenLifetime: Number.NaN }],
  ])('is named: %s', async (reason, principal) => {
    const rig = await createRig({ buildPrincipal: () => principal as never })
    expect(refusalOf(await rig.token(codeParams(await rig.code())))).toBe(`server_error: ${reason}`)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'name'],
    ['a list', ['name']],
    ['a BigInt', { count: 1n }],
    ['a circle', circle],
  ])('is named where it gives %s for the id_token', async (_, claims) => {
    const rig = await createRig({ buildIdTokenClaims: () => claims as never })
    const code = codeParams(await rig.code())
    expect(refusalOf(await rig.token(code))).toBe('server_error: buildIdTokenClaims gave no JSON object')
  })

  it('is named where it makes a token that could not be read again, and so not be revoked', async () => {
    const rig = await createRig({ buildPrincipal: () => ({ kind: 'user', claims: { roles: 'x'.repeat(60_000) } }) })
    const code = codeParams(await rig.code())
    expect(refusalOf(await rig.token(code))).toBe('server_error: the access token is too long')
  })

  it('is named where it approves a registration by a word', async () => {
    const rig = await createRig({ registration: true, authorizeRegistration: () => true as never })
    const asked = { metadata: { redirect_uris: ['https://app.example/cb'] } }
    const outcome = await handleRegistrationRequest(rig.config, asked, { registrationUri: `${issuer}/register` })
    expect(outcome.events[0]?.metadata.reason).toBe('authorizeRegistration gave no JSON object')
  })
})

describe('a callback whose answer is needed at once', () => {
  // A promise would pass for a yes, and one that fails, for which nobody waits, would end the process.
  it.each(['isPublicClient', 'clientGrantTypes', 'clientRequiresDpop', 'clientRequiresMtls'] as const)(
    'gives no promise: %s',
    async (name) => {
      const late = () => Promise.reject(new Error('too late'))
      const rig = await createRig({ mtls: true, [name]: late })
      const outcome = await rig.token(codeParams(await rig.code({ clientId: 'spa' })), { client: 'spa' })
      expect(refusalOf(outcome)).toBe(`server_error: ${name} gave a promise`)
    },
  )
})

it('names the host whose client has no metadata', async () => {
  const rig = await createRig({ loadClient: (clientId) => ({ clientId }) as never })
  expect(refusalOf(await rig.token({ grant_type: 'client_credentials' }))).toBe(
    'server_error: loadClient gave no metadata',
  )
})

describe('a text where a list is meant', () => {
  const start = (metadata: object, options: Partial<TokenEndpointOptions> = {}) =>
    createRig({
      loadClient: (clientId) => ({ clientId, metadata: { ...clients.web, ...metadata } as never }),
      ...options,
    })

  it.each<[string, object, Partial<TokenEndpointOptions>]>([
    ['clientGrantTypes', {}, { clientGrantTypes: () => 'no_client_credentials' as never }],
    ['loadClient: grant_types', { grant_types: 'no_client_credentials' }, {}],
  ])('is no list of grants: %s', async (name, metadata, options) => {
    const rig = await start(metadata, options)
    expect(refusalOf(await rig.token({ grant_type: 'client_credentials' }))).toBe(`server_error: ${name} gave no list`)
  })

  it('is no list of places to return to, of which a part would be another place', async () => {
    const rig = await start({ post_logout_redirect_uris: 'https://app.example.com/bye' })
    const params = { client_id: 'web', post_logout_redirect_uri: 'https://app.example.co' }
    const outcome = await validateEndSessionRequest(rig.config, { params })
    expect(!outcome.ok && outcome.events[0]?.metadata.reason).toBe('loadClient: post_logout_redirect_uris gave no list')
  })

  it('is no list of redirect URIs either', async () => {
    const rig = await start({ redirect_uris: 'https://app.example/cb' })
    const params = { client_id: 'web', redirect_uri: 'https://app.example/cb' }
    const outcome = await validateAuthorizationRequest(rig.config, { params })
    expect(!outcome.ok && outcome.events[0]?.metadata.reason).toBe('loadClient: redirect_uris gave no list')
  })
})

describe('a client that wants its answers encrypted', () => {
  const start = (name: string) =>
    createRig({
      loadClient: (clientId) => ({
        clientId,
        metadata: { ...clients.web, [`${name}_encrypted_response_alg`]: 'RSA-OAEP' },
      }),
    })

  it('gets no id_token, userinfo, introspection or authorization response in the clear', async () => {
    const rig = await start('id_token')
    const refused = await rig.token(codeParams(await rig.code()))
    expect(refusalOf(refused)).toBe('server_error: id_token_encrypted_response_alg is not supported')

    const informed = await start('userinfo')
    const { access_token: token } = tokensOf(await informed.token(codeParams(await informed.code())))
    const headers = { authorization: `Bearer ${token}` }
    const info = await handleUserInfoRequest(informed.config, { method: 'GET', url: `${issuer}/userinfo`, headers })
    expect(info.events[0]?.metadata.reason).toBe('userinfo_encrypted_response_alg is not supported')

    const asking = await start('introspection')
    const request = { ...(await asking.request({ token: 'x' })), url: `${issuer}/introspect` }
    const answer = await handleIntrospectionRequest(asking.config, request, { signed: true })
    expect(answer.events[0]?.metadata.reason).toBe('introspection_encrypted_response_alg is not supported')

    const { config } = await start('authorization')
    const client = (await loadClient(config, 'web'))!
    const target = { redirectUri, redirectUriSent: true, responseMode: 'query.jwt' } as const
    await expect(buildAuthorizationResponse(config, client, target, { code: 'x' })).rejects.toThrow()
  })
})

it.each([
  handleTokenRequest,
  issueToken,
  authenticateClient,
  handleIntrospectionRequest,
  handlePushedAuthorizationRequest,
  handleUserInfoRequest,
  validateAuthorizationRequest,
  validateEndSessionRequest,
])('answers a call without a request by an outcome: %o', async (handle) => {
  const rig = await createRig()
  for (const nothing of [undefined, null]) {
    const outcome = (await handle(rig.config, nothing as never)) as { ok: boolean; events?: unknown[] }
    expect(outcome.ok || handle === validateEndSessionRequest).toBe(handle === validateEndSessionRequest)
    if (!outcome.ok) expect(outcome.events).toHaveLength(1)
  }
})
