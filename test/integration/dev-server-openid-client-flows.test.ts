// The flows of the certified client that need a key, a certificate, another device or a third party.
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JudgedServer } from '../dev-server/conformance.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import type { Certificate, Certificates } from '../support/certificates.ts'
import {
  accessTokenType,
  assertAsPartner,
  type ClientKey,
  cibaGrant,
  exchangeGrant,
  jwtBearerGrant,
  platformFetch,
  preAuthorizedGrant,
  registration,
  secret,
  startEndpoint,
  startFlowServer,
  tlsRegistrations,
} from './dev-server-setup.ts'
import { logInWithOpenidClient } from './openid-client-login.ts'

let certificates: Certificates
let server: JudgedServer
let clientKey: ClientKey
let partnerKey: ClientKey
beforeAll(async () => {
  ;({ certificates, server, clientKey, partnerKey } = await startFlowServer())
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

interface Setup {
  readonly metadata?: Partial<oidc.ClientMetadata>
  readonly certificate?: Certificate
}

async function discover(clientId: string, auth: oidc.ClientAuth, { metadata = {}, certificate }: Setup = {}) {
  const send = platformFetch(certificates.ca, certificate)
  const options: oidc.DiscoveryRequestOptions = { [oidc.customFetch]: send as oidc.CustomFetch }
  const config = await oidc.discovery(new URL(server.issuer), clientId, metadata, auth, options)
  return config
}

const logIn = (config: oidc.Configuration, more: { DPoP?: oidc.DPoPHandle; scope?: string } = {}) =>
  logInWithOpenidClient({ config, fetch: platformFetch(certificates.ca), ...more })

/** Introspected by the token's own client. */
const introspect = async (config: oidc.Configuration, token: string) =>
  (await oidc.tokenIntrospection(config, token)) as Record<string, unknown>

describe('openid-client, by each method of authentication', () => {
  const methods: Record<string, { register: () => object; auth: () => oidc.ClientAuth }> = {
    client_secret_basic: { register: () => ({ client_secret: secret }), auth: () => oidc.ClientSecretBasic(secret) },
    client_secret_post: { register: () => ({ client_secret: secret }), auth: () => oidc.ClientSecretPost(secret) },
    client_secret_jwt: { register: () => ({ client_secret: secret }), auth: () => oidc.ClientSecretJwt(secret) },
    private_key_jwt: {
      register: () => ({ jwks: { keys: [clientKey.publicJwk] } }),
      auth: () => oidc.PrivateKeyJwt(clientKey),
    },
  }

  it.each(Object.keys(methods))('%s: pushes, logs in, refreshes, introspects and revokes', async (method) => {
    const { register, auth } = methods[method]!
    server.addClient(registration(method, { token_endpoint_auth_method: method as never, ...register() }))
    const config = await discover(method, auth())
    const tokens = await logIn(config)
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!)
    expect(renewed.claims()?.sub).toBe('alice')
    expect(await introspect(config, renewed.access_token)).toMatchObject({ active: true, client_id: method })
    await oidc.tokenRevocation(config, renewed.refresh_token!, { token_type_hint: 'refresh_token' })
    expect(await introspect(config, renewed.access_token)).toEqual({ active: false })
  })

  it('refuses a key that was not registered', async () => {
    server.addClient(
      registration('strange', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [partnerKey.publicJwk] },
      }),
    )
    const config = await discover('strange', oidc.PrivateKeyJwt(clientKey))
    await expect(oidc.clientCredentialsGrant(config, {})).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('fetches the keys of a client from its own address', async () => {
    const place = await startEndpoint(() => ({ keys: [clientKey.publicJwk] }))
    server.addClient(
      registration('remote', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `${place.origin}/jwks`,
      }),
    )
    const config = await discover('remote', oidc.PrivateKeyJwt(clientKey))
    expect((await oidc.clientCredentialsGrant(config, { scope: 'api:read' })).scope).toBe('api:read')
    place.close()
  })

  it('reads a JARM answer to a pushed request, with DPoP', async () => {
    server.addClient(
      registration('jarm', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [clientKey.publicJwk] },
        authorization_signed_response_alg: 'PS256',
      }),
    )
    const config = await discover('jarm', oidc.PrivateKeyJwt(clientKey), {
      metadata: { authorization_signed_response_alg: 'PS256' },
    })
    oidc.useJwtResponseMode(config)
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    server.faults.add('nonce-demands')
    const before = server.nonceDemands
    const tokens = await logIn(config, { DPoP })
    server.faults.delete('nonce-demands')
    expect(server.nonceDemands).toBeGreaterThan(before)
    expect(tokens.token_type).toBe('dpop')
    expect(await introspect(config, tokens.access_token)).toHaveProperty('cnf.jkt')
  })
})

