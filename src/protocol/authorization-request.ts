import type { AuthorizationDetail, ClaimsRequest, AuthorizationRequest as WireRequest } from '../../generated/models.ts'
import { jsonType } from '../lib/printable.ts'
import { assertAuthorizationDetails } from './authorization-details.ts'
import { readExtraParameters } from './extra-parameters.ts'
import { buildFrontChannelUrl } from './front-channel-url.ts'
import { normaliseResources } from './resource-indicators.ts'
import { assertResponse, defaultResponseMode, type ResponseMode, type ResponseType } from './response-mode.ts'
import { assertScope, hasScope } from './scope.ts'
import { assertRedirectUri } from './url-rules.ts'

/** What an application may ask for at one login, beside what the client is configured with. */
export interface AuthorizationOptions {
  /** Space-separated; `openid` makes it an OpenID request. @default none, which leaves it to the server */
  readonly scope?: string
  /** `code id_token` lets the server's signature vouch for the code and the state (OpenID Connect Core 3.3). @default 'code' */
  readonly responseType?: ResponseType
  /** @default 'query' for a code, 'fragment' for `code id_token`; the default is not sent */
  readonly responseMode?: ResponseMode
  /** Where the tokens are to be used (RFC 8707). */
  readonly resource?: string | readonly string[]
  /** RFC 9396 */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** Authentication context classes, the preferred one first. */
  readonly acrValues?: string | readonly string[]
  /** Single claims (OpenID Connect Core 5.5). */
  readonly claims?: ClaimsRequest
  /** Seconds since the user's last active authentication, at most. */
  readonly maxAge?: number
  /** `none` stands alone. */
  readonly prompt?: string | readonly string[]
  readonly display?: string
  readonly loginHint?: string
  readonly idTokenHint?: string
  /** Language tags (BCP 47), the preferred one first. */
  readonly uiLocales?: string | readonly string[]
  /** Further parameters by their wire names. Those that this library sets itself are refused. */
  readonly extraParameters?: Readonly<Record<string, string>>
}

/** What the library makes for each request: identity of the client and the protections. */
export interface AuthorizationRequest extends AuthorizationOptions {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  /** Required where `scope` has `openid`. */
  readonly nonce?: string
  /** By S256. */
  readonly codeChallenge: string
  /** The thumbprint of the DPoP key that the code is to be bound to (RFC 9449 10). */
  readonly dpopJkt?: string
}

/** The parameters by their wire names: the body of a pushed request, or the query of the authorization URL. */
export type AuthorizationParameters = WireRequest &
  Required<Pick<WireRequest, 'response_type' | 'redirect_uri' | 'state' | 'code_challenge' | 'code_challenge_method'>>

/**
 * Parameters that only this library sets, whether or not it does in this request. A request object would
 * outvote every other parameter (RFC 9101 6.3), and credentials have no place in a URL.
 */
