import { epochSeconds, type Runtime, systemRuntime } from '../lib/runtime.ts'
import { splitScope } from '../protocol/scope.ts'

/** What is known of a token, by the names of RFC 7662 2.2; of `scope` the single ones. */
export interface TokenMetadata {
  /** What introspection said last. @default unknown, taken for true */
  readonly active?: boolean
  /** Absent: unknown, which suits no request for one. */
  readonly scope?: readonly string[]
  readonly client_id?: string
  readonly username?: string
  readonly token_type?: string
  /** Seconds since the epoch; absent: unknown. */
  readonly exp?: number
  /** Seconds since the epoch. */
  readonly iat?: number
  /** Seconds since the epoch. */
  readonly nbf?: number
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly iss?: string
  readonly jti?: string
  readonly [claim: string]: unknown
}

/** As it comes from a token or introspection endpoint: `scope` may be the space-separated text of the wire. */
export type TokenMetadataInput = Omit<TokenMetadata, 'scope'> & { readonly scope?: string | readonly string[] }

export interface TokenValidityOptions {
  /** Milliseconds of life that must be left. @default 0 */
  readonly minRemainingLife?: number
  /** @default the machine's clock */
  readonly runtime?: Pick<Runtime, 'now'>
}

/**
 * Whether a token can be used by what is known of it: `active: false`, a past `exp` or a future `nbf` says no.
 *
 * @see RFC 7662 2.2
 */
export function isTokenValid(metadata: TokenMetadata, options: TokenValidityOptions = {}): boolean {
  const { minRemainingLife = 0, runtime = systemRuntime } = options
  const now = runtime.now()
  if (metadata.active === false) return false
  if (metadata.exp !== undefined && metadata.exp * 1000 <= now + minRemainingLife) return false
  return metadata.nbf === undefined || metadata.nbf * 1000 <= now
}

/** Scope as a list without repetition; what is `undefined` is left out, so that every store keeps the same. */
export function toTokenMetadata(input: TokenMetadataInput): TokenMetadata {
  const { scope, ...rest } = input
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  if (scope === undefined) return known
  return { ...known, scope: typeof scope === 'string' ? splitScope(scope) : [...new Set(scope)] }
}

/** What an access token has of the refresh token that it came by; everything else is its own. */
const inherited = ['client_id', 'username', 'sub', 'aud', 'iss'] as const

export interface IssuedTokenFacts {
  /** As granted, or as requested where the answer says nothing (RFC 6749 5.1); empty: unknown. */
  readonly scope: string
  /** Milliseconds since the epoch; absent: unknown. */
  readonly expiresAt?: number
  readonly tokenType: string
}

/** The metadata of a token that a refresh or a grant has just given. */
export function issuedMetadata(from: TokenMetadata, issued: IssuedTokenFacts, runtime: Runtime): TokenMetadata {
  const scope = splitScope(issued.scope)
  return toTokenMetadata({
    ...Object.fromEntries(inherited.map((name) => [name, from[name]])),
    token_type: issued.tokenType,
    iat: epochSeconds(runtime),
    ...(issued.expiresAt !== undefined && { exp: Math.floor(issued.expiresAt / 1000) }),
    ...(scope.length > 0 && { scope }),
  })
}
