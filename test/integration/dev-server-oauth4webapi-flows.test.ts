// The strictest reader in the flows that need a key, a certificate, another device or a registration.
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JudgedServer } from '../dev-server/conformance.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import type { Certificates } from '../support/certificates.ts'
import {
  accessTokenType,
  type ClientKey,
  exchangeGrant,
  platformFetch,
  redirectUri,
  registration,
  scope,
  secret,
  startFlowServer,
} from './dev-server-setup.ts'

let certificates: Certificates
let server: JudgedServer
let as: oauth.AuthorizationServer
let clientKey: ClientKey
let send: typeof fetch
const options = (more: object = {}) => ({ [oauth.customFetch]: send as never, ...more })
beforeAll(async () => {
  ;({ certificates, server, clientKey } = await startFlowServer({ faults: ['nonce-demands'] }))
  send = platformFetch(certificates.ca)
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options()))
  server.addClient(registration('basic', { client_secret: secret }))
  server.addClient(
    registration('jar', {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [clientKey.publicJwk] },
      require_pushed_authorization_requests: true,
      authorization_signed_response_alg: 'ES256',
    }),
  )
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

/** Again after a demand for a nonce: the handle has taken it from the answer. */
async function withNonce<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return run()
  }
}

const basic: oauth.Client = { client_id: 'basic' }
const basicAuth = oauth.ClientSecretBasic(secret)

describe('oauth4webapi', () => {
  it('pushes a signed request, reads a signed answer, and holds tokens by a key, with nonces', async () => {
    const client: oauth.Client = { client_id: 'jar', authorization_signed_response_alg: 'ES256' }
    const auth = oauth.PrivateKeyJwt(clientKey)
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const verifier = oauth.generateRandomCodeVerifier()
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const request = await oauth.issueRequestObject(
      as,
      client,
      {
        redirect_uri: redirectUri,
        response_type: 'code',
        response_mode: 'jwt',
        scope,
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      clientKey,
    )
    const pushed = await withNonce(async () => {
      const answer = await oauth.pushedAuthorizationRequest(as, client, auth, { request }, options({ DPoP }))
      return oauth.processPushedAuthorizationResponse(as, client, answer)
    })
    const url = new URL(as.authorization_endpoint!)
    url.search = String(new URLSearchParams({ client_id: 'jar', request_uri: pushed.request_uri }))
    const callback = await new HeadlessBrowser(send).login(url)
    const params = await oauth.validateJwtAuthResponse(as, client, callback, state, options())
    const tokens = await withNonce(async () => {
      const more = options({ DPoP })
      const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, params, redirectUri, verifier, more)
      return oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true })
    })
    expect(tokens.token_type).toBe('dpop')
    const renewed = await withNonce(async () => {
      const more = options({ DPoP })
      const answer = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token!, more)
      return oauth.processRefreshTokenResponse(as, client, answer)
    })
    const user = await withNonce(async () => {
      const answer = await oauth.userInfoRequest(as, client, renewed.access_token, options({ DPoP }))
      return oauth.processUserInfoResponse(as, client, 'alice', answer)
    })
    expect(user).toMatchObject({ name: 'Alice Adams' })
    expect(server.nonceDemands).toBeGreaterThan(0)
  })

  it.each(['pki', 'self'] as const)('%s: shows its certificate at the aliases', async (clientId) => {
    const certificate = clientId === 'pki' ? certificates.client : certificates.selfSigned
    const client: oauth.Client = { client_id: clientId, use_mtls_endpoint_aliases: true }
    const auth = oauth.TlsClientAuth()
    const more = { [oauth.customFetch]: platformFetch(certificates.ca, certificate) as never }
    const parameters = new URLSearchParams({ scope: 'api:read', resource: `${server.issuer}/api` })
    const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, more)
    const tokens = await oauth.processClientCredentialsResponse(as, client, answer)
    const asked = await oauth.introspectionRequest(as, client, auth, tokens.access_token, more)
    const seen = await oauth.processIntrospectionResponse(as, client, asked)
    expect(seen).toMatchObject({ active: true, cnf: { 'x5t#S256': expect.stringMatching(/^[\w-]{43}$/) } })
    const revoked = await oauth.revocationRequest(as, client, auth, tokens.access_token, more)
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined()
  })

  it('asks a user at another device', async () => {
    const parameters = new URLSearchParams({ scope: 'openid', login_hint: 'bob' })
    const begun = await oauth.backchannelAuthenticationRequest(as, basic, basicAuth, parameters, options())
    const asked = await oauth.processBackchannelAuthenticationResponse(as, basic, begun)
    const poll = async () => {
      const id = asked.auth_req_id
      const answer = await oauth.backchannelAuthenticationGrantRequest(as, basic, basicAuth, id, options())
      return oauth.processBackchannelAuthenticationGrantResponse(as, basic, answer)
    }
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' })
    await expect(poll()).rejects.toMatchObject({ error: 'slow_down' })
    await server.answerBackchannelRequest(asked.auth_req_id, 'allow')
    expect(oauth.getValidatedIdTokenClaims(await poll())?.sub).toBe('bob')
  })

  it('connects a device, and exchanges its token', async () => {
    server.addClient(
      registration('tv', {
        client_secret: secret,
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', exchangeGrant],
      }),
    )
    const tv: oauth.Client = { client_id: 'tv' }
    const begun = await oauth.deviceAuthorizationRequest(as, tv, basicAuth, { scope: 'openid api:read' }, options())
    const device = await oauth.processDeviceAuthorizationResponse(as, tv, begun)
    await new HeadlessBrowser(send).travel(device.verification_uri_complete!)
    const answer = await oauth.deviceCodeGrantRequest(as, tv, basicAuth, device.device_code, options())
    const tokens = await oauth.processDeviceCodeResponse(as, tv, answer)
    const exchange = new URLSearchParams({
      subject_token: tokens.access_token,
      subject_token_type: accessTokenType,
      scope: 'api:read',
    })
    const asked = await oauth.genericTokenEndpointRequest(as, tv, basicAuth, exchangeGrant, exchange, options())
    const exchanged = await oauth.processGenericTokenEndpointResponse(as, tv, asked)
    expect(exchanged).toMatchObject({ scope: 'api:read', issued_token_type: accessTokenType })
  })

  it('registers, and authenticates with what it got', async () => {
    const metadata = { grant_types: ['client_credentials'], scope: 'api:read', redirect_uris: [] }
    const answer = await oauth.dynamicClientRegistrationRequest(as, metadata as never, options())
    const client = await oauth.processDynamicClientRegistrationResponse(answer)
    const auth = oauth.ClientSecretBasic(client.client_secret as string)
    const asked = await oauth.clientCredentialsGrantRequest(as, client as oauth.Client, auth, {}, options())
    const tokens = await oauth.processClientCredentialsResponse(as, client as oauth.Client, asked)
    expect(tokens.scope).toBe('api:read')
  })

  it('reads the metadata of the API (RFC 9728)', async () => {
    const resource = new URL(`${server.issuer}/api`)
    const answer = await oauth.resourceDiscoveryRequest(resource, options())
    expect(await oauth.processResourceDiscoveryResponse(resource, answer)).toMatchObject({
      authorization_servers: [server.issuer],
      tls_client_certificate_bound_access_tokens: true,
    })
  })
})
