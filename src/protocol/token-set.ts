import type { AuthorizationDetail } from '../../generated/models.ts'

/** What a token endpoint gave, judged and in the library's own terms (RFC 6749 5.1, OpenID Connect Core 3.1.3.3). */
export interface TokenSet {
  /** The issuer that it came from; a refresh token is never sent to another. */
  readonly issuer: string
  /** For APIs; opaque to the client (RFC 6749 1.4). */
  readonly accessToken: string
  /** DPoP: each use needs a proof by the key that it is bound to. */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** As granted; where the answer has none, as requested (RFC 6749 5.1). Space-separated. */
  readonly scope: string
  /** Milliseconds since the epoch; absent where the server did not say. */
  readonly expiresAt?: number
  /** Milliseconds since the epoch: when the answer came. */
  readonly receivedAt: number
  /** For the issuer's token endpoint alone; absent where none was given. */
  readonly refreshToken?: string
  /** As it came, for use as a hint; what it says is in the claims of the login. */
  /** In what a login gave, as the issuer has signed it: where it came encrypted, without that (OpenID Connect Core 3.1.2.1). */
  readonly idToken?: string
  /** The `sub` that some answers have beside the tokens. Nobody vouches for it: only a profile knows what it is worth. */
  readonly subject?: string
  /** The resources asked for (RFC 8707). */
  readonly resource?: readonly string[]
  /** As granted (RFC 9396 7). */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** What kind of token it is (RFC 8693 2.2.1). */
  readonly issuedTokenType?: string
}
