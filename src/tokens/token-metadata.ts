import { assertNumbers } from '../lib/options.ts'
import { epochSeconds, type Runtime, systemRuntime } from '../lib/runtime.ts'
import { isNumericDate } from '../protocol/jwt.ts'
import { assertScope, splitScope } from '../protocol/scope.ts'

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

/** At which time a token is judged. */
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
  assertNumbers('isTokenValid', options, ['minRemainingLife'], '0 or more')
  const { minRemainingLife = 0, runtime = systemRuntime } = options
  const now = runtime.now()
  if (metadata.active === false) return false
  if (metadata.exp !== undefined && metadata.exp * 1000 <= now + minRemainingLife) return false
  return metadata.nbf === undefined || metadata.nbf * 1000 <= now
}

const texts = ['client_id', 'username', 'token_type', 'sub', 'iss', 'jti']
const times = ['exp', 'iat', 'nbf']

/**
 * What the caller says of a token: of a time that is no number nobody could say whether it has passed.
 *
 * @throws TypeError that names the member
 */
export function assertTokenMetadata(input: TokenMetadataInput | undefined, caller: string): void {
  if (input === undefined) return
  const refuse = (name: string, expected: string) => new TypeError(`${caller}: "${name}" must be ${expected}`)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw refuse('metadata', 'an object')
  const { active, scope } = input
  if (active !== undefined && typeof active !== 'boolean') throw refuse('metadata.active', 'a boolean')
  if (scope !== undefined) assertScope(scopeText(scope), 'metadata.scope')
  for (const name of texts) {
    if (input[name] !== undefined && typeof input[name] !== 'string') throw refuse(`metadata.${name}`, 'a string')
  }
  for (const name of times) {
    const value = input[name]
    if (value === undefined || isNumericDate(value)) continue
    throw refuse(`metadata.${name}`, 'seconds since the epoch')
  }
}

/** Scope as a list without repetition; what is `undefined` is left out, so that every store keeps the same. */
export function toTokenMetadata(input: TokenMetadataInput): TokenMetadata {
  const { scope, ...rest } = input
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  if (scope === undefined) return known
  return { ...known, scope: splitScope(scopeText(scope)) }
}

function scopeText(scope: string | readonly string[]): string {
  return Array.isArray(scope) ? scope.join(' ') : (scope as string)
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
