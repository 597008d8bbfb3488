/**
 * The contents page: what an application needs for logins, sessions and typed calls, with ky as the transport. The
 * subpaths have the same names over the bare global fetch.
 */
import { createOAuthClient as createClient, type OAuthClient, type OAuthClientOptions } from './client/index.ts'
import { type ApiOptions, createApi as createPlainApi } from './http/create-api.ts'
import { createKyTransport } from './http/ky-transport.ts'
import type { Api } from './lib/api.ts'
import { assertOptions } from './lib/options.ts'

export {
  type BackchannelAuthentication,
  type BackchannelAuthenticationOptions,
  type BackchannelAuthenticationState,
  type BackchannelSigningOptions,
  buildClientMetadataDocument,
  type CallbackInput,
  type ClientAuth,
  type ClientAuthContext,
  type ClientAuthParts,
  type ClientCredentialsOptions,
  type ClientCredentialsResult,
  type ClientEvent,
  type ClientEventListener,
  type ClientKey,
  type ClientMetadataDocument,
  type ClientOperation,
  type ClientRegistration,
  type ClientSecretJwtOptions,
  type Connect,
  type ContentEncryptionAlgorithm,
  type CreateAuthorizationUrlOptions,
  clientSecret,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createDecryptor,
  createEncryptor,
  createLogoutRequest,
  createScreenedFetch,
  type Decryptor,
  type DecryptorOptions,
  type DeviceAuthorization,
  type DiscoveredResource,
  type DiscoverResourceOptions,
  type DpopOptions,
  deleteClient,
  discoverResource,
  type EncryptionExpectations,
  type Encryptor,
  type EncryptorOptions,
  type EndSessionOptions,
  type EventPhase,
  type ExchangeTokenOptions,
  type ExchangeTokenResult,
  type ExtensionGrantParameters,
  exchangeToken,
  type FrontChannelLogout,
  type FrontChannelLogoutRules,
  type FrontChannelOptions,
  findLogin,
  type GrantOptions,
  type HandleCallbackOptions,
  handleLogoutReturn,
  type JudgedRegistration,
  type KeyManagementAlgorithm,
  type LoginResult,
  type LogoutRequest,
  type LogoutRequestOptions,
  type LogoutReturnExpectations,
  type LogoutTokenClaims,
  type ManageClientOptions,
  none,
  type OAuthClient,
  type OAuthClientOptions,
  type OperationEvent,
  type PendingLogin,
  type PrivateKeyJwtOptions,
  parseFrontChannelLogout,
  parseStepUpChallenge,
  privateKeyJwt,
  type Quirk,
  type RefreshOptions,
  type RegisterClientOptions,
  type RenewableLogin,
  type RequestEvent,
  type RequestObjectOptions,
  type ResolveClaimSourcesOptions,
  type ResolvedClaims,
  type ResponseMode,
  type ResponseType,
  readClient,
  registerClient,
  requestBackchannelAuthentication,
  requestDeviceAuthorization,
  requestExtensionGrant,
  requestJwtBearerTokens,
  resolveClaimSources,
  resumeBackchannelAuthentication,
  type ScreenedFetchOptions,
  type SourcedClaim,
  type StepUpRequest,
  selfSignedTlsClientAuth,
  type ThirdPartyOptions,
  type TokenTypeName,
  tlsClientAuth,
  type UnresolvedSource,
  updateClient,
  type VerifyLogoutTokenOptions,
  verifyLogoutToken,
  type WebFingerResult,
  webFinger,
} from './client/index.ts'
export {
  AccessError,
  type AccessErrorCode,
  type AnyAuthentypeError,
  ApiError,
  type ApiErrorOptions,
  AtprotoError,
  type AtprotoErrorCode,
  AuthentypeError,
  AuthorizationResponseError,
  ConfigurationError,
  type ConfigurationErrorCode,
  type ConfigurationErrorOptions,
  GenerateError,
  type GenerateErrorCode,
  IdTokenError,
  NetworkError,
  type OAuthErrorBody,
  OAuthResponseError,
  ProtocolError,
  type ProtocolErrorCode,
  type ProtocolErrorOptions,
  RequestError,
  type RequestErrorCode,
  ResponseError,
  type ResponseErrorCode,
  type ResponseErrorOptions,
  SessionError,
  type SessionErrorCode,
  StoreError,
  type StoreErrorCode,
  TimeoutError,
  type TokenCheck,
  TokenError,
  type TokenErrorCode,
  type TokenErrorEndpoint,
  type TokenErrorOptions,
  type TokenErrorReason,
  XrpcError,
  type XrpcErrorOptions,
} from './errors/index.ts'
export type { ApiOptions } from './http/create-api.ts'
export { createKyTransport, type KyTransportOptions } from './http/ky-transport.ts'
export { createPathsClient, type PathsClient, type PathsClientOptions } from './http/paths-client.ts'
export { type VerifyIdTokenOptions, verifyIdToken } from './issuer/verify-id-token.ts'
export type { Api } from './lib/api.ts'
export type { Fetch } from './lib/fetch.ts'
export type { Lock } from './lib/lock.ts'
export type { Runtime } from './lib/runtime.ts'
export type { IdTokenClaims, VerifiedIdToken } from './protocol/id-token.ts'
export type { Notice } from './protocol/notice.ts'
export type { TokenSet } from './protocol/token-set.ts'
export {
  type AccessToken,
  type AccessTokenRequest,
  createSessionGroups,
  createSessions,
  type LogoutResult,
  type Session,
  type SessionEvent,
  type SessionEventListener,
  type SessionGroup,
  type SessionGroups,
  type SessionGroupsOptions,
  type SessionStatus,
  type Sessions,
  type SessionsOptions,
  type TokenSource,
} from './sessions/index.ts'
export { createMemoryStore, type MemoryStoreOptions, type RecordStore } from './stores/memory/index.ts'

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
  assertOptions('createOAuthClient', options)
  return createClient({ ...options, fetch: options.fetch ?? createKyTransport() })
}

/**
 * Makes the `Api` that generated functions send through, over ky unless `fetch` is given.
 *
 * @throws TypeError for an unknown option, a credential among `headers`, or `clientAuth` without `clientId`
 * @example
 * const api = createApi({ baseUrl: 'https://api.example', authenticatedFetch: session.fetch })
 */
export function createApi(options: ApiOptions = {}): Api {
  return createPlainApi({ ...options, fetch: options.fetch ?? createKyTransport() })
}
