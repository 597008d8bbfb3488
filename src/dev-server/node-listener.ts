import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type CertificateSource, readCertificate } from './client-certificate.ts'
import type { DevHandler } from './handler.ts'
import { mostBytes } from './read-request.ts'

/** Bytes that are read of a body before its connection is closed. */
const mostDrained = 8_388_608

/** A listening server, whose handler is set once its address is known. */
export interface Listener {
  readonly port: number
  close(): Promise<void>
}

export interface ListenOptions {
  /** In PEM. @default plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Whether clients are asked for a certificate, which they may decline; browsers would ask their user. @default false */
  readonly asksCertificate?: boolean
  /** @default no certificate is read */
  readonly certificates?: CertificateSource
}

/**
 * Listens on 127.0.0.1 alone: nobody else on the network can reach a server whose passwords are known.
 *
 * @param handlerFor makes the handler for the port that was given; where it throws, nothing listens any more
 */
export async function listen(
  port: number,
  handlerFor: (port: number) => Promise<DevHandler>,
  options: ListenOptions = {},
): Promise<Listener> {
  const server = createListener(options)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  try {
    const { port: given } = server.address() as AddressInfo
    const handler = await handlerFor(given)
    server.on('request', (message, target) => {
      void serve(handler, { message, target, options })
    })
    return { port: given, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createListener({ tls, asksCertificate = false, certificates }: ListenOptions) {
  if (!tls) return createServer()
  // Which certificates are good for what, the rules decide; so a chain that ends nowhere is let in and says so.
  const ca = certificates?.roots.length ? { ca: [...certificates.roots] } : {}
  return createTlsServer({ ...tls, ...ca, requestCert: asksCertificate, rejectUnauthorized: false })
}

interface Exchange {
  readonly message: IncomingMessage
  readonly target: ServerResponse
  readonly options: ListenOptions
}

async function serve(handler: DevHandler, { message, target, options }: Exchange): Promise<void> {
  try {
    const clientIp = message.socket.remoteAddress
    const certificate = options.certificates && readCertificate(message, options.certificates)
    const response = await handler(toRequest(message, await readBody(message), options), {
      ...(clientIp !== undefined && { clientIp }),
      ...(certificate && { certificate }),
    })
    if (response.type === 'error') target.destroy()
    else await send(response, target)
  } catch {
    // Not a request that the platform can hold: a malformed Host, a method that it forbids.
    target.writeHead(400, { 'cache-control': 'no-store' }).end()
  }
}

/** All fields as they came, doubled ones included. */
function toRequest(message: IncomingMessage, body: Uint8Array<ArrayBuffer>, { tls }: ListenOptions): Request {
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    headers.append(message.rawHeaders[i]!, message.rawHeaders[i + 1]!)
  }
  const { method = 'GET', url: target = '/' } = message
  // Joined as text: `//evil.example/x` is a path here, and would be a host to a resolver.
  const url = `${tls ? 'https' : 'http'}://${message.headers.host ?? ''}${target.startsWith('/') ? target : '/'}`
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
