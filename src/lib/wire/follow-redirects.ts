import type { Fetch } from '../fetch.ts'

/** Follows redirects within the origin, three at most. Any other is an answer, which no document describes. */
export function followRedirects(fetch: Fetch, left = 3): Fetch {
  return async (request) => {
    const response = await fetch(request)
    const location = response.headers.get('location')
    // What the call itself authorizes goes where it was meant to go.
    if (
      !left ||
      request.headers.has('authorization') ||
      !location ||
      !isRedirect(response) ||
      !URL.canParse(location, request.url)
    )
      return response
    const target = new URL(location, request.url)
    // RFC 9110 4.2.4: user information in a URL is an error; fetch refuses it with an untyped one.
    if (target.origin !== new URL(request.url).origin || target.username) return response
    return followRedirects(fetch, left - 1)(new Request(target, request))
  }
}

/** RFC 9110 15.4: a 300 and a 304 send nobody elsewhere. A browser shows neither status nor place. */
function isRedirect({ status }: Response): boolean {
  return /^30[12378]$/.test(`${status}`)
}
