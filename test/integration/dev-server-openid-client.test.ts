// The certified client, in its own words, over HTTP: what it accepts is right for every other client, too.
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JudgedServer, startJudgedServer } from '../dev-server/conformance.ts'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { makeSigningJwk } from '../support/real-provider/clients.ts'
import { redirectUri } from './dev-server-setup.ts'
import { logInWithOpenidClient } from './openid-client-login.ts'

let server: JudgedServer
beforeAll(async () => {
  server = await startJudgedServer({ faults: ['nonce-demands'] })
})
// Rejects where an answer was not as openapi/oauth.yaml has it, or was 500.
afterAll(() => server?.close())

const discover = (clientId: string, auth: oidc.ClientAuth, metadata: Partial<oidc.ClientMetadata> = {}) =>
  oidc.discovery(new URL(server.issuer), clientId, metadata, auth, { execute: [oidc.allowInsecureRequests] })
const service = () => discover('dev-service', oidc.ClientSecretBasic('dev-service-secret'))

describe('openid-client', () => {
  it('logs in by PAR, PKCE and DPoP with nonces, refreshes, reads userinfo, introspects and revokes', async () => {
    const config = await service()
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const tokens = await logInWithOpenidClient({ config, DPoP })
    expect(tokens.token_type).toBe('dpop')
    expect(tokens.claims()?.sub).toBe('alice')
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!, undefined, { DPoP })
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token)
    const user = await oidc.fetchUserInfo(config, renewed.access_token, 'alice', { DPoP })
    expect(user).toMatchObject({ email: 'alice@example.com', name: 'Alice Adams' })
    expect(await oidc.tokenIntrospection(config, renewed.access_token)).toMatchObject({ active: true, sub: 'alice' })
    await oidc.tokenRevocation(config, renewed.access_token)
    expect(await oidc.tokenIntrospection(config, renewed.access_token)).toEqual({ active: false })
  })

  it.each(['ES256', 'RS256', 'PS256', 'EdDSA'] as const)('believes an id_token signed by %s', async (alg) => {
    server.addClient({
      client_id: `app-${alg}`,
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirectUri],
      id_token_signed_response_alg: alg,
    })
    const config = await discover(`app-${alg}`, oidc.None(), { id_token_signed_response_alg: alg })
    expect((await logInWithOpenidClient({ config, scope: 'openid' })).claims()?.sub).toBe('alice')
  })

  it('signs its request and reads a signed answer (JAR, JARM), with a private key', async () => {
    const jwk = await makeSigningJwk('ES256', 'jar-1')
    const { d: _, ...publicJwk } = jwk
    server.addClient({
      client_id: 'jar-app',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicJwk] },
      redirect_uris: [redirectUri],
      authorization_signed_response_alg: 'ES256',
      require_signed_request_object: true,
    })
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const signing = { key, kid: 'jar-1' }
    const config = await discover('jar-app', oidc.PrivateKeyJwt(signing), {
      authorization_signed_response_alg: 'ES256',
    })
    oidc.useJwtResponseMode(config)
    const verifier = oidc.randomPKCECodeVerifier()
    const state = oidc.randomState()
    const asked = {
      redirect_uri: redirectUri,
      scope: 'openid',
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    const url = await oidc.buildAuthorizationUrlWithJAR(config, asked, signing)
    const callback = await new HeadlessBrowser().login(url)
    expect([...callback.searchParams.keys()]).toEqual(['response'])
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true }
    expect((await oidc.authorizationCodeGrant(config, callback, checks)).claims()?.sub).toBe('alice')
  })

  it('gets tokens for itself, and exchanges a token for a narrower one', async () => {
    const config = await service()
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const parameters = { scope: 'api:read api:write', resource: `${server.issuer}/api` }
    const own = await oidc.clientCredentialsGrant(config, parameters, { DPoP })
    expect(own).toMatchObject({ token_type: 'dpop', scope: 'api:read api:write' })
    const login = await logInWithOpenidClient({ config, DPoP, scope: 'openid api:read api:write' })
    const exchanged = await oidc.genericGrantRequest(
      config,
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: login.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        scope: 'api:read',
      },
      { DPoP },
    )
    expect(exchanged).toMatchObject({ scope: 'api:read' })
    expect(exchanged.issued_token_type).toBe('urn:ietf:params:oauth:token-type:access_token')
  })

  it('connects a device', async () => {
    const config = await discover('dev-app', oidc.None())
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' })
    await new HeadlessBrowser().travel(device.verification_uri_complete!)
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 })
    expect(tokens.claims()?.sub).toBe('alice')
  })

  it('registers itself, and logs in with what it got', async () => {
    const metadata = { redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_post' }
    const options = { execute: [oidc.allowInsecureRequests] }
    const config = await oidc.dynamicClientRegistration(new URL(server.issuer), metadata, undefined, options)
    expect((await logInWithOpenidClient({ config, scope: 'openid' })).claims()?.sub).toBe('alice')
  })

  it('logs the user out at the server', async () => {
    const browser = new HeadlessBrowser()
    server.addClient({
      client_id: 'out',
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: ['http://127.0.0.1:3999/out'],
    })
    const out = await discover('out', oidc.None())
    const verifier = oidc.randomPKCECodeVerifier()
    const asked = {
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    const callback = await browser.login(oidc.buildAuthorizationUrl(out, asked))
    const tokens = await oidc.authorizationCodeGrant(out, callback, { pkceCodeVerifier: verifier })
    expect(browser.cookies.has('authentype_login')).toBe(true)
    const url = oidc.buildEndSessionUrl(out, {
      id_token_hint: tokens.id_token!,
      post_logout_redirect_uri: 'http://127.0.0.1:3999/out',
      state: 's',
    })
    expect(String(await browser.travel(url))).toBe('http://127.0.0.1:3999/out?state=s')
    expect(browser.cookies.has('authentype_login')).toBe(false)
  })
})
