import { WebError } from './web-error.ts'

/**
 * Refuses a form that another site made the browser send (CSRF). The session cookie is `Lax` and would not come with
 * it; this holds where that is not enough: a neighbour of the same site, a browser without `SameSite`.
 *
 * @throws WebError `forbidden_origin`
 */
export function assertSameOrigin(request: Request, origin: string): void {
  const from = request.headers.get('origin')
  if (from === origin) return
  // A page with `Referrer-Policy: no-referrer` sends `Origin: null` even to itself; the browser then still says
  // where the request comes from, in a field that no script can set (Fetch Metadata).
  const isOpaque = from === null || from === 'null'
  if (isOpaque && request.headers.get('sec-fetch-site') === 'same-origin') return
  throw new WebError('forbidden_origin', 'the form was not sent by a page of this application')
}
