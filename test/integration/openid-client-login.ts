import * as oidc from 'openid-client'
import { HeadlessBrowser } from '../dev-server/headless-browser.ts'
import { scope as everyScope, redirectUri } from './dev-server-setup.ts'

export interface OpenidClientLogin {
  readonly config: oidc.Configuration
  readonly DPoP?: oidc.DPoPHandle
  /** @default all of OpenID, and a refresh token */
  readonly scope?: string
  /** The browser's. @default the platform's */
  readonly fetch?: typeof globalThis.fetch
}

/** A login by PAR and PKCE, with state and nonce, as openid-client documents it. */
export async function logInWithOpenidClient({ config, DPoP, scope = everyScope, fetch }: OpenidClientLogin) {
  const verifier = oidc.randomPKCECodeVerifier()
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
  const parameters = {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  const proof = DPoP && { DPoP }
  const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters, proof)
  const callback = await new HeadlessBrowser(fetch).login(url)
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
  return oidc.authorizationCodeGrant(config, callback, checks, undefined, proof)
}
