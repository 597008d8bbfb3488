import type { Html } from '../lib/html.ts'
import { contentSecurityPolicy, renderDocument } from './pages/layout.ts'
import { parseReturnTo } from './return-to.ts'
import type { WebContext } from './web-context.ts'
import type { WebAnswer } from './web-options.ts'

/** Fields of every answer that is about one user: kept by no cache, and its URL told to nobody. */
const privately: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Sends the browser on, by GET whatever it came with. */
export function redirect(location: string | URL, cookies: readonly string[] = []): Response {
  // As a URL, so that nothing in it can end the field.
  const target = location instanceof URL ? location.href : location
  return withCookies(new Response(null, { status: 303, headers: { ...privately, location: target } }), cookies)
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...privately, 'content-type': 'application/json', ...headers },
  })
}

/** A page of ours, which a person reads. */
export async function page(
  context: WebContext,
  status: number,
  content: { readonly title: string; readonly body: Html; readonly bad?: boolean },
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { origin, options } = context
  const text = renderDocument({ ...content, appName: options.appName ?? new URL(origin).host })
  return new Response(text, {
    status,
    headers: {
      ...privately,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': await contentSecurityPolicy(options.development ? 'https: http:' : 'https:'),
      'x-frame-options': 'DENY',
      vary: 'Accept',
      ...headers,
    },
  })
}

/** Whether a person asks: browsers name HTML when they open a page, programs do not. */
export function wantsHtml(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  const quality = (type: string) => {
    const range = accept.split(',').find((part) => part.split(';')[0]!.trim().toLowerCase() === type)
    if (range === undefined) return 0
    const q = /;\s*q=([\d.]+)/i.exec(range)?.[1]
    return q === undefined ? 1 : Number(q)
  }
  const html = Math.max(quality('text/html'), quality('application/xhtml+xml'))
  return html > 0 && html >= quality('application/json')
}

/**
 * What an `onLogin` or `onLogout` of the application gave, as an answer to which cookies can be added. A redirect becomes 303 and a
 * page is never cached: the URL that it answers has a code in it.
 */
export async function applicationAnswer(
  { origin }: Pick<WebContext, 'origin'>,
  given: WebAnswer,
  returnTo: string,
): Promise<Response> {
  const answer = await given
  if (!(answer instanceof Response)) {
    const target = answer === undefined ? returnTo : parseReturnTo(answer as string, origin)
    if (target === undefined) throw new TypeError('onLogin, onLogout: a string must be a path of this application')
    return redirect(target)
  }
  const headers = new Headers(answer.headers)
  for (const [name, value] of Object.entries(privately)) headers.set(name, value)
  const isRedirect = answer.status >= 300 && answer.status < 400
  return new Response(answer.body, { status: isRedirect ? 303 : answer.status, headers })
}

export function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}
