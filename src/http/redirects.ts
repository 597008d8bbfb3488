import { ResponseError } from '../errors/response.ts'
import type { Fetch } from '../lib/fetch.ts'
import { carryDeadline } from './deadlines.ts'
import { withoutQuery } from './network-errors.ts'

export interface RedirectOptions {
  /** @default 3 */
  readonly max?: number
}

/**
 * Follows redirects of GET and HEAD within the origin, where the runtime shows them (browsers hide them).
 *
 * @throws ResponseError redirect_refused for one too many, to another origin, or hidden
 */
export function withRedirects(fetch: Fetch, options: RedirectOptions = {}): Fetch {
  const { max = 3 } = options
  return async (original) => {
    let request = original
    let response = await sendManually(fetch, request)
    for (let followed = 0; isRedirect(response); followed++) {
      const target = targetOf(response, request)
      if (followed === max) throw refused(response, request, `more than ${max} redirects`)
      if (target?.origin !== new URL(request.url).origin) throw refused(response, request, 'a redirect off the origin')
      discard(response)
      request = carryDeadline(original, new Request(target, original))
      response = await sendManually(fetch, request)
    }
    return response
  }
}

/**
 * Follows none: what is sent with a credential, or sent to change something, goes where it was meant to go.
 *
 * @throws ResponseError redirect_refused
 */
export function withoutRedirects(fetch: Fetch): Fetch {
  return async (request) => {
    const response = await sendManually(fetch, request)
    if (isRedirect(response)) throw refused(response, request, 'a redirect')
    return response
  }
}

/** Sends with `redirect: 'manual'`; 'error' would hide the answer, and Workers lack it. */
export function sendManually(fetch: Fetch, request: Request): Promise<Response> {
  if (request.redirect === 'manual') return fetch(request)
  return fetch(carryDeadline(request, new Request(request, { redirect: 'manual' })))
}

/** A redirect that asks to be followed (RFC 9110 15.4), or a browser's opaque one. */
export function isRedirect(response: Response): boolean {
  return (
    response.type === 'opaqueredirect' || response.status === 0 || [301, 302, 303, 307, 308].includes(response.status)
  )
}

/** Lets go of an answer that nobody will read. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {})
}

function targetOf(response: Response, request: Request): URL | undefined {
  const location = response.headers.get('location')
  if (location === null || !URL.canParse(location, request.url)) return undefined
  const target = new URL(location, request.url)
  // RFC 9110 4.2.4: user information in a URL is an error; fetch refuses it with an untyped one.
  return target.username || target.password ? undefined : target
}

/** Lets go of the answer, and says that its redirect is not followed. */
export function refused(response: Response, request: Request, what: string): ResponseError {
  const url = withoutQuery(request.url)
  discard(response)
  return new ResponseError('redirect_refused', `${request.method} ${url} was answered with ${what}`, {
    url,
    status: response.status,
    clause: 'RFC 9110 15.4',
    expected: 'no redirect, or for metadata and keys at most three within the origin',
    actual: what,
    response,
  })
}
