import { assertOptions } from '../lib/options.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
import type { AtprotoClient, AtprotoClientOptions } from './atproto-client-types.ts'
import { createAtprotoClientOver } from './create-atproto-client.ts'
import {
  createServiceAuthVerifierOver,
  type ServiceAuthVerifier,
  type ServiceAuthVerifierOptions,
} from './service-auth/verify-service-token.ts'
import {
  createPasswordXrpcClientOver,
  type PasswordXrpcClient,
  type PasswordXrpcClientOptions,
} from './xrpc/password-client.ts'
import type { AnyXrpcMethods, XrpcMethods } from './xrpc/xrpc-types.ts'

export { AtprotoError, type AtprotoErrorCode } from '../errors/atproto.ts'
export type {
  AtprotoCallbackOptions,
  AtprotoClient,
  AtprotoClientOptions,
  AtprotoEvent,
  AtprotoKey,
  AtprotoLoginOptions,
  AtprotoSessions,
} from './atproto-client-types.ts'
export { createClientAssertion } from './client/client-assertion.ts'
export { createLoopbackClientId } from './client/client-id.ts'
export { type ClientMetadataOptions, createClientMetadata } from './client/client-metadata.ts'
export { validateClientMetadata } from './client/validate-client-metadata.ts'
export { isDid } from './did.ts'
export { type DiscoveryOptions, getAuthorizationServer, getAuthorizationServerMetadata } from './discovery/discovery.ts'
export { type DidDocumentRules, parseDidDocument } from './identity/did-document.ts'
export { isHandle, parseHandle } from './identity/handle.ts'
export { createIdentityResolver, type IdentityResolverOptions } from './identity/identity-resolver.ts'
export type {
  DidDocument,
  DidService,
  HandleStrategy,
  IdentityEvent,
  IdentityOptions,
  IdentityResolver,
  ResolvedIdentity,
  ResolveOptions,
  VerificationMethod,
} from './identity/identity-types.ts'
export { encodeMultikey, parseMultikey } from './identity/multikey.ts'
export {
  accountPermission,
  blobPermission,
  identityPermission,
  includePermission,
  repoPermission,
  rpcPermission,
} from './permissions/build-permission.ts'
export { parsePermission } from './permissions/parse-permission.ts'
export type {
  AccountAction,
  AccountAttribute,
  AccountPermission,
  BlobPermission,
  IdentityAttribute,
  IdentityPermission,
  IncludePermission,
  Permission,
  PermissionResource,
  RepoAction,
  RepoPermission,
  RpcPermission,
} from './permissions/permission-types.ts'
export { type AtprotoScope, parseScopes } from './permissions/scopes.ts'
export { type AuthorizationUrlOptions, createAuthorizationUrl } from './primitives/create-authorization-url.ts'
export {
  type RevocableLogin,
  type RevocationFailed,
  type RevokeTokensOptions,
  revokeTokens,
} from './primitives/revoke-tokens.ts'
export type { ServerFacts, ServerOptions } from './primitives/server-connection.ts'
export {
  type AtprotoTokenResult,
  type AtprotoTokens,
  generateDpopKey,
  refreshToken,
  type ValidateCodeOptions,
  validateAuthorizationCode,
} from './primitives/tokens.ts'
export { createServiceAuthXrpcClient, type ServiceAuthXrpcClientOptions } from './service-auth/service-client.ts'
export type {
  ServiceAuthVerifier,
  ServiceAuthVerifierOptions,
  VerifiedServiceToken,
} from './service-auth/verify-service-token.ts'
export {
  type AtprotoRequestSession,
  type AtprotoWebHandler,
  createAtprotoWebHandler,
} from './web/atproto-web-handler.ts'
export type { AtprotoWebFailure, AtprotoWebLogin, AtprotoWebOptions } from './web/atproto-web-options.ts'
export type { PasswordLogin, PasswordXrpcClient, PasswordXrpcClientOptions } from './xrpc/password-client.ts'
export {
  createUnauthenticatedXrpcClient,
  type UnauthenticatedXrpcClientOptions,
} from './xrpc/unauthenticated-client.ts'
export type {
  AccountXrpcClient,
  AnyXrpcMethods,
  XrpcCallOptions,
  XrpcClient,
  XrpcClientOptions,
  XrpcGetOptions,
  XrpcMethod,
  XrpcMethods,
  XrpcParam,
  XrpcPostOptions,
  XrpcRawInput,
  XrpcResponse,
} from './xrpc/xrpc-types.ts'

/**
 * An application's client for accounts of the AT Protocol, whatever server they are at. Sessions and logins under way
 * are kept in this process unless `store` says where else.
 *
 * @throws TypeError for an option that is missing, malformed or unknown; AtprotoError `missing_kid`,
 * `invalid_permission`, `invalid_client_metadata`; ConfigurationError `unusable_key`
 * @example
 * const client = createAtprotoClient({ baseUrl: 'https://app.example', key: privateJwk, scopes: ['repo:app.bsky.feed.post'] })
 * const url = await client.createAuthorizationUrl('alice.bsky.social')
 * const session = await client.handleCallback(request)
 * await session.fetch('/xrpc/com.atproto.server.getSession')
 */
export function createAtprotoClient(options: AtprotoClientOptions): AtprotoClient {
  assertOptions('createAtprotoClient', options)
  return createAtprotoClientOver({
    ...options,
    store: options.store ?? createMemoryStore(options.runtime && { runtime: options.runtime }),
  })
}

/**
 * Calls with tokens of `createSession`, which are renewed once for all who wait when the server refuses one. They are
 * kept in this process unless `store` says where else. Without a login, a call throws AtprotoError `no_token`.
 *
 * @throws TypeError for an option that is missing, unknown or of the wrong form
 * @see AT Protocol HTTP API (XRPC), "Authentication"
 * @example
 * const xrpc = createPasswordXrpcClient({ service: 'https://pds.example' })
 * await xrpc.createSession({ identifier: 'bot.example', password: appPassword })
 * await xrpc.post('com.atproto.repo.createRecord', { input: { repo: xrpc.did, collection, record } })
 */
export function createPasswordXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  options: PasswordXrpcClientOptions,
): PasswordXrpcClient<Methods> {
  assertOptions('createPasswordXrpcClient', options)
  const { store = createMemoryStore({ ...(options.runtime && { runtime: options.runtime }) }) } = options
  return createPasswordXrpcClientOver<Methods>({ ...options, store })
}

/**
 * Judges the tokens that other services send (service auth). Each is good once; which were used is remembered in this
 * process unless `replayStore` says where else.
 *
 * @throws TypeError for an option that is missing, unknown or of the wrong form
 * @see AT Protocol HTTP API (XRPC), "Inter-Service Authentication (JWT)"
 * @example
 * const serviceAuth = createServiceAuthVerifier({ audience: 'did:web:api.example', identity: client.identity })
 * const { did } = await serviceAuth.verifyRequest(request)
 */
export function createServiceAuthVerifier(options: ServiceAuthVerifierOptions): ServiceAuthVerifier {
  assertOptions('createServiceAuthVerifier', options)
  const { replayStore = createMemoryStore({ ...(options.runtime && { runtime: options.runtime }) }) } = options
  return createServiceAuthVerifierOver({ ...options, replayStore })
}
