import { importSigningKey } from '#signatures'
import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { DpopNonces } from '../http/dpop-nonces.ts'
import { reportNotices } from '../http/observer.ts'
import type { ServerClocks } from '../http/server-clocks.ts'
import { fetchUserInfo, type UserInfoOptions } from '../issuer/fetch-user-info.ts'
import { type IntrospectOptions, introspectToken } from '../issuer/introspect-token.ts'
import { createIssuer } from '../issuer/issuer.ts'
import { type RevokeOptions, revokeToken } from '../issuer/revoke-token.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Introspection } from '../protocol/introspection-response.ts'
import type { UserInfoClaims } from '../protocol/userinfo-response.ts'
import type { HandleCallbackOptions } from './browser-binding.ts'
import { normaliseClientOptions, type OAuthClientOptions } from './client-options.ts'
import { keepParts } from './client-parts.ts'
import { type CreateAuthorizationUrlOptions, createAuthorizationUrl } from './create-authorization-url.ts'
import { createEndSessionUrl, type EndSessionOptions } from './create-end-session-url.ts'
import { handleCallback } from './handle-callback.ts'
import type { LoginResult, RenewableLogin } from './login-result.ts'
import type { CallbackInput } from './read-callback.ts'
import { type RefreshOptions, refreshLogin } from './refresh-login.ts'
import {
  type ClientCredentialsOptions,
  type ClientCredentialsResult,
  requestClientCredentials,
} from './request-client-credentials.ts'

/** One client at one issuer. It keeps nothing but caches: logins under way are in its transaction store. */
export interface OAuthClient {
  /** The issuer identifier. */
  readonly issuer: string
  /** As registered at the issuer. */
  readonly clientId: string
  /** Where logins come back to; absent for a client that has none. */
  readonly redirectUri: string | undefined
  /**
   * Begins a login: PKCE, state, nonce, a DPoP key, pushed where the server can take it.
   *
   * @throws ConfigurationError, ProtocolError, ResponseError, NetworkError, TimeoutError, StoreError
   */
  createAuthorizationUrl(options?: CreateAuthorizationUrlOptions): Promise<URL>
  /**
   * Ends a login: state, issuer, code exchange, every check of the id_token. A callback can be handled once.
   *
   * @throws AuthorizationResponseError when the server or the user said no
   * @throws ProtocolError `unknown_transaction`, `expired_transaction`, `browser_mismatch`, `state_mismatch`, ...
   * @throws IdTokenError with the list of checks
   */
  handleCallback(request: CallbackInput, options?: HandleCallbackOptions): Promise<LoginResult>
  /** New tokens for a login; `sessions` does this by itself. @throws OAuthResponseError `invalid_grant` when it is over */
  refresh(login: RenewableLogin, options?: RefreshOptions): Promise<LoginResult>
  /** A token for the client itself. */
  clientCredentials(options?: ClientCredentialsOptions): Promise<ClientCredentialsResult>
  /** @throws ProtocolError `userinfo_subject_mismatch` when it is about somebody else */
  userInfo(login: RenewableLogin, options?: UserInfoOptions): Promise<UserInfoClaims>
  /** What the server says of a token. @see RFC 7662 */
  introspect(token: string, options?: IntrospectOptions): Promise<Introspection>
  /** Ends a token at the server; one that it does not know counts as ended. @see RFC 7009 */
  revoke(token: string, options?: RevokeOptions): Promise<void>
  /** Where the server's own session ends; `undefined` where it has no such page. */
  createEndSessionUrl(options?: EndSessionOptions): Promise<URL | undefined>
  /** The server's metadata: discovered, judged, cached. `fresh` bypasses the cache. */
  metadata(options?: { readonly fresh?: boolean; readonly signal?: AbortSignal }): Promise<AuthorizationServerMetadata>
  /** The transport that the client was given, for what is built on it: watched, and learned from. */
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly allowLoopbackHttp: boolean
  /** The DPoP nonces that the issuer's servers have given. */
  readonly nonces: DpopNonces
  /** What is known of the clocks of the servers that were asked. */
  readonly clocks: ServerClocks
}

/** `createOAuthClient` without defaults for what other rooms provide; the index files give them. */
export function createOAuthClientOver(
  options: OAuthClientOptions & { readonly transactions: RecordStore; readonly fetch: Fetch },
): OAuthClient {
  const settings = normaliseClientOptions(options)
  const { metadata, ...rest } = settings
  const issuer = createIssuer({ ...rest, ...(metadata && { metadata }) })
  const { observer } = issuer
  const client: OAuthClient = {
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    redirectUri: settings.redirectUri,
    fetch: issuer.fetch,
    runtime: settings.runtime,
    allowLoopbackHttp: settings.allowLoopbackHttp,
    nonces: issuer.nonces,
    clocks: issuer.clocks,
    createAuthorizationUrl: (wishes) =>
      observer.watch('authorization_url', () => createAuthorizationUrl(settings, issuer, wishes)),
    handleCallback: (request, wishes) =>
      observer.watch('code_exchange', async () =>
        reportNotices(observer, await handleCallback(settings, issuer, request, wishes)),
      ),
    refresh: (login, wishes) =>
      observer.watch('token_refresh', async () =>
        reportNotices(observer, await refreshLogin(settings, issuer, login, wishes)),
      ),
    clientCredentials: (wishes) =>
      observer.watch('token_request', async () =>
        reportNotices(observer, await requestClientCredentials(settings, issuer, wishes)),
      ),
    async userInfo(login, wishes = {}) {
      const { tokens, claims, dpopKey } = login
      if (!claims) throw new TypeError('userInfo: the login has no id_token to hold the answer against')
      const token = { value: tokens.accessToken, scope: tokens.scope }
      // A refresh may have brought a Bearer token, where that was allowed; the key stays for the next one.
      const isBound = tokens.tokenType === 'DPoP' && dpopKey !== undefined
      const usable = isBound
        ? ({ ...token, kind: 'dpop', key: await importSigningKey(dpopKey) } as const)
        : ({ ...token, kind: 'bearer' } as const)
      return await fetchUserInfo(issuer, usable, claims.sub, wishes, settings.userinfo)
    },
    introspect: (token, wishes) => introspectToken(issuer, token, wishes, settings.introspection),
    revoke: (token, wishes) => observer.watch('token_revocation', () => revokeToken(issuer, token, wishes)),
    createEndSessionUrl: (wishes) => createEndSessionUrl(issuer, wishes),
    metadata: async (wishes) => issuer.metadata.get(wishes),
  }
  return keepParts(client, { settings, issuer })
}
