import type { AccessToken, TokenSource } from '../http/token-source.ts'
import type { AccessTokenWish } from './get-access-token.ts'
import type { TokenOverrides } from './manager-options.ts'

type GetAccessToken = (wish: AccessTokenWish, overrides?: TokenOverrides, rejected?: string) => Promise<AccessToken>

/** The seam that `withAccessToken` consumes, over one issuer, client and subject. */
export function createTokenSource(
  get: GetAccessToken,
  wish: AccessTokenWish,
  overrides: TokenOverrides | undefined,
): TokenSource {
  return {
    getAccessToken({ scope, resource, rejected, signal } = {}) {
      const wanted = {
        ...wish,
        ...(scope !== undefined && { scopes: scope }),
        ...(resource !== undefined && { resource }),
      }
      return get(wanted, signal ? { ...overrides, signal } : overrides, rejected)
    },
  }
}
