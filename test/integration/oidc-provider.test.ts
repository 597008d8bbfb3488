import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getUserInfo } from '../../generated/endpoints.ts'
import * as operations from '../../generated/operations.ts'
import type { paths } from '../../generated/schema.ts'
import { createApi } from '../../src/http/create-api.ts'
import { createPathsClient } from '../../src/http/paths-client.ts'
import {
  type ClientAuth,
  clientSecretBasic,
  clientSecretPost,
  createOAuthClient,
  none,
  type OAuthClientOptions,
  privateKeyJwt,
} from '../../src/index.ts'
import { verifyIdToken } from '../../src/issuer/verify-id-token.ts'
import { createSessions } from '../../src/sessions/index.ts'
import {
  type ProviderSigningAlg,
  type RealClient,
  type RealProvider,
  registrationOf,
  startRealProvider,
} from '../support/real-provider.ts'

function clientAuth({ authMethod, clientSecret = '', privateJwk }: RealClient): ClientAuth {
  switch (authMethod) {
    case 'none':
      return none()
    case 'client_secret_basic':
      return clientSecretBasic(clientSecret)
    case 'client_secret_post':
      return clientSecretPost(clientSecret)
    case 'private_key_jwt':
      return privateKeyJwt(privateJwk!)
  }
}

function clientOf(provider: RealProvider, registered: RealClient, options: Partial<OAuthClientOptions> = {}) {
  return createOAuthClient({
    issuer: provider.issuer,
    clientId: registered.clientId,
    clientAuth: clientAuth(registered),
    redirectUri: registered.redirectUri,
    scope: 'openid profile email offline_access',
    idTokenSignedResponseAlg: registered.idTokenAlg,
    dpop: true,
    allowLoopbackHttp: true,
    ...options,
  })
}

const methods = ['none', 'basic', 'post', 'privateKeyJwt'] as const

