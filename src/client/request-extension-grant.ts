import { assertKnownOptions } from '../lib/options.ts'
import {
  buildExtensionGrantRequest,
  buildJwtBearerRequest,
  type ExtensionGrantParameters,
} from '../protocol/extension-grant.ts'
import { partsOf } from './client-parts.ts'
import type { LoginResult } from './login-result.ts'
import type { OAuthClient } from './oauth-client.ts'
import { type GrantOptions, grantOptionNames, requestGrant } from './request-grant.ts'

/**
 * Trades a JWT of a party that the server trusts for an access token.
 *
 * @param assertion signed by that party, with the server as its audience
 * @throws OAuthResponseError `invalid_grant`, and whatever a token request throws
 * @throws TypeError
 * @see RFC 7523 2.1
 */
export async function requestJwtBearerTokens(
  client: OAuthClient,
  assertion: string,
  options: GrantOptions = {},
): Promise<LoginResult> {
  const parts = partsOf(client, 'requestJwtBearerTokens')
  assertKnownOptions('requestJwtBearerTokens', options, grantOptionNames)
  return await requestGrant(parts, buildJwtBearerRequest(assertion, options), options)
}

/**
 * A token by a grant that this library does not know. The answer is judged as any token response is.
 *
 * @param grantType its URI
 * @param parameters by wire names
 * @throws whatever a token request throws
 * @throws TypeError for a grant type that is no URI, and for parameters that have their own place
 * @see RFC 6749 4.5
 * @example
 * const { tokens } = await requestExtensionGrant(client, 'urn:ietf:params:oauth:grant-type:saml2-bearer', { assertion })
 */
export async function requestExtensionGrant(
  client: OAuthClient,
  grantType: string,
  parameters: ExtensionGrantParameters,
  options: Omit<GrantOptions, 'extraParameters'> = {},
): Promise<LoginResult> {
  const parts = partsOf(client, 'requestExtensionGrant')
  const names = grantOptionNames.filter((name) => name !== 'extraParameters')
  assertKnownOptions('requestExtensionGrant', options, names)
  return await requestGrant(parts, buildExtensionGrantRequest(grantType, parameters, options), options)
}
