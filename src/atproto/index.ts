import { assertOptions } from '../lib/options.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
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

export type {
  AtprotoCallbackOptions,
  AtprotoClient,
  AtprotoClientOptions,
  AtprotoEvent,
  AtprotoKey,
  AtprotoLoginOptions,
  AtprotoSessions,
} from './atproto-client-types.ts'
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
export { createXrpcClient } from './xrpc/open-client.ts'
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
