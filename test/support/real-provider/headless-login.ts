export interface HeadlessLoginOptions {
  /** The user, who thereby exists. @default alice */
  readonly login?: string
  /** Says no where consent is asked for. @default false */
  readonly deny?: boolean
  /** A redirect URI that the provider knows from elsewhere than its registrations. */
  readonly endsAt?: string
  /** Where the journey ends; taken from the client's registration by `RealProvider.loginHeadlessly`. */
  readonly redirectUris: readonly string[]
}

/** Enough for a login with its detours; more is a loop. */
const maxSteps = 10

/**
 * Does what a browser and its user do between the authorization URL and the callback: keeps cookies,
 * follows redirects, fills in the login form. Resolves to the callback URL without calling it.
 */
export async function loginHeadlessly(authorizationUrl: URL | string, options: HeadlessLoginOptions): Promise<URL> {
  const end = await travel(authorizationUrl, options)
  if (end instanceof URL) return end
  throw new Error(`Login ended at ${end.url} with ${end.status}: ${await end.text()}`)
}

/** The POST that the form of the response mode form_post sends by itself. */
export async function loginByForm(authorizationUrl: URL | string, options: HeadlessLoginOptions): Promise<Request> {
  const end = await travel(authorizationUrl, options)
  if (end instanceof URL) throw new Error('Login ended with a redirect, not with a form')
  const html = await end.text()
  const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1] ?? ''
  if (!options.redirectUris.includes(action)) throw new Error(`Login ended with ${end.status}: ${html}`)
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  const body = new URLSearchParams(inputs.map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]))
  return new Request(action, { method: 'POST', body })
}

async function travel(authorizationUrl: URL | string, options: HeadlessLoginOptions): Promise<URL | Response> {
  const cookies = new Map<string, string>()
  let url = new URL(authorizationUrl)
  for (let step = 0; step < maxSteps; step++) {
    const place = url.origin + url.pathname
    if (place === options.endsAt || isRedirectUri(place, options.redirectUris)) return url
    const response = await visit(url, cookies, options)
    const location = response.headers.get('location')
    if (!location) return response
    await response.body?.cancel()
    url = new URL(location, url)
  }
  throw new Error(`Login did not arrive within ${maxSteps} steps; it stands at ${url.origin}${url.pathname}`)
}

async function visit(url: URL, cookies: Map<string, string>, options: HeadlessLoginOptions): Promise<Response> {
  const headers = new Headers({ accept: 'text/html' })
  if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
  const init: RequestInit = { headers, redirect: 'manual' }
  if (url.pathname.startsWith('/interaction/')) {
    init.method = 'POST'
    init.body = new URLSearchParams({ login: options.login ?? 'alice', decision: options.deny ? 'deny' : 'allow' })
  }
  const response = await fetch(url, init)
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = ''] = cookie.split(';')
    const at = pair.indexOf('=')
    cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
  return response
}

/** RFC 8252 7.3: a native application's loopback redirect matches whatever its port. */
function isRedirectUri(place: string, registered: readonly string[]): boolean {
  return registered.includes(place) || registered.includes(place.replace(/^(http:\/\/127\.0\.0\.1):\d+/, '$1'))
}
