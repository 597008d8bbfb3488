import type {
  AuthorizationCodeTokenRequest,
  AuthorizationDetail,
  ClientCredentialsTokenRequest,
  RefreshTokenRequest,
} from '../../generated/models.ts'
import { assertAuthorizationDetails } from './authorization-details.ts'
import { normaliseResources } from './resource-indicators.ts'
import { assertScope } from './scope.ts'
import type { Transaction } from './transaction.ts'

export type AuthorizationCodeParameters = AuthorizationCodeTokenRequest
export type RefreshTokenParameters = RefreshTokenRequest
export type ClientCredentialsParameters = ClientCredentialsTokenRequest

/** What a token request may ask for, beside its grant. */
export interface TokenRequestOptions {
  /** Space-separated. */
  readonly scope?: string
  /** Where the token is to be used (RFC 8707). */
  readonly resource?: string | readonly string[]
  /** RFC 9396 6 */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** Further parameters by their wire names. Those that this library sets itself are refused. */
  readonly extraParameters?: Readonly<Record<string, string>>
}

/** The keys of TokenRequestOptions: a misspelt one must not be silently without effect. */
export const tokenRequestOptionNames = ['scope', 'resource', 'authorizationDetails', 'extraParameters'] as const

const ownParameters: readonly string[] = [
  ...['grant_type', 'code', 'redirect_uri', 'code_verifier', 'refresh_token', 'scope', 'resource'],
  ...['authorization_details', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
]

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
    ...extraParametersOf(options),
    grant_type: 'authorization_code',
    code,
    redirect_uri: transaction.redirectUri,
    code_verifier: transaction.codeVerifier,
    ...commonParameters({ resource: options.resource ?? transaction.resource ?? [] }),
  }
}

/**
 * Trades a refresh token. Without a scope the server gives all that was granted.
 *
 * @see RFC 6749 6
 */
export function buildRefreshRequest(refreshToken: string, options: TokenRequestOptions = {}): RefreshTokenParameters {
  if (typeof refreshToken !== 'string' || refreshToken === '') {
    throw new TypeError('"refreshToken" must be a non-empty string')
  }
  return {
    ...extraParametersOf(options),
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...commonParameters(options),
  }
}

/**
 * Asks for a token for the client itself.
 *
 * @see RFC 6749 4.4.2
 */
export function buildClientCredentialsRequest(options: TokenRequestOptions = {}): ClientCredentialsParameters {
  return { ...extraParametersOf(options), grant_type: 'client_credentials', ...commonParameters(options) }
}

/** What the grants have in common. Client authentication adds its own parameters later, for each attempt. */
type CommonParameters = Pick<RefreshTokenRequest, 'scope' | 'resource' | 'authorization_details'>

function commonParameters({ scope, resource, authorizationDetails }: TokenRequestOptions): CommonParameters {
  if (scope !== undefined) assertScope(scope)
  if (authorizationDetails !== undefined) assertAuthorizationDetails(authorizationDetails)
  const resources = normaliseResources(resource)
  return {
    ...(scope === undefined || scope === '' ? {} : { scope }),
    ...(resources === undefined ? {} : { resource: resources }),
    ...(authorizationDetails === undefined
      ? {}
      : { authorization_details: authorizationDetails.map((detail) => ({ ...detail })) }),
  }
}

function extraParametersOf({ extraParameters = {} }: TokenRequestOptions): Record<string, string> {
  for (const [name, value] of Object.entries(extraParameters)) {
    if (ownParameters.includes(name)) {
      throw new TypeError(`"extraParameters" must not set "${name}", which the library sets itself`)
    }
    if (typeof value !== 'string') throw new TypeError(`"extraParameters": "${name}" must be a string`)
  }
  return { ...extraParameters }
}
