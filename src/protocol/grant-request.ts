import type { AuthorizationDetail } from '../../generated/models.ts'
import { assertAuthorizationDetails } from './authorization-details.ts'
import { normaliseResources } from './resource-indicators.ts'
import { assertScope } from './scope.ts'
import type { TokenRequestOptions } from './token-request.ts'

/** The grants that this library knows by name (RFC 6749 4.5: others are named by their URI, too). */
export const grantTypes = {
  deviceCode: 'urn:ietf:params:oauth:grant-type:device_code',
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  backchannel: 'urn:openid:params:grant-type:ciba',
} as const

/** What only client authentication may say. */
const authenticationParameters: readonly string[] = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
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
 * Further parameters of the caller. Those that the library sets itself, and credentials, are refused.
 *
 * @throws TypeError
 */
export function buildExtraParameters(
  extraParameters: Readonly<Record<string, string>> = {},
  own: readonly string[] = [],
): Record<string, string> {
  const taken = [...authenticationParameters, 'grant_type', 'scope', 'resource', 'authorization_details', ...own]
  for (const [name, value] of Object.entries(extraParameters)) {
    if (taken.includes(name)) throw new TypeError(`"extraParameters" must not set "${name}", which has its own place`)
    if (typeof value !== 'string') throw new TypeError(`"extraParameters": "${name}" must be a string`)
  }
  return { ...extraParameters }
}

/** @throws TypeError for what is no non-empty string */
export function assertText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`"${name}" must be a non-empty string`)
}
