import type { Fetch } from '../lib/fetch.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
import type { OAuthClientOptions } from './client-options.ts'
import { createOAuthClientOver, type OAuthClient } from './oauth-client.ts'

export { type PrivateKeyJwtOptions, privateKeyJwt } from '../protocol/client-assertion.ts'
export {
  type ClientAuth,
  type ClientAuthContext,
  type ClientAuthParts,
  clientSecretBasic,
  clientSecretPost,
  none,
} from '../protocol/client-auth.ts'
export type { DpopOptions, OAuthClientOptions } from './client-options.ts'
export type { CreateAuthorizationUrlOptions } from './create-authorization-url.ts'
export type { EndSessionOptions } from './create-end-session-url.ts'
export type { LoginResult, RenewableLogin } from './login-result.ts'
export type { OAuthClient } from './oauth-client.ts'
export type { RefreshOptions } from './refresh-login.ts'
export type { ClientCredentialsOptions, ClientCredentialsResult } from './request-client-credentials.ts'

const globalFetch: Fetch = (request) => fetch(request)

/**
 * A client at an issuer, over the global fetch unless another is given. Logins under way are kept in this process
 * unless `transactions` says where else.
 *
 * @throws TypeError for an option that is missing, malformed or unknown
 * @example
 * const client = createOAuthClient({ issuer: 'https://issuer.example', clientId: 'app', redirectUri: 'https://app.example/callback' })
 * const url = await client.createAuthorizationUrl()
 * const login = await client.handleCallback(request)
 */
export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  return createOAuthClientOver({
    ...options,
    fetch: options.fetch ?? globalFetch,
    transactions: options.transactions ?? createMemoryStore(options.runtime && { runtime: options.runtime }),
  })
}
