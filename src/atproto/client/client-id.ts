import { isLoopbackHost } from '../../protocol/url-rules.ts'
import { withAtproto } from '../permissions/scopes.ts'

/**
 * What a `client_id` lacks to be the URL of a metadata document; `undefined`: nothing.
 *
 * @see AT Protocol OAuth, "Client ID Metadata Document"
 */
export function findClientIdFault(clientId: unknown): string | undefined {
  if (typeof clientId !== 'string' || !clientId.startsWith('https://') || !URL.canParse(clientId)) return 'an https URL'
  const { hostname, port, pathname, hash, username, password, href } = new URL(clientId)
  // Each spelling would be another client: servers compare the text.
  if (href !== clientId) return 'a URL in its normal form'
  if (port !== '') return 'a URL without a port'
  if (/^\[|^[\d.]+$/.test(hostname) || !hostname.includes('.') || isLoopbackHost(hostname))
    return 'a URL with a domain name'
  if (hash !== '' || username !== '' || password !== '') return 'a URL without fragment and user information'
  return pathname === '/' ? 'a URL with a path' : undefined
}

/** `http://127.0.0.1` and `http://[::1]`, with any port; `localhost` is a name, which may lead elsewhere (RFC 8252 8.3). */
export function isLoopbackRedirect(uri: string): boolean {
  return (
    /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?]|$)/.test(uri) && URL.canParse(uri) && !uri.includes('#')
  )
}

/**
 * The `client_id` of a client in development, which needs no document: its facts are in the query.
 *
 * @param redirectUris on 127.0.0.1 or [::1]; servers compare them without the port
 * @throws TypeError for redirect URIs elsewhere
 * @see AT Protocol OAuth, "Localhost Client Development"
 */
export function createLoopbackClientId(options: {
  readonly redirectUris: readonly string[]
  readonly scopes?: readonly string[]
}): string {
  const { redirectUris, scopes = [] } = options
  const wrong = redirectUris.find((uri) => !isLoopbackRedirect(uri))
  if (wrong !== undefined || redirectUris.length === 0) {
    throw new TypeError('with "localhost" redirect URIs must be at http://127.0.0.1 or http://[::1]')
  }
  const pairs = redirectUris.map((uri) => ['redirect_uri', uri] as const)
  const query = [...pairs, ['scope', withAtproto(scopes).join(' ')] as const]
  return `http://localhost?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}
