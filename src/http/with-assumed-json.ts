import type { Fetch } from '../lib/fetch.ts'

/**
 * Takes a success without `Content-Type` for JSON, and tells. It wants answers that have been read, as `withLimits` gives
 * them: an empty one has no body then, and needs no type.
 *
 * @see RFC 9110 8.3 ("the recipient MAY ... examine the data"), against RFC 6749 5.1, where the type is demanded
 */
export function withAssumedJson(fetch: Fetch, onAssumed: () => void): Fetch {
  return async (request) => {
    const response = await fetch(request)
    if (!response.ok || response.body === null || response.headers.has('content-type')) return response
    onAssumed()
    const { status, statusText } = response
    const headers = new Headers(response.headers)
    headers.set('content-type', 'application/json')
    return new Response(response.body, { status, statusText, headers })
  }
}
