import type { Issuer } from '../issuer/issuer.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { buildFrontChannelUrl } from '../protocol/front-channel-url.ts'

/** What the address of a logout says (OpenID Connect RP-Initiated Logout 1.0 2). */
export interface EndSessionOptions {
  /** The id_token of the session, so that the server need not ask. */
  readonly idTokenHint?: string
  /** As registered in `post_logout_redirect_uris`. */
  readonly postLogoutRedirectUri?: string
  /** Comes back to `postLogoutRedirectUri`. `createLogoutRequest` makes one. */
  readonly state?: string
  readonly logoutHint?: string
  readonly uiLocales?: string | readonly string[]
  readonly signal?: AbortSignal
}

const optionNames = ['idTokenHint', 'postLogoutRedirectUri', 'state', 'logoutHint', 'uiLocales', 'signal']

/**
 * Where to send the browser so that the server's session ends, too; `undefined` where the server has no such page.
 *
 * @throws ProtocolError `invalid_metadata` when the endpoint's own query already sets one of the parameters
 * @throws TypeError for a `state` that would come back nowhere
 * @see OpenID Connect RP-Initiated Logout 1.0 2
 */
export async function createEndSessionUrl(issuer: Issuer, options: EndSessionOptions = {}): Promise<URL | undefined> {
  assertKnownOptions('createEndSessionUrl', options, optionNames)
  const { end_session_endpoint: endpoint } = await issuer.metadata.get({ signal: options.signal })
  const { idTokenHint, postLogoutRedirectUri, state, logoutHint, uiLocales } = options
  if (state !== undefined && postLogoutRedirectUri === undefined) {
    throw new TypeError('createEndSessionUrl: "state" comes back only with a "postLogoutRedirectUri"')
  }
  if (endpoint === undefined) return undefined
  const parameters = {
    client_id: issuer.clientId,
    id_token_hint: idTokenHint,
    post_logout_redirect_uri: postLogoutRedirectUri,
    state,
    logout_hint: logoutHint,
    ui_locales: typeof uiLocales === 'object' ? uiLocales.join(' ') : uiLocales,
  }
  return buildFrontChannelUrl('end_session_endpoint', endpoint, parameters)
}
