export type RevocableToken = 'access_token' | 'refresh_token'

export interface RevocationParameters {
  token: string
  token_type_hint?: RevocableToken
  [extra: string]: unknown
}

/** What became of a token that was to be revoked. */
export type RevocationOutcome =
  /** It is not good any more: revoked just now, or already not good before. */
  | 'revoked'
  /** The server does not revoke tokens of this kind; it stays good until it expires. */
  | 'unsupported'
  /** It may still be good; trying again may help. */
  | 'failed'

/** @see RFC 7009 2.1 */
export function buildRevocationRequest(token: string, hint?: RevocableToken): RevocationParameters {
  if (typeof token !== 'string' || token === '') throw new TypeError('"token" must be a non-empty string')
  return hint === undefined ? { token } : { token, token_type_hint: hint }
}

/**
 * The tokens of a login, each with its kind, in the order in which they are revoked: the refresh token goes first, since
 * many servers revoke its access tokens with it (RFC 7009 2.1), and nobody can get new ones meanwhile.
 */
export function revocationOrder({
  accessToken,
  refreshToken,
}: {
  readonly accessToken: string
  readonly refreshToken?: string | undefined
}): readonly (readonly [kind: RevocableToken, token: string])[] {
  const access = ['access_token', accessToken] as const
  return refreshToken === undefined ? [access] : [['refresh_token', refreshToken], access]
}

/**
 * Judges the answer to a revocation. A token that the server does not know counts as revoked: nothing more is wanted.
 *
 * @param error the `error` of the body, where the status is not 200
 * @see RFC 7009 2.2, 2.2.1
 */
export function judgeRevocationResponse(status: number, error?: string): RevocationOutcome {
  // RFC 7009 2.2: 200 also for an invalid token, so the body is of no concern. 204 is seen, and is a success.
  if (status >= 200 && status <= 299) return 'revoked'
  // RFC 7009 2.2.1: unsupported_token_type
  if (status === 400 && error === 'unsupported_token_type') return 'unsupported'
  // Not in RFC 7009, but the answer of servers that make a difference where it makes none.
  if (status === 400 && error === 'invalid_token') return 'revoked'
  return 'failed'
}