describe.each(methods)('against oidc-provider with PAR, PKCE and mandatory DPoP nonces, client auth %s', (method) => {
  let provider: RealProvider
  beforeAll(async () => {
    provider = await startRealProvider()
  })
  afterAll(() => provider.close())

  const setUp = (options?: Partial<OAuthClientOptions>) => clientOf(provider, provider.clients[method], options)
  async function logIn(client = setUp(), login = 'alice') {
    // OpenID Connect Core 11: offline_access is granted only with consent asked for.
    const url = await client.createAuthorizationUrl({ prompt: 'consent' })
    return await client.handleCallback(await provider.loginHeadlessly(url, { login }))
  }

  it('logs in, verifies the id_token and answers the demand for a nonce once', async () => {
    const demandsBefore = provider.nonceDemands
    const { tokens, claims, checks, dpopKey } = await logIn()
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope: 'openid profile email offline_access' })
    expect(claims?.sub).toBe('alice')
    expect(dpopKey?.alg).toBe('ES256')
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(checks.find(({ name }) => name === 'signature')?.outcome).toBe('passed')
    expect(checks.find(({ name }) => name === 'nonce')?.outcome).toBe('passed')
    expect(provider.nonceDemands - demandsBefore).toBe(1)
  })

  it('keeps everything but client_id and request_uri out of the browser', async () => {
    const url = await setUp().createAuthorizationUrl()
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  })

  it('tells a denial from a failure', async () => {
    const client = setUp()
    const callback = await provider.loginHeadlessly(await client.createAuthorizationUrl(), { deny: true })
    await expect(client.handleCallback(callback)).rejects.toMatchObject({
      code: 'authorization_error',
      error: 'access_denied',
      errorDescription: 'The user said no',
    })
  })

  it('reads userinfo with a proof', async () => {
    const client = setUp()
    expect(await client.userInfo(await logIn(client))).toMatchObject({
      sub: 'alice',
      name: 'Alice',
      email: 'alice@example.com',
    })
  })

  it('sends a bound token in the header only (RFC 9449 7.1)', async () => {
    const client = setUp()
    await expect(client.userInfo(await logIn(client), { tokenIn: 'body' })).rejects.toThrow(/bound to a key/)
  })

  it('refreshes with rotation, and the old refresh token is then refused', async () => {
    const client = setUp()
    const login = await logIn(client)
    const renewed = await client.refresh(login)
    expect(renewed.tokens.refreshToken).not.toBe(login.tokens.refreshToken)
    expect(renewed.tokens.accessToken).not.toBe(login.tokens.accessToken)
    expect(renewed.claims?.sub).toBe('alice')
    await expect(client.refresh(login)).rejects.toMatchObject({ code: 'oauth_error', error: 'invalid_grant' })
  })

  it('introspects a token, revokes it, and sees it refused', async () => {
    const client = setUp()
    const login = await logIn(client)
    const { accessToken } = login.tokens
    expect(await client.introspect(accessToken)).toMatchObject({
      active: true,
      sub: 'alice',
      token_type: 'DPoP',
      cnf: { jkt: login.dpopKey?.thumbprint },
    })
    await client.revoke(accessToken)
    expect(await client.introspect(accessToken)).toMatchObject({ active: false })
    await expect(client.userInfo(login)).rejects.toMatchObject({ code: 'oauth_error', error: 'invalid_token' })
  })

  it('takes a refresh token with all that came of it when it revokes it', async () => {
    const client = setUp()
    const login = await logIn(client)
    await client.revoke(login.tokens.refreshToken!, { tokenTypeHint: 'refresh_token' })
    await expect(client.refresh(login)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(client.userInfo(login)).rejects.toMatchObject({ error: 'invalid_token' })
  })

  it('keeps two users and their keys apart', async () => {
    const client = setUp()
    const [alice, bob] = [await logIn(client, 'alice'), await logIn(client, 'bob')]
    expect([alice.claims?.sub, bob.claims?.sub]).toEqual(['alice', 'bob'])
    expect(alice.dpopKey?.thumbprint).not.toBe(bob.dpopKey?.thumbprint)
    await expect(client.userInfo({ ...alice, dpopKey: bob.dpopKey! })).rejects.toMatchObject({ code: 'oauth_error' })
    expect(await client.userInfo(bob)).toMatchObject({ sub: 'bob' })
  })

  it('logs in without DPoP where tokens need not be bound', async () => {
    const clientId = `bearer-${method}`
    await provider.registerClient({
      ...registrationOf(provider.clients[method]),
      client_id: clientId,
      dpop_bound_access_tokens: false,
    })
    const client = setUp({ clientId, dpop: false })
    const login = await logIn(client)
    expect(login.tokens.tokenType).toBe('Bearer')
    expect(await client.userInfo(login)).toMatchObject({ sub: 'alice' })
  })

  it.skipIf(method === 'none')('gets a token for itself and a resource', async () => {
    const client = setUp()
    const { tokens } = await client.clientCredentials({ scope: 'api:read', resource: provider.resource })
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope: 'api:read', resource: [provider.resource] })
    expect(tokens.refreshToken).toBeUndefined()
    expect(tokens.idToken).toBeUndefined()
  })

  describe('in a session', () => {
    async function openSession() {
      const client = setUp()
      const sessions = createSessions({ client, baseUrl: provider.issuer })
      const session = await sessions.handleCallback(
        await provider.loginHeadlessly(await client.createAuthorizationUrl()),
      )
      return { client, session }
    }

    it('calls by path and by generated function with one fetch', async () => {
      const { client, session } = await openSession()
      const metadata = await client.metadata()
      const byPath = createPathsClient<paths>({ baseUrl: provider.issuer, fetch: session.fetch, metadata, operations })
      const { data } = await byPath.GET('/userinfo')
      expect(data).toMatchObject({ sub: 'alice' })
      const api = createApi({ metadata, authenticatedFetch: session.fetch })
      expect(await getUserInfo(api)).toMatchObject({ sub: 'alice' })
    })

    it('refreshes once when ten calls at once are refused', async () => {
      const { session } = await openSession()
      provider.forgetAccessTokens()
      const before = provider.requests.length
      const answers = await Promise.all(Array.from({ length: 10 }, () => session.fetch('/me')))
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
      const since = provider.requests.slice(before)
      expect(since.filter(({ grantType }) => grantType === 'refresh_token')).toHaveLength(1)
    })

    it('revokes its tokens at logout and names the page that ends the login at the server', async () => {
      const { client, session } = await openSession()
      const { value } = await session.getAccessToken()
      const { endSessionUrl } = await session.logout()
      expect(await client.introspect(value)).toMatchObject({ active: false })
      expect(endSessionUrl?.href).toContain(provider.issuer)
      const page = await fetch(endSessionUrl!)
      expect({ status: page.status, body: await page.text() }).toMatchObject({ status: 200 })
      await expect(session.fetch('/me')).rejects.toMatchObject({ code: 'session_not_found' })
    })
  })
})

describe('against oidc-provider, id_tokens signed with', () => {
  const algorithms: ProviderSigningAlg[] = ['RS256', 'PS256', 'EdDSA']
  it.each(algorithms)('%s are verified, by the login and alone', async (idTokenAlg) => {
    const provider = await startRealProvider({ idTokenAlg })
    const client = clientOf(provider, provider.clients.basic)
    const login = await client.handleCallback(await provider.loginHeadlessly(await client.createAuthorizationUrl()))
    const { header, claims } = await verifyIdToken(login.tokens.idToken!, {
      issuer: provider.issuer,
      clientId: provider.clients.basic.clientId,
      idTokenSignedResponseAlg: idTokenAlg,
      accessToken: login.tokens.accessToken,
      allowLoopbackHttp: true,
    })
    expect(header.alg).toBe(idTokenAlg)
    expect(claims.sub).toBe('alice')
    await provider.close()
  })
})

describe('against oidc-provider, ahead of expiry', () => {
  it('a session renews its token before the API can refuse it', async () => {
    const provider = await startRealProvider({ accessTokenLifetime: 60 })
    let offset = 0
    const runtime = {
      now: () => Date.now() + offset,
      randomBytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)),
    }
    const client = clientOf(provider, provider.clients.none, { runtime })
    const session = await createSessions({ client, baseUrl: provider.issuer }).handleCallback(
      await provider.loginHeadlessly(await client.createAuthorizationUrl()),
    )
    const before = (await session.getAccessToken()).value
    offset = 50_000
    expect((await session.fetch('/me')).status).toBe(200)
    expect((await session.getAccessToken()).value).not.toBe(before)
    expect(provider.requests.filter(({ error }) => error === 'invalid_token')).toEqual([])
    await provider.close()
  })
})
