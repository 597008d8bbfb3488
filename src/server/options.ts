import type { RecordStore } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { TokenEndpointPolicies } from './config.ts'
import type { SupportedGrant } from './grant-types.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { ServerKeys } from './server-keys.ts'

/** What `createTokenEndpointConfig` takes; everything is checked at start. */
export interface TokenEndpointOptions extends TokenEndpointPolicies {
  /** The issuer identifier: https, without query and fragment (RFC 8414 2). */
  readonly issuer: string
  /** From `createServerKeys`. */
  readonly keys: ServerKeys
  /** Where codes, families, replay guards and the rest are kept. Required by every grant that keeps state, and by DPoP. */
  readonly store?: RecordStore
  /**
   * Says that the store commits only within one partition, as Redis does: then what a request uses up (`jti`s) is
   * claimed just before the grant's own commit, instead of in it. @default what the store says of itself (`partitioned`)
   */
  readonly clustered?: boolean
  /** @default the machine's clock and random source */
  readonly runtime?: Runtime
  /** @default authorization_code, refresh_token, client_credentials, token-exchange */
  readonly grants?: readonly SupportedGrant[]
  /** The audience of tokens for which no resource was asked. @default the issuer */
  readonly audience?: string
  /** Resources that every client may ask for. @default none */
  readonly resources?: readonly string[]
  /** Scopes that there are; a request for another is invalid_scope. @default any */
  readonly scopes?: readonly string[]
  /** Types of authorization details that are known here (RFC 9396). @default none */
  readonly authorizationDetailsTypes?: readonly string[]
  /** @default JWTs (RFC 9068) by the first key's algorithm */
  readonly accessTokens?: { readonly format?: 'jwt' | 'opaque'; readonly alg?: string }
  readonly refreshTokens?: RefreshTokenOptions
  /** `false` switches it off: a proof is then ignored. @default on, nonce not required */
  readonly dpop?: false | DpopOptions
  /** Whether client certificates bind tokens and authenticate clients. @default false */
  readonly mtls?: boolean
  /** @default true */
  readonly pkceRequired?: boolean
  /** Whether an OpenID request must have a `nonce`. @default false */
  readonly nonceRequired?: boolean
  /** Whether authorization requests must be pushed. @default false */
  readonly parRequired?: boolean
  /** `iss` in authorization responses (RFC 9207). @default true */
  readonly issInResponses?: boolean
  /** Off only for a server on a loopback address. @default true */
  readonly httpsRequired?: boolean
  /** Dynamic registration (RFC 7591). @default false */
  readonly registration?: boolean
  /** Clients whose id is the URL of their metadata. @default false */
  readonly clientMetadataDocuments?: boolean
  /** The `claims` parameter (OIDC Core 5.5). @default false */
  readonly claimsParameter?: boolean
  /** Of the Basic challenge. @default 'OAuth' */
  readonly realm?: string
  readonly lifetimes?: Partial<Lifetimes>
}

/** How refresh tokens live and rotate (RFC 9700 4.14). */
export interface RefreshTokenOptions {
  /** Whether there are any. @default whether the grant refresh_token is enabled */
  readonly enabled?: boolean
  /** Seconds in which a retry gets the same successor. @default 60 with a `sealKey`, else 0 */
  readonly grace?: number
  /** Seals successors for the grace: at least 32 bytes, the same on every host. */
  readonly sealKey?: Uint8Array<ArrayBuffer>
}

/** How proofs are demanded and judged (RFC 9449). */
export interface DpopOptions {
  /** Whether every client must use DPoP. @default false */
  readonly required?: boolean
  /** Makes nonces: at least 32 bytes, the same on every host. @default no nonces */
  readonly nonceSecret?: Uint8Array<ArrayBuffer>
  /** @default false */
  readonly requireNonce?: boolean
  /** @default every registered asymmetric algorithm that this library knows */
  readonly algorithms?: readonly string[]
}
