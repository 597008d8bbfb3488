import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type CertificateSource, readCertificate } from './client-certificate.ts'
import type { Answerer, DevAnswer, DevRequest } from './exchange.ts'
import { mostBytes } from './read-request.ts'

/** Bytes that are read of a body before its connection is closed. */
const mostDrained = 8_388_608
/** Milliseconds in which the head of a request must be here. */
const headPatience = 10_000
/** Milliseconds between two looks for requests that are too slow. */
const lookEvery = 500
/** Milliseconds in which a client that still sends can read what was answered. */
const lingering = 1_000
const noStore = { 'cache-control': 'no-store' }
/** Where no page is: for targets that are a whole URL or an asterisk (RFC 9112 3.2.2, 3.2.4), which are no path of ours. */
const nowhere = '/*'

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
  /** Milliseconds in which a whole request must be here; a slower one is answered 408. @default 30_000 */
  readonly patience?: number
  /** @default no certificate is read */
  readonly certificates?: CertificateSource
}

/**
 * Listens on 127.0.0.1 alone: nobody else on the network can reach a server whose passwords are known.
 *
 * @param answererFor makes the server for the port that was given; where it throws, nothing listens any more
 */
export async function listen(
  port: number,
  answererFor: (port: number) => Promise<Answerer>,
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
    const answerer = await answererFor(given)
    server.on('request', (message, target) => {
      void serve(answerer, { message, target, options })
    })
    server.on('clientError', refuseBytes)
    // RFC 9110 10.1.1: an expectation that cannot be met.
    server.on('checkExpectation', (_, target: ServerResponse) => {
      target.writeHead(417, { ...noStore, connection: 'close' }).end()
    })
    return { port: given, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createListener({ tls, asksCertificate = false, certificates, patience = 30_000 }: ListenOptions) {
  const settings = {
    headersTimeout: Math.min(headPatience, patience),
    requestTimeout: patience,
    connectionsCheckingInterval: lookEvery,
    // Looked at below, so that the refusal is ours.
    requireHostHeader: false,
  }
  if (!tls) return createServer(settings)
  // Which certificates are good for what, the rules decide; so a chain that ends nowhere is let in and says so.
  const ca = certificates?.roots.length ? { ca: [...certificates.roots] } : {}
  return createTlsServer({ ...settings, ...tls, ...ca, requestCert: asksCertificate, rejectUnauthorized: false })
}

interface Exchange {
  readonly message: IncomingMessage
  readonly target: ServerResponse
  readonly options: ListenOptions
}

async function serve(answerer: Answerer, { message, target, options }: Exchange): Promise<void> {
  try {
    const clientIp = message.socket.remoteAddress
    const certificate = options.certificates && readCertificate(message, options.certificates)
    const answer = await answerer(toDevRequest(message, await readBody(message), options), {
      ...(clientIp !== undefined && { clientIp }),
      ...(certificate && { certificate }),
    })
    if (answer) send(answer, target)
    else target.destroy()
  } catch (error) {
    // Or the client is gone.
    if (target.headersSent || target.destroyed) return
    // Else no URL, for which a route could be found: a malformed Host.
    const status = error instanceof TooLong ? 413 : 400
    // RFC 9112 9.6: closed at once, as Node does after `Connection: close`, the connection would be reset while the
    // client still sends, and the answer lost with it.
    target.writeHead(status, { ...noStore, 'content-length': 0 }).end()
    message.resume()
    setTimeout(() => message.destroy(), lingering).unref()
  }
}

class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** What the parser does not take for a request, or came too slowly (RFC 9112 2.2, 6.3; RFC 9110 15.5.9; RFC 6585 5). */
function refuseBytes({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[code ?? ''] ?? 400
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  )
}

function toDevRequest(message: IncomingMessage, body: Uint8Array, { tls }: ListenOptions): DevRequest {
  const { method = 'GET', url: target = '/', rawHeaders } = message
  // RFC 9112 3.2: none, or two, which a comma joins to what is no host, are a bad request.
  const host = joinFields(rawHeaders, 'host') ?? ' '
  return {
    method,
    // Joined as text: `//evil.example/x` is a path here, and would be a host to a resolver.
    url: `${tls ? 'https' : 'http'}://${host}${target.startsWith('/') ? target : nowhere}`,
    headers: { get: (name) => joinFields(rawHeaders, name) },
    body,
  }
}

/** All fields of a name as they came, where `message.headers` would keep the first of some. */
function joinFields(rawHeaders: readonly string[], name: string): string | null {
  let joined: string | null = null
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const field = rawHeaders[i]!
    if (field.length !== name.length || field.toLowerCase() !== name) continue
    joined = joined === null ? rawHeaders[i + 1]! : `${joined}, ${rawHeaders[i + 1]!}`
  }
  return joined
}

/** To its end, so that the connection can be used again; of too long a body only what shows that it is. */
function readBody(message: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let [kept, seen] = [0, 0]
    message.on('data', (chunk: Uint8Array) => {
      seen += chunk.length
      if (seen > mostDrained) {
        message.pause()
        reject(new TooLong('longer than anything that is read'))
      }
      if (kept > mostBytes) return
      kept += chunk.length
      chunks.push(chunk)
    })
    message.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    message.on('error', reject)
  })
}

/** As one text with its length: head and body go out in one write. */
function send({ status, headers, cookies = [], body = '' }: DevAnswer, target: ServerResponse): void {
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  target.writeHead(status, { ...headers, ...length, ...(cookies.length > 0 && { 'set-cookie': [...cookies] }) })
  target.end(body)
}
