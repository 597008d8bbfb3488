import type { Fetch } from '../lib/fetch.ts'
import { setField } from '../lib/header-fields.ts'

/**
 * Sends a Bearer token as a form parameter, for servers that a header field does not reach. The body of each POST is
 * that form; no other is joined to it.
 *
 * @throws TypeError for another method, whose body would be passed over and its token lost
 * @see RFC 6750 2.2
 */
export function withTokenInBody(fetch: Fetch, accessToken: string): Fetch {
  return async (request) => {
    if (request.method !== 'POST') throw new TypeError('request: a token in the body needs a POST (RFC 6750 2.2)')
    const headers = new Headers(request.headers)
    setField(headers, 'content-type', 'application/x-www-form-urlencoded')
    const body = new URLSearchParams({ access_token: accessToken }).toString()
    return await fetch(new Request(request, { headers, body }))
  }
}
