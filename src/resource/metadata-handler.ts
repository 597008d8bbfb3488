import type { ProtectedResourceMetadata } from '../../generated/models.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * Serves a resource's metadata where its clients look for it.
 *
 * @see RFC 9728 3
 */
export function createMetadataHandler(
  metadata: ProtectedResourceMetadata | undefined,
  url: string | undefined,
): (request: Request) => Response {
  const path = url === undefined ? wellKnown : new URL(url).pathname
  const body = JSON.stringify(metadata)
  return (request) => {
    if (metadata === undefined || new URL(request.url).pathname !== path) return new Response(null, { status: 404 })
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
    }
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=3600',
      // Nothing in it is secret, and clients in browsers need it before they have a token (RFC 9728 3.1 asks for no credentials).
      'access-control-allow-origin': '*',
    }
    return new Response(request.method === 'HEAD' ? null : body, { headers })
  }
}
