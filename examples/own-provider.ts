// A login at a provider of one's own, through the client that is generated from its document:
//   npx authentype generate --config examples/own-provider/authentype.config.json
// The provider publishes no metadata, so its endpoints are the document's.
import { createOAuthClient, createSessions, privateKeyJwt } from 'authentype'
import { createApi } from 'authentype/api'
import { getProfile, introspect, revoke } from './own-provider/generated/endpoints.ts'
import { serverMetadata } from './own-provider/generated/oauth.ts'

export interface Registration {
  readonly issuer: string
  readonly clientId: string
  readonly privateJwk: { readonly kty: string }
  readonly redirectUri: string
}

const manual = {
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['ES256'],
  code_challenge_methods_supported: ['S256'],
  id_token_signing_alg_values_supported: ['ES256'],
  dpop_signing_alg_values_supported: ['ES256'],
}

/** `browse` takes the user's browser from the login URL to the callback URL. */
export async function logIn(app: Registration, browse: (url: URL) => Promise<URL>) {
  const { issuer, clientId, redirectUri } = app
  const clientAuth = privateKeyJwt(app.privateJwk)
  const client = createOAuthClient({
    issuer,
    clientId,
    clientAuth,
    redirectUri,
    scope: 'openid profile',
    dpop: true,
    // What no OpenAPI document says of a server, its manual does.
    metadata: { ...serverMetadata(issuer, issuer), ...manual },
    discover: false,
    allowLoopbackHttp: true,
  })
  const sessions = createSessions({ client, baseUrl: issuer })
  const url = await client.createAuthorizationUrl()
  const session = await sessions.handleCallback(await browse(url))

  // Each credential goes where the document, or its recognition, wants it: the token to the profile, the client's
  // proof to introspection and revocation.
  const api = createApi({ baseUrl: issuer, issuer, clientId, clientAuth, authenticatedFetch: session.fetch })
  const profile = await getProfile(api)
  const { value: token } = await session.getAccessToken()
  const before = await introspect(api, { body: { token } })
  await revoke(api, { body: { token } })
  const after = await introspect(api, { body: { token } })
  return { url, profile, active: [before.active, after.active] }
}
