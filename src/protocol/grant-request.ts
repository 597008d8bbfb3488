import type { AuthorizationDetail } from '../../generated/models.ts'
import { assertAuthorizationDetails } from './authorization-details.ts'
import { readExtraParameters } from './extra-parameters.ts'
import { normaliseResources } from './resource-indicators.ts'
import { assertScope } from './scope.ts'

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

/** The grants that this library knows by name (RFC 6749 4.5: others are named by their URI, too). */
export const grantTypes = {
  deviceCode: 'urn:ietf:params:oauth:grant-type:device_code',
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  backchannel: 'urn:openid:params:grant-type:ciba',
} as const

/** Parameters that every grant has a place for, and those that only client authentication may set. */
const ownParameters: readonly string[] = [
  ...['grant_type', 'scope', 'resource', 'authorization_details'],
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
]

/** What grants have in common, by wire names. */
export interface CommonGrantParameters {
  scope?: string
  resource?: string[]
  authorization_details?: AuthorizationDetail[]
}

/** @throws TypeError */
export function buildCommonParameters(options: TokenRequestOptions): CommonGrantParameters {
  const { scope, resource, authorizationDetails } = options
  if (scope !== undefined) assertScope(scope)
  if (authorizationDetails !== undefined) assertAuthorizationDetails(authorizationDetails)
  const resources = normaliseResources(resource)
  return {
    ...(scope !== undefined && scope !== '' && { scope }),
    ...(resources && { resource: resources }),
    ...(authorizationDetails && { authorization_details: authorizationDetails.map((detail) => ({ ...detail })) }),
  }
}

/**
 * Further parameters of the caller.
 *
 * @param own what the grant itself sets beside what all do
 * @throws TypeError
 */
export function buildExtraParameters(
  extraParameters: Readonly<Record<string, string>> | undefined,
  own: readonly string[] = [],
): Record<string, string> {
  return readExtraParameters(extraParameters, [...ownParameters, ...own])
}

/** @throws TypeError for what is no non-empty string */
export function assertText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`"${name}" must be a non-empty string`)
}
