import type { AccessError } from '../errors/access.ts'
import type { TokenCheck } from '../errors/protocol.ts'
import type { AccessTokenClaims } from '../protocol/access-token-claims.ts'
import { splitScope } from '../protocol/scope.ts'
import type { TokenBinding } from '../protocol/sender-constraint.ts'

/**
 * For whom a token speaks. A client's id may be the same text as a user's subject, and one who can choose the first
 * must not become the second; so the two are told apart here, and neither is unique without its issuer.
 *
 * @see RFC 9700 4.15
 */
export type TokenPrincipal =
  | { readonly kind: 'user'; readonly issuer: string; readonly subject: string; readonly clientId: string | undefined }
  | { readonly kind: 'client'; readonly issuer: string; readonly clientId: string }

/** An access token that is good for the request that it came with. */
export interface GrantedToken {
  /** Who issued it. */
  readonly issuer: string
  /** Who acts: a user, or the client itself. */
  readonly principal: TokenPrincipal
  /** What it is good for, each scope by itself. */
  readonly scopes: readonly string[]
  /** Milliseconds since the epoch; absent where introspection did not say. */
  readonly expiresAt: number | undefined
  /** What it is bound to, and was proven by. */
  readonly binding: TokenBinding
  /** All that the token, or its introspection, says. */
  readonly claims: AccessTokenClaims
}

/** Either the token, or the answer that the request is to have. */
export type AccessResult =
  | {
      readonly ok: true
      readonly token: GrantedToken
      /** Every rule that the request was held against, in order; none failed. */
      readonly checks: readonly TokenCheck[]
      /** To be set on the answer, by lower-case name: `dpop-nonce`, where a newer one is to be used. */
      readonly headers: Readonly<Record<string, string>>
    }
  | {
      readonly ok: false
      /** Status and challenges, without a body. */
      readonly response: Response
      /** Which rule failed, for the log; the response does not say it. */
      readonly error: AccessError
      readonly checks: readonly TokenCheck[]
    }

export function describeToken(claims: AccessTokenClaims, issuer: string, binding: TokenBinding): GrantedToken {
  return Object.freeze({
    issuer,
    principal: principalOf(claims, issuer),
    scopes: splitScope(claims.scope ?? ''),
    expiresAt: claims.exp === undefined ? undefined : claims.exp * 1000,
    binding,
    claims,
  })
}

/** RFC 9068 2.2: without a user, `sub` is what the issuer calls the client by. */
function principalOf({ sub, client_id: clientId }: AccessTokenClaims, issuer: string): TokenPrincipal {
  if (sub !== undefined && sub !== clientId) return Object.freeze({ kind: 'user', issuer, subject: sub, clientId })
  return Object.freeze({ kind: 'client', issuer, clientId: (clientId ?? sub)! })
}
