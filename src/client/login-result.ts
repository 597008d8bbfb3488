import type { TokenCheck } from '../errors/protocol.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import type { ClientKey } from '../protocol/client-auth.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import type { Notice } from '../protocol/notice.ts'
import type { TokenSet } from '../protocol/token-set.ts'

/** What a login, or a refresh of it, gave: everything in it was verified. */
export interface LoginResult {
  /** The issuer that vouches for the login. */
  readonly issuer: string
  /** The client that was logged in to. */
  readonly clientId: string
  /** What the token endpoint gave. */
  readonly tokens: TokenSet
  /** Of the verified id_token; absent where the login asked for none. */
  readonly claims?: IdTokenClaims
  /** Each rule that the id_token was held against, in order; empty without an id_token. */
  readonly checks: readonly TokenCheck[]
  /** What was let pass although it is not as it should be. */
  readonly notices: readonly Notice[]
  /** The key that the tokens are bound to, made for this login. */
  readonly dpopKey?: SigningKey
  /** Who logged in, where a profile has another proof of it than an id_token. */
  readonly subject?: string
  /** The key that the client proved itself with, where it has several: its session keeps to it. */
  readonly clientKey?: ClientKey
  /** What `createAuthorizationUrl` was given as `data`. */
  readonly data?: unknown
}

/** What is needed of a login to renew it. */
export type RenewableLogin = Pick<LoginResult, 'tokens' | 'claims' | 'dpopKey'>
