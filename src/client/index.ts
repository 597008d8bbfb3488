import type { Fetch } from '../lib/fetch.ts'
import { assertOptions } from '../lib/options.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
import type { OAuthClientOptions } from './client-options.ts'
import { createOAuthClientOver, type OAuthClient } from './oauth-client.ts'

export type { Connect } from '../http/pinned-connection.ts'
export { createScreenedFetch, type ScreenedFetchOptions } from '../http/screened-fetch.ts'
export {
  deleteClient,
  type ManageClientOptions,
  type RegisterClientOptions,
  readClient,
  registerClient,
  updateClient,
} from '../issuer/client-registration.ts'
export { type DiscoveredResource, type DiscoverResourceOptions, discoverResource } from '../issuer/discover-resource.ts'
export {
  type ResolveClaimSourcesOptions,
  type ResolvedClaims,
  resolveClaimSources,
  type SourcedClaim,
  type UnresolvedSource,
} from '../issuer/resolve-claim-sources.ts'
export type { ThirdPartyOptions } from '../issuer/third-party.ts'
export { type WebFingerResult, webFinger } from '../issuer/web-finger.ts'
export type { BackchannelSigningOptions } from '../protocol/backchannel-signed-request.ts'
export { type PrivateKeyJwtOptions, privateKeyJwt } from '../protocol/client-assertion.ts'
export {
  type ClientAuth,
  type ClientAuthContext,
  type ClientAuthParts,
  type ClientKey,
  clientSecret,
  clientSecretBasic,
  clientSecretPost,
  none,
} from '../protocol/client-auth.ts'
export { selfSignedTlsClientAuth, tlsClientAuth } from '../protocol/client-auth-tls.ts'
export type {
  ClientEvent,
  ClientEventListener,
  ClientOperation,
  EventPhase,
  OperationEvent,
  RequestEvent,
} from '../protocol/client-event.ts'
export { buildClientMetadataDocument, type ClientMetadataDocument } from '../protocol/client-metadata-document.ts'
export type { ClientRegistration, JudgedRegistration } from '../protocol/client-registration.ts'
export { type ClientSecretJwtOptions, clientSecretJwt } from '../protocol/client-secret-jwt.ts'
export {
  createDecryptor,
  type Decryptor,
  type DecryptorOptions,
  type EncryptionExpectations,
} from '../protocol/decryption.ts'
export { createEncryptor, type Encryptor, type EncryptorOptions } from '../protocol/encryption.ts'
export type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from '../protocol/encryption-algorithms.ts'
export type { LogoutReturnExpectations } from '../protocol/end-session.ts'
export type { ExtensionGrantParameters } from '../protocol/extension-grant.ts'
export type { FrontChannelLogout, FrontChannelLogoutRules } from '../protocol/front-channel-logout.ts'
export type { LogoutTokenClaims } from '../protocol/logout-token.ts'
export type { Quirk } from '../protocol/quirks.ts'
export type { RequestObjectOptions } from '../protocol/request-object.ts'
export type { ResponseMode, ResponseType } from '../protocol/response-mode.ts'
export type { StepUpRequest } from '../protocol/step-up.ts'
export type { TokenTypeName } from '../protocol/token-exchange.ts'
export type { HandleCallbackOptions } from './browser-binding.ts'
export type { DpopOptions, OAuthClientOptions } from './client-options.ts'
export type { CreateAuthorizationUrlOptions } from './create-authorization-url.ts'
export type { EndSessionOptions } from './create-end-session-url.ts'
export { type ExchangeTokenOptions, type ExchangeTokenResult, exchangeToken } from './exchange-token.ts'
export { findLogin, type PendingLogin } from './find-login.ts'
export type { FrontChannelOptions } from './front-channel-options.ts'
export type { LoginResult, RenewableLogin } from './login-result.ts'
export {
  createLogoutRequest,
  handleLogoutReturn,
  type LogoutRequest,
  type LogoutRequestOptions,
  parseFrontChannelLogout,
} from './logout-request.ts'
export type { OAuthClient } from './oauth-client.ts'
export type { CallbackInput } from './read-callback.ts'
export type { RefreshOptions } from './refresh-login.ts'
export {
  type BackchannelAuthentication,
  type BackchannelAuthenticationOptions,
  type BackchannelAuthenticationState,
  requestBackchannelAuthentication,
  resumeBackchannelAuthentication,
} from './request-backchannel-authentication.ts'
export type { ClientCredentialsOptions, ClientCredentialsResult } from './request-client-credentials.ts'
export { type DeviceAuthorization, requestDeviceAuthorization } from './request-device-authorization.ts'
export { requestExtensionGrant, requestJwtBearerTokens } from './request-extension-grant.ts'
export type { GrantOptions } from './request-grant.ts'
export { parseStepUpChallenge } from './step-up.ts'
export { type VerifyLogoutTokenOptions, verifyLogoutToken } from './verify-logout-token.ts'

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
  assertOptions('createOAuthClient', options)
  return createOAuthClientOver({
    ...options,
    fetch: options.fetch ?? globalFetch,
    transactions: options.transactions ?? createMemoryStore(options.runtime && { runtime: options.runtime }),
  })
}
