import { assertKnownOptions } from '../../lib/options.ts'
import type { AtprotoLoginOptions } from '../atproto-client-types.ts'
import { withAtproto } from '../permissions/scopes.ts'
import type { AtprotoClientSettings } from './client-settings.ts'
import type { LoginFacts } from './handle-callback.ts'
import { findLoginTarget } from './login-target.ts'
import type { OAuthClients } from './oauth-clients.ts'
import type { AccountSources } from './verify-account.ts'

export interface LoginParts {
  readonly settings: AtprotoClientSettings
  readonly clients: OAuthClients
  readonly sources: AccountSources
}

/**
 * Begins a login: finds the server of whoever wants to log in, and remembers who must come back from it.
 *
 * @throws what `findLoginTarget` throws
 * @throws TypeError for a scope or redirect URI that the client's metadata document does not name
 * @see AT Protocol OAuth, "Authorization Requests"
 */
export async function createAtprotoAuthorizationUrl(
  identifier: string | URL,
  { settings, clients, sources }: LoginParts,
  wishes: AtprotoLoginOptions = {},
): Promise<URL> {
  const { scope, redirectUri } = settleLogin(settings, wishes)
  const { signal, data, browserBinding, prompt, uiLocales } = wishes
  const { issuer, did, loginHint } = await findLoginTarget(identifier, sources, signal)
  const { client, clientKey } = await clients.forLogin(issuer, redirectUri, signal)
  const facts: LoginFacts = {
    ...(did !== undefined && { did }),
    ...(clientKey && { clientKey }),
    ...(data !== undefined && { data }),
  }
  return await client.createAuthorizationUrl({
    scope,
    data: facts,
    ...(loginHint !== undefined && { loginHint }),
    ...(browserBinding !== undefined && { browserBinding }),
    ...(prompt !== undefined && { prompt }),
    ...(uiLocales !== undefined && { uiLocales }),
    ...(signal && { signal }),
  })
}

const loginOptionNames = ['scopes', 'redirectUri', 'data', 'browserBinding', 'prompt', 'uiLocales', 'signal']

/** Scope and redirect URI, which must be among the client's: its metadata document names all that it may ask for. */
function settleLogin({ scopes, redirectUris }: AtprotoClientSettings, wishes: AtprotoLoginOptions) {
  assertKnownOptions('createAuthorizationUrl', wishes, loginOptionNames)
  const { redirectUri = redirectUris[0] } = wishes
  if (!redirectUris.includes(redirectUri)) {
    throw new TypeError(`createAuthorizationUrl: "redirectUri" must be one of ${redirectUris.join(', ')}`)
  }
  const wanted = wishes.scopes ? withAtproto(wishes.scopes) : scopes
  const foreign = wanted.find((scope) => !scopes.includes(scope))
  if (foreign !== undefined) {
    throw new TypeError(`createAuthorizationUrl: "scopes" must be among the client's; "${foreign}" is not`)
  }
  return { scope: wanted.join(' '), redirectUri }
}
