// The strictest reader of answers that there is, in its own words, over HTTP.
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JudgedServer, startJudgedServer } from '../dev-server/conformance.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { redirectUri } from './dev-server-setup.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const client: oauth.Client = { client_id: 'dev-service' }
const clientAuth = oauth.ClientSecretBasic('dev-service-secret')
let server: JudgedServer
let as: oauth.AuthorizationServer
beforeAll(async () => {
  server = await startJudgedServer()
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  )
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

async function logIn(scope = 'openid email offline_access') {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(as.authorization_endpoint!)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const callback = await new HeadlessBrowser().login(url)
  const params = oauth.validateAuthResponse(as, client, callback, state)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    clientAuth,
    params,
    redirectUri,
    verifier,
    insecure,
  )
  const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(as, response, insecure)
  return result
}

describe('oauth4webapi', () => {
  it('finds the same document at both addresses', async () => {
    const paths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
    const [one, other] = await Promise.all(paths.map(async (path) => (await fetch(server.issuer + path)).text()))
    expect(one).toBe(other)
  })

  it('logs in, refreshes, reads userinfo, introspects and revokes', async () => {
    const result = await logIn()
    expect(oauth.getValidatedIdTokenClaims(result)?.sub).toBe('alice')
    const answer = await oauth.refreshTokenGrantRequest(as, client, clientAuth, result.refresh_token!, insecure)
    const renewed = await oauth.processRefreshTokenResponse(as, client, answer)
    const info = await oauth.userInfoRequest(as, client, renewed.access_token, insecure)
    expect(await oauth.processUserInfoResponse(as, client, 'alice', info)).toMatchObject({ email: 'alice@example.com' })
    const asked = await oauth.introspectionRequest(as, client, clientAuth, renewed.access_token, insecure)
    expect(await oauth.processIntrospectionResponse(as, client, asked)).toMatchObject({ active: true })
    const revoked = await oauth.revocationRequest(as, client, clientAuth, renewed.access_token, insecure)
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined()
  })

  it('verifies an access token as the API that it is for (RFC 9068)', async () => {
    const parameters = new URLSearchParams({ scope: 'api:read', resource: `${server.issuer}/api` })
    const answer = await oauth.clientCredentialsGrantRequest(as, client, clientAuth, parameters, insecure)
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, answer)
    const request = new Request(`${server.issuer}/api`, { headers: { authorization: `Bearer ${token}` } })
    const claims = await oauth.validateJwtAccessToken(as, request, `${server.issuer}/api`, insecure)
    expect(claims).toMatchObject({ client_id: 'dev-service', scope: 'api:read' })
  })

  it('reads a signed introspection answer (RFC 9701)', async () => {
    const { access_token: token } = await logIn('openid')
    const asked = await oauth.introspectionRequest(as, client, clientAuth, token, {
      requestJwtResponse: true,
      ...insecure,
    })
    const signed: oauth.Client = { ...client, introspection_signed_response_alg: 'RS256' }
    expect(await oauth.processIntrospectionResponse(as, signed, asked)).toMatchObject({ active: true, sub: 'alice' })
  })
})
