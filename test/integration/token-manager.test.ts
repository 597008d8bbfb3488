// The token manager against a certified provider over HTTP: mandatory DPoP nonces, rotation, introspection, revocation.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { getUserInfo } from '../../generated/endpoints.ts'
import { createApi } from '../../src/http/create-api.ts'
import { withAccessToken } from '../../src/http/with-access-token.ts'
import { createOAuthClient, type LoginResult, privateKeyJwt } from '../../src/index.ts'
import { createTokenManager, type TokenEvent, type TokenManager } from '../../src/tokens/index.ts'
import { type RealProvider, startRealProvider } from '../support/real-provider.ts'

let provider: RealProvider
let offset = 0
const runtime = {
  now: () => Date.now() + offset,
  randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
}

beforeAll(async () => {
  provider = await startRealProvider()
})
afterAll(() => provider?.close())
afterEach(() => {
  offset = 0
})

/** A client with a key, at the provider and in the manager; `scope` is what a login is asked for. */
async function setUp(login = 'alice', options: object = {}) {
  const { clientId, privateJwk, redirectUri } = provider.clients.privateKeyJwt
  const client = {
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [privateJwk!] },
    id_token_signed_response_alg: 'ES256',
    dpop_bound_access_tokens: true,
  } as const
  const events: TokenEvent[] = []
  const manager = createTokenManager({
    allowLoopbackHttp: true,
    runtime,
    clients: [{ ...client, issuer: provider.issuer }],
    onEvent: (event) => events.push(event),
    ...options,
  })
  const oauth = createOAuthClient({
    issuer: provider.issuer,
    clientId,
    clientAuth: privateKeyJwt(privateJwk!),
    redirectUri,
    scope: 'openid profile email offline_access',
    dpop: true,
    allowLoopbackHttp: true,
  })
  const url = await oauth.createAuthorizationUrl({ prompt: 'consent' })
  const result = await oauth.handleCallback(await provider.loginHeadlessly(url, { login }))
  const place = { issuer: provider.issuer, client: clientId } as const
  const subject = { kind: 'sub', sub: login } as const
  return { manager, events, oauth, result, place, subject }
}

/** What a login gave, in the manager's hands. */
async function keep(manager: TokenManager, { issuer, clientId, tokens, dpopKey }: LoginResult) {
  const place = { issuer, client: clientId, ...(dpopKey && { dpopKey }) }
  await manager.accessTokens.register(tokens.accessToken, { ...place, tokenType: tokens.tokenType })
  await manager.refreshTokens.register(tokens.refreshToken!, place)
  await manager.claims.registerIdToken(tokens.idToken!, { issuer, client: clientId, accessToken: tokens.accessToken })
}

const since = (start: number, path: string) => provider.requests.slice(start).filter((one) => one.path === path)

