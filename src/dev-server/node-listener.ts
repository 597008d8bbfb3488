import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DevHandler } from './handler.ts'
import { mostBytes } from './read-request.ts'

/** Bytes that are read of a body before its connection is closed. */
const mostDrained = 8_388_608

/** A listening server, whose handler is set once its address is known. */
export interface Listener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Listens on 127.0.0.1 alone: nobody else on the network can reach a server whose passwords are known.
 *
 * @param handlerFor makes the handler for the port that was given
 */
export async function listen(port: number, handlerFor: (port: number) => Promise<DevHandler>): Promise<Listener> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: given } = server.address() as AddressInfo
  const handler = await handlerFor(given)
  server.on('request', (message, target) => {
    void serve(handler, message, target)
  })
  return {
    port: given,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function serve(handler: DevHandler, message: IncomingMessage, target: ServerResponse): Promise<void> {
  try {
    const clientIp = message.socket.remoteAddress
    const response = await handler(
      toRequest(message, await readBody(message)),
      clientIp === undefined ? {} : { clientIp },
    )
    if (response.type === 'error') target.destroy()
    else await send(response, target)
  } catch {
    // Not a request that the platform can hold: a malformed Host, a method that it forbids.
    target.writeHead(400, { 'cache-control': 'no-store' }).end()
  }
}

/** All fields as they came, doubled ones included. */
function toRequest(message: IncomingMessage, body: Uint8Array<ArrayBuffer>): Request {
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i]!, message.rawHeaders[i + 1]!)
  }
  const { method = 'GET', url: target = '/' } = message
  // Joined as text: `//evil.example/x` is a path here, and would be a host to a resolver.
  const url = `http://${message.headers.host ?? ''}${target.startsWith('/') ? target : '/'}`
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(url, { method, headers, ...(hasBody && { body }) })
}

/** To its end, so that the connection can be used again; of too long a body only what shows that it is. */
async function readBody(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let [kept, seen] = [0, 0]
  for await (const chunk of message as AsyncIterable<Uint8Array>) {
    seen += chunk.length
    if (seen > mostDrained) throw new TypeError('body: longer than anything that is read')
    if (kept > mostBytes) continue
    kept += chunk.length
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

async function send(response: Response, target: ServerResponse): Promise<void> {
  const fields: Record<string, string | string[]> = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) fields['set-cookie'] = cookies
  target.writeHead(response.status, fields)
  target.end(new Uint8Array(await response.arrayBuffer()))
}
