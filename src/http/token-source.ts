import type { SigningKey } from '../lib/signatures/types.ts'

/** An access token with what is needed to use it. */
export type AccessToken = {
  readonly value: string
  /** As granted, space-separated. */
  readonly scope: string
  /** The resources that it was asked for (RFC 8707). */
  readonly resource?: readonly string[]
  /** Milliseconds since the epoch; absent where the server did not say. */
  readonly expiresAt?: number
} & ({ readonly kind: 'bearer' } | { readonly kind: 'dpop'; readonly key: SigningKey })

/** What a `TokenSource` is asked for. */
export interface AccessTokenRequest {
  /** Space-separated. @default whatever the source holds */
  readonly scope?: string
  readonly resource?: string
  /**
   * The value of the token that a resource server was just seen to refuse. A source that holds another one
   * by now gives that and refreshes nothing, so ten refusals of one token cause one refresh.
   */
  readonly rejected?: string
  readonly signal?: AbortSignal
}

/** The only seam to tokens: sessions and the token manager implement it, `withAccessToken` consumes it. */
export interface TokenSource {
  /** @throws SessionError or TokenError when there is no token to be had */
  getAccessToken(request?: AccessTokenRequest): Promise<AccessToken>
}
