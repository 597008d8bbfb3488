import { assertKnownOptions } from '../lib/options.ts'
import { judgeLogoutReturn, type LogoutReturnExpectations } from '../protocol/end-session.ts'
import {
  type FrontChannelLogout,
  type FrontChannelLogoutRules,
  judgeFrontChannelLogout,
} from '../protocol/front-channel-logout.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import { partsOf } from './client-parts.ts'
import { createEndSessionUrl, type EndSessionOptions } from './create-end-session-url.ts'
import type { OAuthClient } from './oauth-client.ts'

/** What `createLogoutRequest` takes; its `state` is made. */
export type LogoutRequestOptions = Omit<EndSessionOptions, 'state'> & { readonly postLogoutRedirectUri: string }

/** A logout under way: where the browser goes, and what `handleLogoutReturn` compares its return with. */
export interface LogoutRequest extends LogoutReturnExpectations {
  /** Where to send the browser. */
  readonly url: URL
}

/**
 * Ends the session at the provider, and lets the return be told from any other visit: keep `state` with the
 * browser, in a cookie for example, until `handleLogoutReturn`.
 *
 * @returns `undefined` where the server has no such page
 * @see OpenID Connect RP-Initiated Logout 1.0 2
 */
export async function createLogoutRequest(
  client: OAuthClient,
  options: LogoutRequestOptions,
): Promise<LogoutRequest | undefined> {
  const { issuer } = partsOf(client, 'createLogoutRequest')
  const names = ['idTokenHint', 'postLogoutRedirectUri', 'logoutHint', 'uiLocales', 'signal']
  assertKnownOptions('createLogoutRequest', options, names)
  const { postLogoutRedirectUri } = options
  if (typeof postLogoutRedirectUri !== 'string' || !URL.canParse(postLogoutRedirectUri)) {
    throw new TypeError('createLogoutRequest: "postLogoutRedirectUri" must be the registered absolute URI')
  }
  const state = createRandomToken(issuer.runtime)
  const url = await createEndSessionUrl(issuer, { ...options, state })
  return url && { url, state, postLogoutRedirectUri }
}

/**
 * Judges the browser's return from the provider's logout page.
 *
 * @param expected what `createLogoutRequest` gave, as it was kept with this browser
 * @throws ProtocolError `state_mismatch`, `invalid_logout_request`
 * @see OpenID Connect RP-Initiated Logout 1.0 3
 */
export function handleLogoutReturn(request: Request | URL | string, expected: LogoutReturnExpectations): void {
  judgeLogoutReturn(urlOf(request, 'handleLogoutReturn'), expected)
}

/**
 * Reads a request at the front-channel logout URI, which the provider's page loads in the user's browser. End the
 * session of this browser, if it has this `sid`; the request proves nothing more.
 *
 * @throws ProtocolError `invalid_logout_request`, `issuer_mismatch`
 * @see OpenID Connect Front-Channel Logout 1.0 2
 */
export function parseFrontChannelLogout(
  client: OAuthClient,
  request: Request | URL | string,
  options: FrontChannelLogoutRules = {},
): FrontChannelLogout {
  assertKnownOptions('parseFrontChannelLogout', options, ['sessionRequired'])
  return judgeFrontChannelLogout(urlOf(request, 'parseFrontChannelLogout'), client.issuer, options)
}

function urlOf(request: Request | URL | string, caller: string): URL {
  if (request instanceof URL) return request
  const text = typeof request === 'string' ? request : request.url
  if (URL.canParse(text)) return new URL(text)
  throw new TypeError(`${caller}: "request" must be a Request, a URL or an absolute URL as text`)
}
