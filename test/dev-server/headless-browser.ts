// What a browser and its user do: keeps cookies, follows redirects, reads the form of a page and sends it.
export interface HeadlessUser {
  /** @default alice */
  readonly username?: string
  /** @default the user name */
  readonly password?: string
  /** What is answered where access is asked for. @default allow */
  readonly answer?: 'allow' | 'deny'
}

export interface Form {
  readonly action: URL
  readonly fields: URLSearchParams
  /** The values of its buttons. */
  readonly acts: readonly string[]
}

const maxSteps = 15

export class HeadlessBrowser {
  readonly cookies = new Map<string, string>()
  /** Every page that was shown. */
  readonly pages: string[] = []
  readonly #fetch: typeof fetch

  /** @param send for a server whose certificate this machine does not know */
  constructor(send: typeof fetch = fetch) {
    this.#fetch = send
  }

  /** One request, redirects not followed. */
  async send(url: URL | string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('accept', 'text/html')
    if (this.cookies.size > 0) headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '))
    const response = await this.#fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]!.split('=')
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  /** Follows redirects until a page, or until the browser would leave the server. */
  async open(url: URL | string, init: RequestInit = {}): Promise<URL | Response> {
    const { origin } = new URL(url)
    let [next, response] = [new URL(url), await this.send(url, init)]
    for (let step = 0; step < maxSteps; step++) {
      const location = response.headers.get('location')
      if (location === null) return response
      await response.body?.cancel()
      next = new URL(location, next)
      if (next.origin !== origin) return next
      response = await this.send(next)
    }
    throw new Error(`No end after ${maxSteps} redirects, at ${next.pathname}`)
  }

  /** Does what each page asks for, until the browser leaves the server or nothing is left to do. */
  async travel(url: URL | string, user: HeadlessUser = {}): Promise<URL | string> {
    const { username = 'alice', answer = 'allow' } = user
    let end = await this.open(url)
    for (let step = 0; step < maxSteps; step++) {
      if (end instanceof URL) return end
      const page = await end.text()
      this.pages.push(page)
      const found = formsOf(page, url).find(({ acts }) =>
        acts.some((act) => ['login', answer, 'code', 'logout'].includes(act)),
      )
      if (!found) return page
      const act = found.acts.find((one) => ['login', answer, 'code', 'logout'].includes(one))!
      const fields = new URLSearchParams(found.fields)
      fields.set('act', act)
      if (act === 'login') {
        fields.set('username', username)
        fields.set('password', user.password ?? username)
      }
      const headers = { origin: new URL(url).origin }
      end = await this.open(found.action, { method: 'POST', body: fields, headers })
    }
    throw new Error('Nothing but forms')
  }

  /** To the callback. */
  async login(url: URL | string, user?: HeadlessUser): Promise<URL> {
    const end = await this.travel(url, user)
    if (end instanceof URL) return end
    throw new Error(`The login ended on a page: ${end.replace(/<style>[\s\S]*<\/style>/, '')}`)
  }
}

export function formsOf(page: string, base: URL | string): Form[] {
  return [...page.matchAll(/<form method="post" action="([^"]+)">([\s\S]*?)<\/form>/g)].map(
    ([, action = '', inner = '']) => ({
      action: new URL(plain(action), base),
      fields: new URLSearchParams(
        [...inner.matchAll(/<input type="\w+"[^>]*? name="([^"]+)" value="([^"]*)"/g)].map(
          ([, name = '', value = '']) => [name, plain(value)],
        ),
      ),
      acts: [...inner.matchAll(/<button name="act" value="(\w+)"/g)].map(([, act = '']) => act),
    }),
  )
}

function plain(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
