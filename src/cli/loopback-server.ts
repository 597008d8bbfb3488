import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the browser comes back to: this machine alone, any free port (RFC 8252 7.3). */
export interface LoopbackServer {
  readonly redirectUri: string
  /** The first request to the redirect URI. */
  readonly callback: Promise<URL>
  /** Tells the browser how it ended, and stops. */
  close(page: { readonly title: string; readonly text: string }): Promise<void>
}

const path = '/callback'

export async function startLoopbackServer(port = 0): Promise<LoopbackServer> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let answer: ServerResponse | undefined
  const callback = new Promise<URL>((resolve) => {
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', origin)
      if (answer || url.pathname !== path || request.method !== 'GET') {
        response.writeHead(404).end()
        return
      }
      // Held open until the login has been judged, so that the page can say how it ended.
      answer = response
      resolve(url)
    })
  })
  return {
    redirectUri: origin + path,
    callback,
    async close(page) {
      if (answer) await show(answer, page)
      await stop(server)
    },
  }
}

async function show(response: ServerResponse, page: { readonly title: string; readonly text: string }): Promise<void> {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${page.title}</title><style>body{font:18px/1.5 system-ui;display:grid;place-content:center;min-height:90vh;text-align:center;color-scheme:light dark}</style>
<main><h1>${page.title}</h1><p>${page.text}</p></main></html>`
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    connection: 'close',
  }
  response.writeHead(200, headers).end(html)
  await once(response, 'close')
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
