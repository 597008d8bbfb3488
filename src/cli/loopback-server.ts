import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorCode } from '../lib/emitter.ts'
import { html } from '../lib/html.ts'
import { hashSource, renderHtmlDocument } from '../lib/html-document.ts'
import { UsageError } from './command.ts'

/** Where the browser comes back to: this machine alone, any free port (RFC 8252 7.3). */
export interface LoopbackServer {
  readonly redirectUri: string
  /**
   * The first request to the redirect URI that is `expected`. Any page in the user's browser, and any program on this
   * machine, can ask here, too; those learn nothing, and spoil nothing.
   */
  waitFor(expected: (callback: URL) => Promise<boolean>): Promise<URL>
  /** Tells the browser how it ended, and stops. */
  close(page: { readonly title: string; readonly text: string }): Promise<void>
}

const path = '/callback'

export async function startLoopbackServer(port = 0): Promise<LoopbackServer> {
  const server = createServer()
  await listen(server, port)
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let answer: ServerResponse | undefined
  let judge: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined
  server.on('request', (request, response) => {
    void (judge?.(request, response) ?? refuse(response))
  })
  return {
    redirectUri: origin + path,
    waitFor: (expected) =>
      new Promise((resolve) => {
        judge = async (request, response) => {
          const url = callbackOf(request, origin)
          const isIt = url !== undefined && (await expected(url).catch(() => false))
          if (!isIt || answer) return refuse(response)
          // Held open until the login has been judged, so that the page can say how it ended.
          answer = response
          resolve(url)
        }
      }),
    async close(page) {
      if (answer) await show(answer, page)
      await stop(server)
    },
  }
}

/** @throws UsageError for a port that another program has, or that this user may not take */
async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new UsageError(`login: --port ${port} cannot be used here (${errorCode(error)})`)
  }
}

/** Nothing for another path, method or target form. The target is appended: `//host` would otherwise be a host. */
function callbackOf({ method, url = '' }: IncomingMessage, origin: string): URL | undefined {
  if (method !== 'GET' || !url.startsWith('/') || !URL.canParse(origin + url)) return undefined
  const callback = new URL(origin + url)
  return callback.pathname === path ? callback : undefined
}

function refuse(response: ServerResponse): void {
  response.writeHead(404).end()
}

/** Of the page, which follows the system's colours. */
const style =
  ':root{color-scheme:light dark}body{background:Canvas;color:CanvasText;font:1.125rem/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;margin:1rem;text-align:center}h1{font-size:1.5rem}'

async function show(response: ServerResponse, page: { readonly title: string; readonly text: string }): Promise<void> {
  const body = html`<main><h1>${page.title}</h1><p>${page.text}</p></main>`
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': `default-src 'none'; style-src ${await hashSource(style)}; base-uri 'none'; frame-ancestors 'none'`,
    connection: 'close',
  }
  response.writeHead(200, headers).end(renderHtmlDocument({ title: page.title, style, body }))
  await once(response, 'close')
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
