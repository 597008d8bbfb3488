// The whole journey of our own client, over HTTP, against our own server, with mandatory nonces.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  createOAuthClient,
  deleteClient,
  none,
  type OAuthClientOptions,
  privateKeyJwt,
  readClient,
  registerClient,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  updateClient,
} from '../../src/index.ts'
import { type JudgedServer, startJudgedServer } from '../dev-server/conformance.ts'
import { HeadlessBrowser, type HeadlessUser } from '../dev-server/headless-browser.ts'
import { createFastRuntime } from '../support/fast-runtime.ts'
import { makeSigningJwk } from '../support/real-provider/clients.ts'
import { redirectUri, scope } from './dev-server-setup.ts'

let server: JudgedServer
beforeAll(async () => {
  server = await startJudgedServer({ faults: ['nonce-demands'], authorizationDetailsTypes: ['payment_initiation'] })
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

const makers = {
  public: () => ({ clientId: 'dev-app', clientAuth: none() }),
  basic: () => ({ clientId: 'dev-service', clientAuth: clientSecretBasic('dev-service-secret') }),
  privateKeyJwt: async () => {
    const privateJwk = await makeSigningJwk('ES256', 'key-app-1')
    const { d: _, ...publicJwk } = privateJwk
    server.addClient({
      client_id: 'key-app',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicJwk] },
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
    })
    return { clientId: 'key-app', clientAuth: privateKeyJwt(privateJwk) }
  },
}

const clientOf = (options: Pick<OAuthClientOptions, 'clientId' | 'clientAuth'> & Partial<OAuthClientOptions>) =>
  createOAuthClient({ issuer: server.issuer, redirectUri, scope, dpop: true, allowLoopbackHttp: true, ...options })
type Client = ReturnType<typeof clientOf>

async function logIn(client: Client, user?: HeadlessUser) {
  const url = await client.createAuthorizationUrl()
  return await client.handleCallback(await new HeadlessBrowser().login(url, user))
}

describe.each(Object.keys(makers) as (keyof typeof makers)[])('our own client, %s', (kind) => {
  const setUp = async (options: Partial<OAuthClientOptions> = {}) => clientOf({ ...(await makers[kind]()), ...options })

  it('logs in by PAR, PKCE and DPoP, answering the demand for a nonce', async () => {
    const demands = server.nonceDemands
    const { tokens, claims, checks, dpopKey } = await logIn(await setUp())
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope })
    expect(tokens.refreshToken).toBeDefined()
    expect(claims?.sub).toBe('alice')
    expect(dpopKey?.alg).toBe('ES256')
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(server.nonceDemands).toBeGreaterThan(demands)
  })

  it('keeps everything but client_id and request_uri out of the browser', async () => {
    const url = await (await setUp()).createAuthorizationUrl()
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  })

  it('tells a denial from a failure', async () => {
    const client = await setUp()
    await expect(logIn(client, { answer: 'deny', username: 'bob' })).rejects.toMatchObject({ error: 'access_denied' })
  })

  it('reads userinfo with a proof', async () => {
    const client = await setUp()
    expect(await client.userInfo(await logIn(client))).toMatchObject({
      sub: 'alice',
      name: 'Alice Adams',
      email: 'alice@example.com',
    })
  })

  it('refreshes with rotation; a successor revokes what came before it', async () => {
    const client = await setUp()
    const login = await logIn(client)
    const renewed = await client.refresh(login)
    expect(renewed.tokens.refreshToken).not.toBe(login.tokens.refreshToken)
    expect(renewed.claims?.sub).toBe('alice')
    const last = await client.refresh(renewed)
    // The first is long used, and its successor too: nobody's retry, but a thief's use.
    await expect(client.refresh(login)).rejects.toMatchObject({ code: 'oauth_error', error: 'invalid_grant' })
    await expect(client.refresh(last)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(client.userInfo(last)).rejects.toMatchObject({ error: 'invalid_token' })
  })

  it('revokes an access token, and a refresh token with all that came of it', async () => {
    const client = await setUp()
    const login = await logIn(client)
    await client.revoke(login.tokens.accessToken)
    await expect(client.userInfo(login)).rejects.toMatchObject({ error: 'invalid_token' })
    const renewed = await client.refresh(login)
    await client.revoke(renewed.tokens.refreshToken!, { tokenTypeHint: 'refresh_token' })
    await expect(client.refresh(renewed)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(client.userInfo(renewed)).rejects.toMatchObject({ error: 'invalid_token' })
  })
})

describe('our own client, and what needs a secret', () => {
  const service = (options: Partial<OAuthClientOptions> = {}) => clientOf({ ...makers.basic(), ...options })

  it('introspects a token of its own, revokes it and sees it inactive', async () => {
    const client = service()
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
  })

  it('gets tokens for itself', async () => {
    const { tokens } = await service().clientCredentials({ scope: 'api:read', resource: `${server.issuer}/api` })
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope: 'api:read' })
    expect(tokens.refreshToken).toBeUndefined()
  })

  it('is told apart from a guesser', async () => {
    const client = service({ clientAuth: clientSecretBasic('wrong') })
    await expect(client.clientCredentials({ scope: 'api:read' })).rejects.toMatchObject({ error: 'invalid_client' })
  })
})

