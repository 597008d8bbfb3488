import { pushAuthorizationRequest } from '../../issuer/push-authorization-request.ts'
import type { SigningKey } from '../../lib/signatures/types.ts'
import { buildAuthorizationParameters, buildPushedUrl } from '../../protocol/authorization-request.ts'
import { deriveCodeChallenge, isCodeVerifier } from '../../protocol/pkce.ts'
import type { Permission } from '../permissions/permission-types.ts'
import { withAtproto } from '../permissions/scopes.ts'
import { connectToServer, type ServerFacts, type ServerOptions } from './server-connection.ts'
import { assertDpopKey } from './tokens.ts'

/** What a login is begun with, by those who keep it themselves. */
export interface AuthorizationUrlOptions extends ServerOptions {
  readonly state: string
  /** RFC 7636 4.1: 43 to 128 characters. */
  readonly codeVerifier: string
  /** The key that the tokens will be bound to; one for each login. */
  readonly dpopKey: SigningKey
  readonly redirectUri: string
  /** @default ['atproto'] */
  readonly scopes?: readonly (string | Permission)[]
  readonly loginHint?: string
}

/**
 * Pushes an authorization request, with a DPoP proof, and gives the URL to send the browser to: it holds `client_id`
 * and `request_uri` alone.
 *
 * @param metadata of the authorization server, as `getAuthorizationServerMetadata` gives it
 * @throws TypeError, ConfigurationError, AtprotoError `missing_dpop_nonce`, OAuthResponseError, ProtocolError,
 * ResponseError, NetworkError, TimeoutError
 * @see RFC 9126 2, 4; AT Protocol OAuth, "Authorization Requests"
 */
export async function createAuthorizationUrl(metadata: ServerFacts, options: AuthorizationUrlOptions): Promise<URL> {
  const name = 'createAuthorizationUrl'
  const more = ['state', 'codeVerifier', 'dpopKey', 'redirectUri', 'scopes', 'loginHint']
  const issuer = await connectToServer(name, metadata, options, more)
  const { state, codeVerifier, dpopKey, redirectUri, scopes = [], loginHint, signal } = options
  if (typeof state !== 'string' || state === '') throw new TypeError(`${name}: "state" is required`)
  if (!isCodeVerifier(codeVerifier)) throw new TypeError(`${name}: "codeVerifier" must be one of RFC 7636 4.1`)
  assertDpopKey(name, dpopKey)
  const { authorization_endpoint: endpoint } = metadata
  if (endpoint === undefined) throw new TypeError(`${name}: "metadata" has no "authorization_endpoint"`)
  const parameters = buildAuthorizationParameters({
    clientId: options.clientId,
    redirectUri,
    scope: withAtproto(scopes).join(' '),
    state,
    codeChallenge: await deriveCodeChallenge(codeVerifier),
    dpopJkt: dpopKey.thumbprint,
    ...(loginHint !== undefined && { loginHint }),
  })
  const pushed = await pushAuthorizationRequest(issuer, parameters, { dpopKey, ...(signal && { signal }) })
  return buildPushedUrl(endpoint, options.clientId, pushed.requestUri)
}
