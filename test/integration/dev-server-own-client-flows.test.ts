// The flows of our own client that need a key, a certificate, another device or a third party.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createOAuthClient,
  discoverResource,
  exchangeToken,
  none,
  type OAuthClientOptions,
  privateKeyJwt,
  requestBackchannelAuthentication,
  requestExtensionGrant,
  requestJwtBearerTokens,
  selfSignedTlsClientAuth,
  tlsClientAuth,
  webFinger,
} from '../../src/index.ts'
import type { JudgedServer } from '../dev-server/conformance.ts'
import { formsOf, HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { type Certificates, fetchWithCertificate } from '../support/certificates.ts'
import { createFastRuntime } from '../support/fast-runtime.ts'
import {
  assertAsPartner,
  type ClientKey,
  platformFetch,
  preAuthorizedGrant,
  redirectUri,
  registration,
  scope,
  secret,
  startEndpoint,
  startFlowServer,
} from './dev-server-setup.ts'

let certificates: Certificates
let server: JudgedServer
let clientKey: ClientKey
let partnerKey: ClientKey
beforeAll(async () => {
  ;({ certificates, server, clientKey, partnerKey } = await startFlowServer())
  server.addClient(registration('basic', { client_secret: secret }))
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

const bare = () => fetchWithCertificate(certificates.ca)
const clientOf = (clientId: string, options: Partial<OAuthClientOptions> = {}) =>
  createOAuthClient({
    issuer: server.issuer,
    clientId,
    clientAuth: clientSecretBasic(secret),
    redirectUri,
    scope,
    fetch: bare(),
    ...options,
  })
type Client = ReturnType<typeof clientOf>
const browser = () => new HeadlessBrowser(platformFetch(certificates.ca))
const logIn = async (client: Client) =>
  client.handleCallback(await browser().login(await client.createAuthorizationUrl()))

describe('our own client, by each method of authentication', () => {
  const methods = {
    client_secret_basic: () => [{ client_secret: secret }, clientSecretBasic(secret)] as const,
    client_secret_post: () => [{ client_secret: secret }, clientSecretPost(secret)] as const,
    client_secret_jwt: () => [{ client_secret: secret }, clientSecretJwt(secret)] as const,
    private_key_jwt: () => [{ jwks: { keys: [clientKey.publicJwk] } }, privateKeyJwt(clientKey.privateJwk)] as const,
  }

  it.each(Object.keys(methods) as (keyof typeof methods)[])(
    '%s: logs in, refreshes, introspects, revokes',
    async (method) => {
      const [registered, clientAuth] = methods[method]()
      server.addClient(registration(`own-${method}`, { token_endpoint_auth_method: method, ...registered }))
      const client = clientOf(`own-${method}`, { clientAuth })
      const renewed = await client.refresh(await logIn(client))
      const { accessToken, refreshToken } = renewed.tokens
      expect(await client.introspect(accessToken)).toMatchObject({ active: true, sub: 'alice' })
      await client.revoke(refreshToken!, { tokenTypeHint: 'refresh_token' })
      expect(await client.introspect(accessToken)).toMatchObject({ active: false })
    },
  )

  it('signs its request and takes a signed answer (JAR, JARM), with DPoP and nonces', async () => {
    server.addClient(
      registration('own-jar', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [clientKey.publicJwk] },
        request_object_signing_alg: 'ES256',
        require_signed_request_object: true,
        authorization_signed_response_alg: 'EdDSA',
      }),
    )
    const client = clientOf('own-jar', {
      clientAuth: privateKeyJwt(clientKey.privateJwk),
      requestObject: { key: clientKey.privateJwk },
      responseMode: 'jwt',
      authorizationSignedResponseAlg: 'EdDSA',
      dpop: true,
    })
    server.faults.add('nonce-demands')
    const login = await logIn(client)
    server.faults.delete('nonce-demands')
    expect(login).toMatchObject({ tokens: { tokenType: 'DPoP' }, claims: { sub: 'alice' } })
  })
})

describe('our own client, by certificate', () => {
  const methods = {
    pki: () => [tlsClientAuth(), certificates.client] as const,
    self: () => [selfSignedTlsClientAuth(), certificates.selfSigned] as const,
  }

  it.each(['pki', 'self'] as const)('%s: logs in with tokens that are bound to it', async (clientId) => {
    const [clientAuth, certificate] = methods[clientId]()
    const client = clientOf(clientId, {
      clientAuth,
      fetch: fetchWithCertificate(certificates.ca, certificate),
      certificateBoundAccessTokens: true,
    })
    const login = await client.refresh(await logIn(client))
    expect(login.tokens.tokenType).toBe('Bearer')
    expect(await client.introspect(login.tokens.accessToken)).toHaveProperty('cnf.x5t#S256')
    expect(await client.userInfo(login)).toMatchObject({ sub: 'alice' })
    const other = clientOf(clientId, { clientAuth, certificateBoundAccessTokens: true })
    await expect(other.userInfo(login)).rejects.toMatchObject({ error: 'invalid_token' })
    await expect(other.refresh(login)).rejects.toMatchObject({ error: 'invalid_client' })
  })
})

describe('our own client, and others', () => {
  const service = (options?: Partial<OAuthClientOptions>) => clientOf('basic', options)

  it('asks a user at another device, and waits', async () => {
    const runtime = createFastRuntime()
    const client = service({ runtime, scope: 'openid profile' })
    const asked = await requestBackchannelAuthentication(client, { loginHint: 'alice', bindingMessage: 'W4SCT' })
    runtime.onDelay = async (count) => {
      if (count === 2) expect(await browser().travel(`${server.issuer}/inbox`)).toContain('Nothing waits')
    }
    const { claims, tokens } = await asked.poll()
    expect(claims?.sub).toBe('alice')
    expect(tokens.scope).toBe('openid profile')
  })

  it('signs what it asks, and is pinged once the user has decided', async () => {
    const pings: Request[] = []
    const place = await startEndpoint(({ body, authorization }) => {
      const headers = { authorization, 'content-type': 'application/json' }
      return { n: pings.push(new Request('https://app.example/ping', { method: 'POST', body, headers })) }
    })
    server.addClient(
      registration('pinged', {
        client_secret: secret,
        jwks: { keys: [clientKey.publicJwk] },
        backchannel_authentication_request_signing_alg: 'ES256',
        backchannel_token_delivery_mode: 'ping',
        backchannel_client_notification_endpoint: `${place.origin}/ping`,
      }),
    )
    const client = clientOf('pinged', { scope: 'openid' })
    const ask = (more: object) =>
      requestBackchannelAuthentication(client, { loginHint: 'alice', mode: 'ping', ...more })
    await expect(ask({})).rejects.toMatchObject({ error: 'invalid_request' })
    const asked = await ask({ signedRequest: { key: clientKey.privateJwk } })
    expect(await server.answerBackchannelRequest(asked.authReqId, 'allow')).toBe(true)
    expect(pings).toHaveLength(1)
    expect((await asked.handlePing(pings[0]!)).claims?.sub).toBe('alice')
    place.close()
  })

  it('is told that the user has refused', async () => {
    const client = service({ runtime: createFastRuntime(), scope: 'openid' })
    const asked = await requestBackchannelAuthentication(client, { loginHint: 'bob' })
    expect(await server.answerBackchannelRequest(asked.authReqId, 'deny')).toBe(true)
    await expect(asked.poll()).rejects.toMatchObject({ error: 'access_denied' })
  })

  it('exchanges a token for a narrower one, in the name of an actor', async () => {
    const client = service({ scope: 'openid api:read api:write' })
    const [login, own] = [await logIn(client), await client.clientCredentials({ scope: 'api:read' })]
    const { tokens } = await exchangeToken(client, {
      subjectToken: login.tokens.accessToken,
      subjectTokenType: 'access_token',
      actorToken: own.tokens.accessToken,
      actorTokenType: 'access_token',
      scope: 'api:read',
    })
    expect(await client.introspect(tokens!.accessToken)).toMatchObject({
      sub: 'alice',
      scope: 'api:read',
      act: { sub: 'basic' },
    })
  })

  it('trades an assertion of a partner', async () => {
    const assertion = await assertAsPartner(partnerKey, server.issuer)
    const { tokens } = await requestJwtBearerTokens(service(), assertion, { scope: 'api:read' })
    expect(tokens).toMatchObject({ scope: 'api:read' })
    await expect(requestJwtBearerTokens(service(), assertion)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('redeems a pre-authorized code that a user made at the page', async () => {
    server.addClient(registration('wallet', { token_endpoint_auth_method: 'none', grant_types: [preAuthorizedGrant] }))
    const page = await makeOffer()
    const [code, txCode] = ['code', 'tx_code'].map((id) => new RegExp(`id="${id}">([^<]+)<`).exec(page)?.[1] ?? '')
    const wallet = clientOf('wallet', { clientAuth: none() })
    const redeem = (tx_code: string) =>
      requestExtensionGrant(
        wallet,
        preAuthorizedGrant,
        { 'pre-authorized_code': code!, tx_code },
        { scope: 'openid profile' },
      )
    await expect(redeem('not it')).rejects.toMatchObject({ error: 'invalid_grant' })
    expect((await redeem(txCode!)).tokens.scope).toBe('openid profile')
  })

  async function makeOffer(): Promise<string> {
    const visitor = browser()
    const page = await visitor.travel(`${server.issuer}/offer`)
    const [form] = formsOf(String(page), server.issuer)
    const body = new URLSearchParams([...form!.fields, ['act', 'offer'], ['scope', 'openid profile']])
    body.set('with_tx_code', 'yes')
    return (await visitor.send(form!.action, { method: 'POST', body, headers: { origin: server.issuer } })).text()
  }

  it('finds the issuer of a user, and the server of an API', async () => {
    const options = { fetch: bare() }
    const { host } = new URL(server.issuer)
    expect(await webFinger(`https://${host}/alice`, options)).toMatchObject({ issuer: server.issuer })
    const found = await discoverResource(`${server.issuer}/api`, options)
    expect(found.authorizationServers).toEqual([server.issuer])
  })
})
