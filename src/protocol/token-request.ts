import type {
  AuthorizationCodeTokenRequest,
  ClientCredentialsTokenRequest,
  RefreshTokenRequest,
} from '../../generated/models.ts'
import { assertText, buildCommonParameters, buildExtraParameters, type TokenRequestOptions } from './grant-request.ts'
import type { Transaction } from './transaction.ts'

export type AuthorizationCodeParameters = AuthorizationCodeTokenRequest
export type RefreshTokenParameters = RefreshTokenRequest
export type ClientCredentialsParameters = ClientCredentialsTokenRequest

/** Of these three grants together: none has a use for what another sets. */
const ownParameters = ['code', 'redirect_uri', 'code_verifier', 'refresh_token']

/**
 * Exchanges a code. Redirect URI, verifier and resources are those of the transaction, so nothing but the
 * code comes from the callback.
 *
 * @see RFC 6749 4.1.3, RFC 7636 4.5, RFC 8707 2.2
 */
export function buildAuthorizationCodeRequest(
  code: string,
  transaction: Pick<Transaction, 'redirectUri' | 'codeVerifier' | 'resource'>,
  options: Pick<TokenRequestOptions, 'resource' | 'extraParameters'> = {},
): AuthorizationCodeParameters {
  return {
    ...buildExtraParameters(options.extraParameters, ownParameters),
    grant_type: 'authorization_code',
    code,
    redirect_uri: transaction.redirectUri,
    code_verifier: transaction.codeVerifier,
    ...buildCommonParameters({ resource: options.resource ?? transaction.resource ?? [] }),
  }
}

/**
 * Trades a refresh token. Without a scope the server gives all that was granted.
 *
 * @see RFC 6749 6
 */
export function buildRefreshRequest(refreshToken: string, options: TokenRequestOptions = {}): RefreshTokenParameters {
  assertText(refreshToken, 'refreshToken')
  return {
    ...buildExtraParameters(options.extraParameters, ownParameters),
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...buildCommonParameters(options),
  }
}

/**
 * Asks for a token for the client itself.
 *
 * @see RFC 6749 4.4.2
 */
export function buildClientCredentialsRequest(options: TokenRequestOptions = {}): ClientCredentialsParameters {
  return {
    ...buildExtraParameters(options.extraParameters, ownParameters),
    grant_type: 'client_credentials',
    ...buildCommonParameters(options),
  }
}
