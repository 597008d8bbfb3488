// A whole application behind the web handler, over real HTTP: the handler believes that it is https://app.example,
// as behind a proxy, and a small browser with a cookie jar of its own believes so, too.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOAuthClient, type OAuthClientOptions } from '../../src/client/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createSessions, type Sessions } from '../../src/sessions/index.ts'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { createWebHandler, generateSealingKey, type WebEvent, type WebHandler } from '../../src/web/index.ts'
import { toNodeListener } from '../../src/web/node.ts'
import type { WebHandlerOptions } from '../../src/web/web-options.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { type HostileProvider, type HostileProviderOptions, startHostileProvider } from '../support/hostile-provider.ts'

export const origin = 'https://app.example'

export interface WebRig {
  /** The first of them. */
  readonly provider: HostileProvider
  readonly providers: readonly HostileProvider[]
  readonly clock: FakeRuntime
  readonly store: RecordStore
  readonly sessions: readonly Sessions[]
  readonly web: WebHandler
  readonly events: WebEvent[]
  newBrowser(): TestBrowser
}

export interface WebRigOptions {
  readonly faults?: HostileProviderOptions['faults']
  /** @default 1 */
  readonly issuers?: number
  readonly web?: Partial<WebHandlerOptions>
  /** Of the client at each issuer, by its number. */
  readonly client?: (index: number) => Partial<OAuthClientOptions>
  /** Stands between the handler and its store. */
  readonly wrapStore?: (store: RecordStore) => RecordStore
}

const open: (() => Promise<void>)[] = []

export async function closeRigs(): Promise<void> {
  await Promise.all(open.splice(0).map((close) => close()))
}

export async function aWebApp(options: WebRigOptions = {}): Promise<WebRig> {
  const clock = { ...createFakeRuntime(), randomBytes: systemRuntime.randomBytes }
  const providers: HostileProvider[] = []
  for (let i = 0; i < (options.issuers ?? 1); i++) {
    const provider = await startHostileProvider({
      now: clock.now,
      client: { scope: 'openid profile offline_access' },
      ...(options.faults && { faults: options.faults }),
    })
    providers.push(provider)
    open.push(() => provider.close())
  }
  const memory = createMemoryStore({ runtime: clock })
  const store = options.wrapStore?.(memory) ?? memory
  const sessions = providers.map((provider, i) =>
    createSessions({ client: aClient(provider, clock, options.client?.(i)), store }),
  )
  const events: WebEvent[] = []
  const web = createWebHandler({
    sessions,
    cookieKeys: [generateSealingKey()],
    onLogin: () => undefined,
    onEvent: (event) => events.push(event),
    ...options.web,
  })
  const address = await serve(web)
  return {
    provider: providers[0]!,
    providers,
    clock,
    store,
    sessions,
    web,
    events,
    newBrowser: () => new TestBrowser(address, providers),
  }
}

function aClient(provider: HostileProvider, clock: FakeRuntime, more: Partial<OAuthClientOptions> = {}) {
  return createOAuthClient(optionsFor(provider, { scope: 'openid profile offline_access', runtime: clock, ...more }))
}

/** `/me` says who asks; everything else that is not the handler's is 404. */
async function serve(web: WebHandler): Promise<string> {
  const server = createServer(
    toNodeListener(
      async (request) => {
        const response = await web(request)
        if (response) return response
        if (!request.url.endsWith('/me')) return null
        const found = await web.fromRequest(request)
        return Response.json(found.ok ? { subject: found.client.subject, issuer: found.client.issuer } : found)
      },
      // What the application throws on purpose is seen as status 500.
      { onError: () => {} },
    ),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export class TestBrowser {
  readonly cookies = new Map<string, string>()
  readonly #address: string
  readonly #providers: readonly HostileProvider[]

  constructor(address: string, providers: readonly HostileProvider[]) {
    this.#address = address
    this.#providers = providers
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ accept: 'text/html,application/xhtml+xml,*/*;q=0.8', ...(init.headers as object) })
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (cookie !== '' && !headers.has('cookie')) headers.set('cookie', cookie)
    const response = await fetch(this.#address + path.replace(origin, ''), { redirect: 'manual', ...init, headers })
    for (const field of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(field)!
      if (/; Max-Age=0(;|$)/.test(field)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    return response
  }

  /** A form of a page of the application's own. */
  async post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    return await this.request(path, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { origin, ...headers },
    })
  }

  /** From a /login to the callback, as path and query, which may belong in a form; the callback is not called. */
  async toCallback(path = '/login'): Promise<string> {
    const response = await this.request(path)
    const target = response.headers.get('location')
    if (response.status !== 303 || !target) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    const provider = this.#providers.find(({ issuer }) => target.startsWith(issuer))!
    const answer = provider.comeBack(new URL(target))
    if (answer instanceof URL) return answer.pathname + answer.search
    return `${new URL(answer.url).pathname}?${await answer.text()}`
  }

  async login(path = '/login'): Promise<Response> {
    return await this.request(await this.toCallback(path))
  }

  async me(): Promise<unknown> {
    return await (await this.request('/me')).json()
  }
}