describe('a device', () => {
  const tv = (runtime = createFastRuntime()) => ({
    runtime,
    client: clientOf({ ...makers.public(), runtime, scope: 'openid profile' }),
  })

  it.each(['verificationUri', 'verificationUriComplete'] as const)('is connected by its user at %s', async (place) => {
    const { runtime, client } = tv()
    const pending = await requestDeviceAuthorization(client)
    const browser = new HeadlessBrowser()
    runtime.onDelay = async (count) => {
      if (count !== 2) return
      const url = new URL(pending[place]!)
      url.searchParams.set('user_code', pending.userCode)
      expect(await browser.travel(url)).toContain('Your device goes on by itself')
    }
    const { claims, tokens } = await pending.poll()
    expect(claims?.sub).toBe('alice')
    expect(tokens).toMatchObject({ tokenType: 'DPoP', scope: 'openid profile' })
    expect(browser.pages[0]).toContain(pending.userCode)
  })

  it('is refused by its user', async () => {
    const { client } = tv()
    const pending = await requestDeviceAuthorization(client)
    expect(await new HeadlessBrowser().travel(pending.verificationUriComplete!, { answer: 'deny' })).toContain(
      'not connected',
    )
    await expect(pending.poll()).rejects.toMatchObject({ error: 'access_denied' })
  })
})

it('asks in the URL itself where a server knows no pushed requests', async () => {
  const { pushed_authorization_request_endpoint: _, ...metadata } = await clientOf(makers.basic()).metadata()
  const client = clientOf({ ...makers.basic(), metadata, discover: false })
  const url = await client.createAuthorizationUrl()
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  expect(url.searchParams.has('request_uri')).toBe(false)
  const { claims, tokens } = await client.handleCallback(await new HeadlessBrowser().login(url))
  expect([claims?.sub, tokens.tokenType]).toEqual(['alice', 'DPoP'])
})

it('takes userinfo and introspection signed, where it is registered so (OIDC Core 5.3.2, RFC 9701)', async () => {
  server.addClient({
    client_id: 'signed-app',
    client_secret: 'a secret of the test',
    redirect_uris: [redirectUri],
    userinfo_signed_response_alg: 'PS256',
    introspection_signed_response_alg: 'ES256',
  })
  const asked = { clientId: 'signed-app', clientAuth: clientSecretBasic('a secret of the test') }
  const client = clientOf({ ...asked, userinfoSignedResponseAlg: 'PS256', introspectionSignedResponseAlg: 'ES256' })
  const login = await logIn(client)
  expect(await client.userInfo(login)).toMatchObject({ sub: 'alice', name: 'Alice Adams' })
  expect(await client.introspect(login.tokens.accessToken)).toMatchObject({ active: true, sub: 'alice' })
  const other = clientOf({ ...asked, userinfoSignedResponseAlg: 'ES256' })
  await expect(other.userInfo(login)).rejects.toThrow(/PS256|ES256/)
})

describe('authorization details (RFC 9396)', () => {
  const type = 'payment_initiation'
  const detail = { type, actions: ['initiate'], creditor: { name: '<b>Merchant</b>' } }
  const asked = { authorizationDetails: [detail] }
  const expectShown = (page: string | undefined) => {
    expect(page).toContain('actions: initiate')
    expect(page).toContain('&lt;b&gt;Merchant')
  }

  it('are shown to the user, granted, and told to the API', async () => {
    const client = clientOf(makers.basic())
    const browser = new HeadlessBrowser()
    const login = await client.handleCallback(await browser.login(await client.createAuthorizationUrl(asked)))
    expectShown(browser.pages.at(-1))
    expect(login.tokens.authorizationDetails).toEqual([detail])
    expect(await client.introspect(login.tokens.accessToken)).toMatchObject({ authorization_details: [detail] })
  })

  it('are shown to the user of another device, too', async () => {
    const runtime = createFastRuntime()
    const tv = clientOf({ ...makers.public(), runtime, scope: 'openid' })
    const pending = await requestDeviceAuthorization(tv, asked)
    const browser = new HeadlessBrowser()
    await browser.travel(pending.verificationUriComplete!)
    expectShown(browser.pages.at(-2))
    expect((await pending.poll()).tokens.authorizationDetails).toEqual([detail])
    const teller = clientOf({ ...makers.basic(), runtime, scope: 'openid' })
    const waiting = await requestBackchannelAuthentication(teller, { loginHint: 'bob', ...asked })
    const inbox = new HeadlessBrowser()
    await inbox.travel(`${server.issuer}/inbox`, { username: 'bob' })
    expectShown(inbox.pages.at(-2))
    expect((await waiting.poll()).tokens.authorizationDetails).toEqual([detail])
  })

  it('are refused where the server does not know their type', async () => {
    const unknown = { authorizationDetails: [{ type: 'unknown' }] }
    const told = clientOf(makers.basic())
    await expect(told.createAuthorizationUrl(unknown)).rejects.toMatchObject({ code: 'unsupported_by_server' })
    const { authorization_details_types_supported: _, ...metadata } = await told.metadata()
    const untold = clientOf({ ...makers.basic(), metadata, discover: false })
    const refused = { error: 'invalid_authorization_details' }
    await expect(untold.createAuthorizationUrl(unknown)).rejects.toMatchObject(refused)
  })
})

it('registers, logs in as what it has registered, changes it and deletes it', async () => {
  const loopback = { allowLoopbackHttp: true }
  const metadata = { redirect_uris: [redirectUri], client_name: 'Registered' }
  const { registration } = await registerClient(server.issuer, metadata, loopback)
  const { clientId, clientSecret } = registration
  const login = await logIn(clientOf({ clientId, clientAuth: clientSecretBasic(clientSecret!), scope: 'openid' }))
  expect(login.claims?.sub).toBe('alice')
  const read = (await readClient(registration, loopback)).registration
  expect(read.metadata.client_name).toBe('Registered')
  const changed = (await updateClient(read, { ...metadata, client_name: 'Changed' }, loopback)).registration
  expect((await readClient(changed, loopback)).registration.metadata.client_name).toBe('Changed')
  await deleteClient(changed, loopback)
  await expect(readClient(changed, loopback)).rejects.toMatchObject({ error: 'invalid_token' })
})
