import * as oidc from 'openid-client'
import { type ClientSetup, registeredClient } from '../../support/hostile/client-setup.ts'
import type { SubjectFactory } from '../../support/hostile/run-scenario.ts'

/**
 * A certified client, strictest options on, driven through the same scenarios: it shows that the provider is
 * honest where no fault is switched on.
 */
export const openidClientSubject: SubjectFactory = ({ issuer, client: setup }) => {
  const { redirectUri } = registeredClient
  const scope = setup.scope ?? 'openid profile offline_access'
  let known: Promise<oidc.Configuration> | undefined
  const configuration = () => (known ??= discover(issuer, setup))
  let proofs: Promise<{ DPoP?: oidc.DPoPHandle }> | undefined
  const options = () => (proofs ??= makeProofs(configuration(), setup))
  let checks: oidc.AuthorizationCodeGrantChecks = {}
  let tokens: (oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers) | undefined
  return {
    async authorizationUrl() {
      const config = await configuration()
      const verifier = oidc.randomPKCECodeVerifier()
      const state = oidc.randomState()
      const nonce = oidc.randomNonce()
      checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, ...maxAge(setup) }
      const parameters = {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(setup.maxAge === undefined ? {} : { max_age: String(setup.maxAge) }),
      }
      return config.serverMetadata().pushed_authorization_request_endpoint
        ? oidc.buildAuthorizationUrlWithPAR(config, parameters, await options())
        : oidc.buildAuthorizationUrl(config, parameters)
    },
    async callback(url) {
      tokens = await oidc.authorizationCodeGrant(await configuration(), url, checks, {}, await options())
    },
    async refresh() {
      const old = tokens?.refresh_token ?? ''
      const next = await oidc.refreshTokenGrant(await configuration(), old, {}, await options())
      tokens = Object.assign(next, { refresh_token: next.refresh_token ?? old })
    },
    async userinfo() {
      const subject = tokens?.claims()?.sub ?? oidc.skipSubjectCheck
      await oidc.fetchUserInfo(await configuration(), tokens?.access_token ?? '', subject, await options())
    },
    async clientCredentials() {
      await oidc.clientCredentialsGrant(await configuration(), { scope: 'api' }, await options())
    },
    async introspection() {
      await oidc.tokenIntrospection(await configuration(), tokens?.access_token ?? '')
    },
    async revocation() {
      await oidc.tokenRevocation(await configuration(), tokens?.refresh_token ?? '')
    },
    apiCall: () => Promise.reject(new Error('openid-client has no sessions')),
    verifyIdToken: () => Promise.reject(new Error('openid-client verifies no id_token by itself')),
  }
}

const maxAge = ({ maxAge }: ClientSetup) => (maxAge === undefined ? {} : { maxAge })

async function makeProofs(configuration: Promise<oidc.Configuration>, setup: ClientSetup) {
  if (!setup.dpop) return {}
  return { DPoP: oidc.getDPoPHandle(await configuration, await oidc.randomDPoPKeyPair()) }
}

async function discover(issuer: string, setup: ClientSetup): Promise<oidc.Configuration> {
  const auth = await clientAuth(setup)
  // It has to be told any algorithm but RS256, while a server's list is enough for us.
  const metadata = { id_token_signed_response_alg: setup.idTokenAlg ?? 'ES256' }
  const configuration = await oidc.discovery(new URL(issuer), registeredClient.clientId, metadata, auth, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  configuration.timeout = (setup.timeout ?? 5000) / 1000
  return configuration
}

async function clientAuth({ auth }: ClientSetup): Promise<oidc.ClientAuth> {
  const { clientSecret, privateJwk } = registeredClient
  switch (auth) {
    case 'none':
      return oidc.None()
    case 'client_secret_post':
      return oidc.ClientSecretPost(clientSecret)
    case 'private_key_jwt': {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
      const key = await crypto.subtle.importKey('jwk', privateJwk as JsonWebKey, algorithm, false, ['sign'])
      return oidc.PrivateKeyJwt({ key, kid: privateJwk.kid })
    }
    default:
      return oidc.ClientSecretBasic(clientSecret)
  }
}
