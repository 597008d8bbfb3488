import type { Fetch } from '../lib/fetch.ts'
import { packageVersion } from '../lib/version.ts'

/** What servers are told of who asks, unless the application says so itself. */
export const defaultUserAgent: string = `authentype/${packageVersion}`

/** Names the application in each request that has no such field yet; browsers may leave it out. */
export function withUserAgent(fetch: Fetch, userAgent: string): Fetch {
  return async (request) => {
    if (request.headers.has('user-agent')) return await fetch(request)
    const headers = new Headers(request.headers)
    headers.set('user-agent', userAgent)
    return await fetch(new Request(request, { headers }))
  }
}