describe('openid-client, by certificate', () => {
  const cases = [
    ['pki', 'client'],
    ['self', 'selfSigned'],
  ] as const

  it.each(cases)('%s: goes to the aliases, and gets tokens that are bound', async (clientId, name) => {
    const certificate = certificates[name]
    const metadata = { use_mtls_endpoint_aliases: true }
    const config = await discover(clientId, oidc.TlsClientAuth(), { metadata, certificate })
    const aliases = config.serverMetadata().mtls_endpoint_aliases
    expect(aliases?.token_endpoint).toBe(`${server.mtlsOrigin}/token`)
    const tokens = await logIn(config)
    expect(tokens.token_type).toBe('bearer')
    expect(await introspect(config, tokens.access_token)).toHaveProperty('cnf.x5t#S256')
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!)
    expect(await oidc.fetchUserInfo(config, renewed.access_token, 'alice')).toMatchObject({ sub: 'alice' })
    // RFC 8705 3: without the certificate the token is worth nothing.
    const send = platformFetch(certificates.ca)
    const headers = { authorization: `Bearer ${renewed.access_token}` }
    expect((await send(`${server.mtlsOrigin}/userinfo`, { headers })).status).toBe(401)
    expect((await send(`${server.issuer}/userinfo`, { headers })).status).toBe(401)
  })

  it.each([
    ['pki', 'selfSigned'],
    ['self', 'client'],
    ['pki', undefined],
  ] as const)('%s: refuses %s', async (clientId, name) => {
    const certificate = name && certificates[name]
    const metadata = { use_mtls_endpoint_aliases: true }
    const config = await discover(clientId, oidc.TlsClientAuth(), { metadata, ...(certificate && { certificate }) })
    await expect(oidc.clientCredentialsGrant(config, {})).rejects.toMatchObject({ error: 'invalid_client' })
  })

  it('makes proofs for the alias, and gets a token that the key holds', async () => {
    const [, self] = tlsRegistrations(certificates)
    server.addClient({ ...self!, client_id: 'both', tls_client_certificate_bound_access_tokens: false })
    const metadata = { use_mtls_endpoint_aliases: true }
    const config = await discover('both', oidc.TlsClientAuth(), { metadata, certificate: certificates.selfSigned })
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const tokens = await logIn(config, { DPoP })
    expect(tokens.token_type).toBe('dpop')
    expect(await oidc.fetchUserInfo(config, tokens.access_token, 'alice', { DPoP })).toMatchObject({ sub: 'alice' })
  })

  it('asks nobody for a certificate at the issuer itself', async () => {
    const config = await discover('pki', oidc.TlsClientAuth(), { certificate: certificates.client })
    await expect(oidc.clientCredentialsGrant(config, {})).rejects.toMatchObject({ error: 'invalid_client' })
  })
})