const ownParameters: readonly string[] = [
  ...['client_id', 'response_type', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method', 'scope'],
  ...['nonce', 'response_mode', 'resource', 'authorization_details', 'dpop_jkt', 'acr_values', 'claims', 'max_age'],
  ...['prompt', 'display', 'login_hint', 'id_token_hint', 'ui_locales', 'request', 'request_uri'],
  ...['client_secret', 'client_assertion', 'client_assertion_type', 'code_verifier'],
]

/**
 * The parameters of an authorization request: code or hybrid flow, PKCE with S256, state, and a nonce for OpenID.
 *
 * @throws TypeError for options that no server could honour, and for extra parameters that are the library's own
 * @see RFC 6749 4.1.1, RFC 7636 4.3, OpenID Connect Core 3.1.2.1
 */
export function buildAuthorizationParameters(request: AuthorizationRequest): AuthorizationParameters {
  assertRequest(request)
  const { responseType = 'code' } = request
  const resource = normaliseResources(request.resource)
  return withoutUndefined({
    ...readExtraParameters(request.extraParameters, ownParameters),
    client_id: request.clientId,
    response_type: responseType,
    redirect_uri: request.redirectUri,
    scope: request.scope === '' ? undefined : request.scope,
    state: request.state,
    nonce: request.nonce,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    // OAuth 2.0 Multiple Response Type Encoding Practices 2.1: not to be sent where it is the default.
    response_mode: request.responseMode === defaultResponseMode(responseType) ? undefined : request.responseMode,
    resource,
    authorization_details: request.authorizationDetails?.map((detail) => ({ ...detail })),
    dpop_jkt: request.dpopJkt,
    acr_values: joinList(request.acrValues),
    claims: request.claims && { ...request.claims },
    max_age: request.maxAge,
    prompt: joinList(request.prompt),
    display: request.display,
    login_hint: request.loginHint,
    id_token_hint: request.idTokenHint,
    ui_locales: joinList(request.uiLocales),
  })
}

/**
 * The URL to send the browser to. A query that the endpoint has of its own is kept as it is.
 *
 * @throws ProtocolError `invalid_metadata` when the endpoint's own query already sets one of the parameters
 * @see RFC 6749 3.1
 */
export function buildAuthorizationUrl(endpoint: string | URL, parameters: Readonly<Record<string, unknown>>): URL {
  return buildFrontChannelUrl('authorization_endpoint', endpoint, parameters)
}

/**
 * The URL for a request that was pushed before: nothing of it is in the browser's sight but the reference.
 *
 * @throws ProtocolError `invalid_metadata` when the endpoint's own query already sets one of the two
 * @see RFC 9126 4
 */
export function buildPushedUrl(endpoint: string | URL, clientId: string, requestUri: string): URL {
  return buildAuthorizationUrl(endpoint, { client_id: clientId, request_uri: requestUri })
}

function assertRequest(request: AuthorizationRequest): void {
  if (typeof request.clientId !== 'string' || request.clientId === '') {
    throw new TypeError('"clientId" must be a non-empty string (RFC 6749 2.2)')
  }
  assertRedirectUri(request.redirectUri)
  if (request.scope !== undefined) assertScope(request.scope)
  // OpenID Connect Core 15.5.2: without a nonce a stolen code or id_token can be injected.
  if (hasScope(request.scope, 'openid') && request.nonce === undefined) {
    throw new TypeError('"nonce" is needed with the scope openid (OpenID Connect Core 15.5.2)')
  }
  if (!/^[A-Za-z0-9_-]{43}$/.test(request.codeChallenge)) {
    throw new TypeError('"codeChallenge" must be a base64url SHA-256 digest (RFC 7636 4.2)')
  }
  if (request.dpopJkt !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(request.dpopJkt)) {
    throw new TypeError('"dpopJkt" must be a base64url SHA-256 thumbprint (RFC 9449 10)')
  }
  assertResponseWishes(request)
  if (request.authorizationDetails !== undefined) assertAuthorizationDetails(request.authorizationDetails)
  assertInteraction(request)
}

function assertResponseWishes({ responseType = 'code', responseMode, scope }: AuthorizationRequest): void {
  assertResponse(responseType, responseMode ?? defaultResponseMode(responseType))
  if (responseType !== 'code' && !hasScope(scope, 'openid')) {
    throw new TypeError('"responseType" with id_token needs the scope openid (OpenID Connect Core 3.3.2.1)')
  }
}

function assertInteraction({ maxAge, prompt, claims }: AuthorizationRequest): void {
  if (claims !== undefined && jsonType(claims) !== 'object') {
    throw new TypeError('"claims" must be an object with "id_token" or "userinfo" (OpenID Connect Core 5.5)')
  }
  if (maxAge !== undefined && (!Number.isSafeInteger(maxAge) || maxAge < 0)) {
    throw new TypeError('"maxAge" must be a whole number of seconds, zero or more (OpenID Connect Core 3.1.2.1)')
  }
  // OpenID Connect Core 3.1.2.1: none with any other value is an error.
  const prompts = joinList(prompt)?.split(' ') ?? []
  if (prompts.length > 1 && prompts.includes('none')) {
    throw new TypeError('"prompt" must not combine none with another value (OpenID Connect Core 3.1.2.1)')
  }
}

function joinList(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'object' ? value.join(' ') : value
  return text === '' ? undefined : text
}

/** Because `exactOptionalPropertyTypes` tells an absent member from one that is `undefined`. */
function withoutUndefined(parameters: { [name: string]: unknown }): AuthorizationParameters {
  return Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => value !== undefined),
  ) as unknown as AuthorizationParameters
}