describe('the token manager against oidc-provider', () => {
  it('learns from introspection what a login gave', async () => {
    const { manager, events, result, place, subject } = await setUp()
    await keep(manager, result)
    expect(events).toEqual([])
    const scopes = ['openid', 'profile', 'email', 'offline_access']
    const token = await manager.accessTokens.get({ ...place, subject, scopes })
    expect(token).toMatchObject({ value: result.tokens.accessToken, kind: 'dpop' })
    expect(token.expiresAt).toBeGreaterThan(Date.now() + 200_000)
    expect(await manager.claims.getIdToken(provider.issuer, 'alice')).toBe(result.tokens.idToken)
  })

  it('refreshes with narrowed scopes, rotating, each token with its key', async () => {
    const { manager, result, place, subject } = await setUp()
    await keep(manager, result)
    const start = provider.requests.length
    const narrow = await manager.accessTokens.get({ ...place, subject, scopes: ['openid', 'email'] })
    expect(narrow).toMatchObject({ scope: 'openid email', kind: 'dpop' })
    expect(await manager.accessTokens.introspect(narrow.value, place, { minIntrospectInterval: 0 })).toMatchObject({
      active: true,
      sub: 'alice',
      scope: ['openid', 'email'],
    })
    const other = await manager.accessTokens.get({ ...place, subject, scopes: 'openid profile' })
    expect(other.value).not.toBe(narrow.value)
    // The provider rotates, and ends a family whose old token comes again: it did not.
    expect(await manager.accessTokens.get({ ...place, subject, scopes: 'openid' })).toMatchObject({ scope: 'openid' })
    expect(since(start, '/token').filter(({ status }) => status === 200)).toHaveLength(3)
    expect(since(start, '/token/revocation')).toEqual([])
    // Each refresh brought an id_token, which is verified and the last one now.
    expect(await manager.claims.getIdToken(provider.issuer, 'alice')).not.toBe(result.tokens.idToken)
  })

  it('does not ask for what was never granted', async () => {
    const { manager, result, place, subject } = await setUp()
    await keep(manager, result)
    const start = provider.requests.length
    const wish = { ...place, subject, scopes: ['openid', 'api:write'] }
    await expect(manager.accessTokens.get(wish)).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
      reason: 'none_with_scope',
    })
    expect(provider.requests.slice(start)).toEqual([])
  })

  it('introspects at most once an interval', async () => {
    const { manager, result, place } = await setUp()
    await keep(manager, result)
    const start = provider.requests.length
    const ask = () => manager.accessTokens.introspect(result.tokens.accessToken, place)
    expect(await ask()).toMatchObject({ active: true, sub: 'alice' })
    offset = 29_000
    await ask()
    expect(since(start, '/token/introspection')).toHaveLength(0)
    offset = 31_000
    await ask()
    expect(since(start, '/token/introspection')).toHaveLength(1)
  })

  it('asks userinfo at most once an interval, and merges it with the id_token', async () => {
    const { manager, result } = await setUp()
    await keep(manager, result)
    const start = provider.requests.length
    const claims = await manager.claims.get(provider.issuer, 'alice')
    expect(claims).toMatchObject({ name: 'Alice', email: 'alice@example.com' })
    expect(claims).not.toHaveProperty('sub')
    await manager.claims.get(provider.issuer, 'alice')
    expect(since(start, '/me').filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('revokes at the server what is deleted here', async () => {
    const { manager, events, oauth, result, place, subject } = await setUp()
    await keep(manager, result)
    const { accessToken } = result.tokens
    expect(await manager.accessTokens.delete(accessToken, place)).toBe(true)
    await manager.settled()
    expect(events).toMatchObject([{ kind: 'token_revoked', token: 'access_token' }])
    expect(await oauth.introspect(accessToken)).toMatchObject({ active: false })
    // This provider ends all of a grant with one of its access tokens, as RFC 7009 2.1 lets it.
    const wish = { ...place, subject, scopes: 'openid email' }
    await expect(manager.accessTokens.get(wish)).rejects.toMatchObject({ reason: 'refresh_refused' })
  })

  it('leaves the grant alone where a token is only to be forgotten here', async () => {
    const { manager, oauth, result, place, subject } = await setUp('alice', { revokeOnDelete: false })
    await keep(manager, result)
    expect(await manager.accessTokens.delete(result.tokens.accessToken, place)).toBe(true)
    await manager.settled()
    expect(await oauth.introspect(result.tokens.accessToken)).toMatchObject({ active: true })
    const wish = { ...place, subject, scopes: 'openid email' }
    expect(await manager.accessTokens.get(wish)).toMatchObject({ scope: 'openid email' })
  })

  it('deletes and revokes all of a subject, and nothing of another', async () => {
    const { manager, oauth, result, place, subject } = await setUp('alice')
    await keep(manager, result)
    const bob = await oauth.handleCallback(
      await provider.loginHeadlessly(await oauth.createAuthorizationUrl({ prompt: 'consent' }), { login: 'bob' }),
    )
    await keep(manager, bob)
    await manager.accessTokens.get({ ...place, subject, scopes: 'openid email' })
    const owner = { issuer: provider.issuer, subject }
    expect(await manager.accessTokens.deleteAll(owner)).toBe(2)
    expect(await manager.refreshTokens.deleteAll(owner)).toBe(1)
    await manager.settled()
    expect(await oauth.introspect(result.tokens.accessToken)).toMatchObject({ active: false })
    await expect(manager.accessTokens.get({ ...place, subject })).rejects.toMatchObject({ reason: 'none_stored' })
    expect(await oauth.introspect(bob.tokens.accessToken)).toMatchObject({ active: true })
    expect(await manager.claims.get(provider.issuer, 'bob')).toMatchObject({ name: 'Bob' })
  })

  it('says that the user must log in again when the provider has ended the grant', async () => {
    const { manager, oauth, result, place, subject } = await setUp()
    await keep(manager, result)
    await oauth.revoke(result.tokens.refreshToken!, { tokenTypeHint: 'refresh_token' })
    await expect(manager.accessTokens.get({ ...place, subject, scopes: 'openid' })).rejects.toMatchObject({
      code: 'no_suitable_refresh_token',
      reason: 'refresh_refused',
      cause: { error: 'invalid_grant' },
    })
  })

  it('gets a token for the client itself and a resource', async () => {
    const { manager, place } = await setUp()
    const subject = { kind: 'client_credentials' } as const
    const wish = { ...place, subject, scopes: ['api:read'], resource: provider.resource }
    const token = await manager.accessTokens.get(wish)
    expect(token).toMatchObject({ kind: 'dpop', scope: 'api:read', resource: [provider.resource] })
    expect((await manager.accessTokens.get(wish)).value).toBe(token.value)
  })

  it('is the source of tokens for a generated function, and renews what the API has forgotten', async () => {
    const { manager, result, place, subject } = await setUp()
    await keep(manager, result)
    const source = manager.tokenSource({ ...place, subject, scopes: 'openid profile' })
    const authenticatedFetch = withAccessToken((request) => fetch(request), source, {
      origins: [provider.issuer],
      allowLoopbackHttp: true,
    })
    const metadata = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()
    const api = createApi({ metadata: metadata as object, authenticatedFetch })
    expect(await getUserInfo(api)).toMatchObject({ sub: 'alice', name: 'Alice' })
    provider.forgetAccessTokens()
    const start = provider.requests.length
    const answers = await Promise.all(Array.from({ length: 10 }, () => getUserInfo(api)))
    expect(answers).toEqual(Array(10).fill(expect.objectContaining({ sub: 'alice' })))
    expect(since(start, '/token').filter(({ status }) => status === 200)).toHaveLength(1)
  })
})
