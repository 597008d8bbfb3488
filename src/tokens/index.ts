/** `authentype/tokens`: tokens and claims of many users at many issuers. */
import type { Fetch } from '../lib/fetch.ts'
import { assertOptions } from '../lib/options.ts'
import { createMemoryStore } from '../stores/memory/index.ts'
import type { TokenManagerOptions } from './manager-options.ts'
import { createTokenManagerOver, type TokenManager } from './token-manager.ts'

export { TokenError, type TokenErrorCode, type TokenErrorEndpoint, type TokenErrorReason } from '../errors/token.ts'
export type { AccessToken, AccessTokenRequest, TokenSource } from '../http/token-source.ts'
export type { ClientConfiguration } from './client-configuration.ts'
export type { ClientInput } from './connections.ts'
export type { TokenOwnerWish } from './delete-tokens.ts'
export type { AccessTokenWish } from './get-access-token.ts'
export type { ClaimsOverrides } from './get-claims.ts'
export type { IdTokenRegistration } from './id-tokens.ts'
export type { FetchDecorator, ManagedIssuer, TokenManagerOptions, TokenOverrides } from './manager-options.ts'
export type { SubjectClaims } from './merge-claims.ts'
export type { AccessTokenRegistration, TokenRegistration } from './register-token.ts'
export type { TokenEvent, TokenEventListener } from './token-events.ts'
export type { TokenPlace } from './token-kind.ts'
export type { AccessTokens, Claims, RefreshTokens, StoredTokens, TokenManager } from './token-manager.ts'
export {
  isTokenValid,
  type TokenMetadata,
  type TokenMetadataInput,
  type TokenValidityOptions,
} from './token-metadata.ts'
export type { TokenSubject } from './token-subject.ts'

const globalFetch: Fetch = (request) => fetch(request)

/**
 * Keeps tokens and claims of many users at many issuers, in this process unless `store` says where else.
 *
 * @throws TypeError for an option that is malformed or unknown
 * @example
 * const manager = createTokenManager({ store })
 * const subject = { kind: 'sub', sub: 'alice' } as const
 * const token = await manager.accessTokens.get({ issuer, client, subject, scopes: ['calendar:read'] })
 */
export function createTokenManager(options: TokenManagerOptions = {}): TokenManager {
  assertOptions('createTokenManager', options)
  const { runtime } = options
  return createTokenManagerOver({
    ...options,
    fetch: options.fetch ?? globalFetch,
    store: options.store ?? createMemoryStore(runtime && { runtime }),
  })
}