describe('openid-client, and a user at another device', () => {
  const ciba = async (more: object = {}) => {
    server.addClient(registration('ciba', { client_secret: secret, ...more }))
    return discover('ciba', oidc.ClientSecretBasic(secret))
  }
  const ask = (config: oidc.Configuration, parameters: Record<string, string> = {}) =>
    oidc.initiateBackchannelAuthentication(config, {
      scope: 'openid profile',
      login_hint: 'alice@example.com',
      binding_message: 'W4SCT',
      ...parameters,
    })

  it('is told no sooner than the user has allowed it at the page', async () => {
    const config = await ciba()
    const asked = await ask(config)
    const browser = new HeadlessBrowser(platformFetch(certificates.ca))
    const visit = browser.travel(`${server.issuer}/inbox`)
    const tokens = await oidc.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 1 })
    expect(tokens.claims()).toMatchObject({ sub: 'alice', amr: ['pwd'] })
    await visit
    expect(browser.pages.join('\n')).toContain('W4SCT')
    expect(browser.pages.at(-1)).toContain('Nothing waits for you')
  })

  it('is refused by the user', async () => {
    const config = await ciba()
    const asked = await ask(config)
    const browser = new HeadlessBrowser(platformFetch(certificates.ca))
    await browser.travel(`${server.issuer}/inbox`, { answer: 'deny' })
    const polling = oidc.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 1 })
    await expect(polling).rejects.toMatchObject({ error: 'access_denied' })
  })

  it('is pinged once the user has decided, and then polls', async () => {
    const pings: object[] = []
    const place = await startEndpoint((ping) => ({ n: pings.push(ping) }))
    const config = await ciba({
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: `${place.origin}/ping`,
    })
    const asked = await ask(config, { client_notification_token: 'a-token-of-the-client-s' })
    expect(await server.backchannelRequests('alice')).toMatchObject([{ bindingMessage: 'W4SCT' }])
    expect(await server.answerBackchannelRequest(asked.auth_req_id, 'allow')).toBe(true)
    expect(pings).toEqual([
      {
        path: '/ping',
        authorization: 'Bearer a-token-of-the-client-s',
        body: JSON.stringify({ auth_req_id: asked.auth_req_id }),
      },
    ])
    const grant = await oidc.genericGrantRequest(config, cibaGrant, { auth_req_id: asked.auth_req_id })
    expect(grant.claims()?.sub).toBe('alice')
    expect(await server.answerBackchannelRequest(asked.auth_req_id, 'deny')).toBe(false)
    place.close()
  })

  it.each([
    [{ login_hint: 'nobody' }, 'unknown_user_id'],
    [{ login_hint_token: 'x', login_hint: '' }, 'unknown_user_id'],
    [{ binding_message: 'x'.repeat(200) }, 'invalid_binding_message'],
    [{ id_token_hint: 'x' }, 'invalid_request'],
  ])('is told what is wrong with %j', async (parameters, error) => {
    const config = await ciba()
    await expect(ask(config, parameters as Record<string, string>)).rejects.toMatchObject({ error })
  })
})

describe('openid-client, and a third party', () => {
  const assertion = (key: ClientKey, claims?: object) => assertAsPartner(key, server.issuer, claims)
  const service = () => discover('dev-service', oidc.ClientSecretBasic('dev-service-secret'))

  it('trades its assertion for a token, once', async () => {
    const config = await service()
    const parameters = { assertion: await assertion(partnerKey), scope: 'api:read' }
    const tokens = await oidc.genericGrantRequest(config, jwtBearerGrant, parameters)
    expect(tokens).toMatchObject({ scope: 'api:read' })
    expect(tokens.refresh_token).toBeUndefined()
    expect(await introspect(config, tokens.access_token)).toMatchObject({ active: true, sub: 'bob' })
    const again = oidc.genericGrantRequest(config, jwtBearerGrant, parameters)
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it.each([
    ['another key', () => assertion(clientKey)],
    ['another audience', () => assertion(partnerKey, { aud: 'https://elsewhere.example' })],
    ['an unknown issuer', () => assertion(partnerKey, { iss: 'https://strange.example' })],
  ])('is refused by %s', async (_, make) => {
    const config = await service()
    const asked = oidc.genericGrantRequest(config, jwtBearerGrant, { assertion: await make() })
    await expect(asked).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('exchanges a token in the name of an actor', async () => {
    const config = await service()
    const subject = await logIn(config, { scope: 'openid api:read api:write' })
    const actor = await oidc.clientCredentialsGrant(config, { scope: 'api:read' })
    const exchanged = await oidc.genericGrantRequest(config, exchangeGrant, {
      subject_token: subject.access_token,
      subject_token_type: accessTokenType,
      actor_token: actor.access_token,
      actor_token_type: accessTokenType,
      scope: 'api:read',
    })
    expect(exchanged).toMatchObject({ scope: 'api:read', issued_token_type: accessTokenType })
    const seen = await introspect(config, exchanged.access_token)
    expect(seen).toMatchObject({ sub: 'alice', act: { sub: 'dev-service' } })
  })

  it('redeems a pre-authorized code with what the user was told', async () => {
    const config = await discover('dev-app', oidc.None())
    const input = { subject: 'alice', scope: ['openid', 'profile'], txCode: '493536' }
    const { code } = await server.issuePreAuthorizedCode(input)
    const redeem = (tx_code: string) =>
      oidc.genericGrantRequest(config, preAuthorizedGrant, { 'pre-authorized_code': code, tx_code })
    await expect(redeem('000000')).rejects.toMatchObject({ error: 'invalid_grant' })
    expect((await redeem('493536')).claims()?.sub).toBe('alice')
    await expect(redeem('493536')).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})
