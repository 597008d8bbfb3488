export interface HeadlessLoginOptions {
  /** The user, who thereby exists. @default alice */
  readonly login?: string
  /** Says no where consent is asked for. @default false */
  readonly deny?: boolean
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
  const cookies = new Map<string, string>()
  let url = new URL(authorizationUrl)
  for (let step = 0; step < maxSteps; step++) {
    if (options.redirectUris.includes(url.origin + url.pathname)) return url
    const response = await visit(url, cookies, options)
    const location = response.headers.get('location')
    if (!location) throw new Error(`Login ended at ${url.pathname} with ${response.status}: ${await response.text()}`)
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
