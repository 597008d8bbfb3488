/**
 * The contents page: everything that an application needs for a login, with ky as the transport. The subpaths
 * have the same names without ky.
 */
import { createOAuthClient as createClient, type OAuthClient, type OAuthClientOptions } from './client/index.ts'
import { createKyTransport } from './http/ky-transport.ts'

export {
  type ClientAuth,
  type ClientCredentialsOptions,
  type ClientCredentialsResult,
  type CreateAuthorizationUrlOptions,
  clientSecretBasic,
  clientSecretPost,
  type DpopOptions,
  type EndSessionOptions,
  type LoginResult,
  none,
  type OAuthClient,
  type OAuthClientOptions,
  type PrivateKeyJwtOptions,
  privateKeyJwt,
  type RefreshOptions,
  type RenewableLogin,
} from './client/index.ts'

/**
 * A client at an issuer. Its transport is ky, which tries a failed GET again; give `fetch` for another. Logins under
 * way are kept in this process unless `transactions` says where else.
 *
 * @throws TypeError for an option that is missing, malformed or unknown
 * @example
 * const client = createOAuthClient({ issuer: 'https://issuer.example', clientId: 'app', redirectUri: 'https://app.example/callback' })
 * const url = await client.createAuthorizationUrl()
 * const login = await client.handleCallback(request)
 */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  return createClient({ ...options, fetch: options.fetch ?? createKyTransport() })
}
