import { RequestError } from '../errors/network.ts'
import { builtinModule } from '../lib/runtime.ts'
import { withoutQuery } from './network-errors.ts'

/**
 * The connect port: sends a request to an address that was checked, and to no other. Plain fetch resolves a name by
 * itself, after any check of ours, so a name server that answers twice differently would lead it anywhere.
 *
 * @throws RequestError `address_not_allowed` where the name has an address that is not allowed
 */
export type Connect = (request: Request, isAllowed: (address: string) => boolean) => Promise<Response>

/** What is used of `node:dns`. */
interface Dns {
  lookup(
    hostname: string,
    options: { readonly all: true },
    done: (error: Error | null, addresses: readonly ResolvedAddress[]) => void,
  ): void
}

interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

type Lookup = (
  hostname: string,
  options: { readonly all?: boolean },
  done: (error: Error | null, address?: string | readonly ResolvedAddress[], family?: number) => void,
) => void

/** What is used of `node:https` and `node:http`. */
interface Http {
  request(url: URL, options: object, answered: (message: IncomingMessage) => void): ClientRequest
}

interface ClientRequest {
  on(event: 'error', listener: (error: Error) => void): unknown
  end(body?: Uint8Array): unknown
}

interface IncomingMessage {
  readonly statusCode: number
  readonly statusMessage?: string
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string }
  destroy(): unknown
  resume(): unknown
}

interface Answered {
  readonly message: IncomingMessage
  readonly remoteAddress: string | undefined
}

interface Streams {
  readonly Readable: { toWeb(stream: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> }
}

const bodiless = [101, 204, 205, 304]

/** Node's: resolves once, checks every address, connects to one of them. Nothing on runtimes that are not Node. */
export function nodeConnect(): Connect | undefined {
  const { process, Deno, Bun } = globalThis as {
    process?: { versions?: { node?: string } }
    Deno?: unknown
    Bun?: unknown
  }
  // Whether their `lookup` is heard at every connection is theirs to say; a pin that does not hold is none.
  if (process?.versions?.node === undefined || Deno !== undefined || Bun !== undefined) return undefined
  const dns = builtinModule('node:dns') as Dns | undefined
  const https = builtinModule('node:https') as Http | undefined
  const http = builtinModule('node:http') as Http | undefined
  const streams = builtinModule('node:stream') as Streams | undefined
  if (!dns || !https || !http || !streams) return undefined
  return async (request, isAllowed) => {
    const url = new URL(request.url)
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
    const { message, remoteAddress } = await send(url.protocol === 'http:' ? http : https, url, request, body, {
      lookup: checkedLookup(dns, isAllowed, request.url),
    })
    // An address in the URL itself is not looked up.
    if (remoteAddress === undefined || !isAllowed(withoutZone(remoteAddress))) {
      message.destroy()
      throw notAllowed(request.url)
    }
    try {
      return toResponse(message, streams, request.url)
    } catch (error) {
      // A status or a field that no Response has: nobody will read the rest, and the server may hold the line for good.
      message.destroy()
      throw error
    }
  }
}

function send(
  module: Http,
  url: URL,
  request: Request,
  body: Uint8Array | undefined,
  { lookup }: { readonly lookup: Lookup },
): Promise<Answered> {
  const headers: Record<string, string> = { ...Object.fromEntries(request.headers), 'accept-encoding': 'identity' }
  if (body) headers['content-length'] = String(body.byteLength)
  const { method, signal } = request
  return new Promise((resolve, reject) => {
    // A connection of its own: one of a pool may have been made without the check.
    const sending = module.request(url, { method, headers, lookup, signal, agent: false }, (message) => {
      // Read at once: a socket that fails or closes forgets it.
      resolve({ message, remoteAddress: message.socket.remoteAddress })
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

/** One answer of the resolver is both checked and connected to. */
function checkedLookup(dns: Dns, isAllowed: (address: string) => boolean, url: string): Lookup {
  return (hostname, { all }, done) => {
    dns.lookup(hostname, { all: true }, (error, addresses) => {
      if (error) return done(error)
      const [first] = addresses
      // Every one: a name with one honest and one private address is no honest name.
      if (!first || !addresses.every(({ address }) => isAllowed(address))) return done(notAllowed(url))
      if (all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}

function toResponse(message: IncomingMessage, { Readable }: Streams, url: string): Response {
  const { statusCode: status, statusMessage: statusText = '', rawHeaders } = message
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  const hasBody = !bodiless.includes(status)
  if (!hasBody) message.resume()
  const response = new Response(hasBody ? Readable.toWeb(message) : null, { status, statusText, headers })
  Object.defineProperty(response, 'url', { value: url })
  return response
}

/** `fe80::1%eth0`, and IPv4 as a dual-stack socket writes it, stay what they are for the check. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '')
}

function notAllowed(url: string): RequestError {
  const { hostname } = new URL(url)
  const message = `${hostname} resolves to a private or special address, where nothing that another party names may lead`
  return new RequestError('address_not_allowed', message, { url: withoutQuery(url) })
}
