import type { JwtBearerTokenRequest, TokenRequest } from '../../generated/models.ts'
import {
  assertText,
  buildCommonParameters,
  buildExtraParameters,
  grantTypes,
  type TokenRequestOptions,
} from './grant-request.ts'

/** Parameters of an extension grant, by their wire names. */
export type ExtensionGrantParameters = Readonly<Record<string, string | readonly string[]>>

/**
 * @param assertion a signed JWT of a party that the server trusts
 * @throws TypeError
 * @see RFC 7523 2.1
 */
export function buildJwtBearerRequest(assertion: string, options: TokenRequestOptions): JwtBearerTokenRequest {
  assertText(assertion, 'assertion')
  // RFC 7523 3: "a single JWT". A signed one has three parts, an encrypted one five.
  if (!/^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/.test(assertion)) {
    throw new TypeError('"assertion" must be one JWT in compact form (RFC 7523 2.1)')
  }
  return {
    ...buildExtraParameters(options.extraParameters, ['assertion']),
    grant_type: grantTypes.jwtBearer,
    assertion,
    ...buildCommonParameters(options),
  }
}

/**
 * A grant that this library does not know.
 *
 * @param grantType an absolute URI
 * @throws TypeError also for a parameter that client authentication sets
 * @see RFC 6749 4.5
 */
export function buildExtensionGrantRequest(
  grantType: string,
  parameters: ExtensionGrantParameters,
  options: Omit<TokenRequestOptions, 'extraParameters'>,
): TokenRequest {
  // RFC 6749 4.5: "using an absolute URI". The password grant, which has none, is gone (RFC 9700 2.4).
  if (typeof grantType !== 'string' || !/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(grantType)) {
    throw new TypeError('"grantType" must be an absolute URI (RFC 6749 4.5)')
  }
  const texts = Object.entries(parameters).filter(([, value]) => typeof value === 'string') as [string, string][]
  const lists = Object.entries(parameters).filter(([, value]) => typeof value !== 'string')
  for (const [name, value] of lists) {
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw new TypeError(`"parameters": "${name}" must be a string or a list of strings`)
    }
    buildExtraParameters({ [name]: '' })
  }
  return {
    ...buildExtraParameters(Object.fromEntries(texts)),
    ...Object.fromEntries(lists),
    grant_type: grantType,
    ...buildCommonParameters(options),
  }
}
