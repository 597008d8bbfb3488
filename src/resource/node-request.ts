import { mediaTypeOf } from '../lib/media-type.ts'
import type { RequestHead } from './protected-resource.ts'

/** The part of Node's `IncomingMessage` that is used, and of what Express and Fastify add to it. */
export interface NodeRequest {
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  /** The same before a router cut it (Express). */
  readonly originalUrl?: string | undefined
  /** Names and values in turn, so that a repeated field is seen. */
  readonly rawHeaders: readonly string[]
  readonly socket: object
  /** As a body parser left it. */
  readonly body?: unknown
}

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string | readonly string[]): unknown
  end(): unknown
  readonly headersSent?: boolean
  destroy?(): unknown
}

/** Never the host of any request: one that is none cannot be what a proof was made for. */
const nowhere = 'http://host.invalid'

/** RFC 9110 7.2: uri-host and port, and nothing that would make a path of it. */
const hostForm = /^[\w.:[\]-]+$/

/**
 * The head of a request of Node's, without copying or reading its body.
 *
 * @param body as a parser left it: looked into where it is a form, since JSON may have any members (RFC 6750 2.2)
 */
export function toRequestHead(request: NodeRequest, body: unknown = request.body): RequestHead {
  const headers = new Headers()
  const { rawHeaders, socket } = request
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    // HTTP/2 has pseudo-fields, which `Headers` does not take.
    if (!rawHeaders[i]!.startsWith(':')) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  const scheme = (socket as { readonly encrypted?: boolean }).encrypted ? 'https' : 'http'
  const host = headers.get('host') ?? authorityOf(rawHeaders)
  const target = request.originalUrl ?? request.url ?? '/'
  const url = hostForm.test(host) ? `${scheme}://${host}${target}` : ''
  const known = target.startsWith('/') ? url : target
  return {
    method: request.method ?? 'GET',
    url: isHttp(known) ? known : nowhere + pathOf(target),
    headers,
    form: mediaTypeOf(headers) === 'application/x-www-form-urlencoded' ? body : undefined,
  }
}

function isHttp(url: string): boolean {
  return /^https?:/i.test(url) && URL.canParse(url)
}

/** Kept whatever the host is: where `origin` is given the path alone says what a proof is for, and a query may hold a token. */
function pathOf(target: string): string {
  return target.startsWith('/') ? target : `/${target}`
}

/** What a mistake of the program's is answered by. */
export function sendFailure(response: NodeResponse): void {
  if (response.headersSent) {
    response.destroy?.()
    return
  }
  response.statusCode = 500
  response.end()
}

/** Sets the fields of a refusal, each challenge as a field of its own where the runtime can tell them apart. */
export function sendRefusal(refusal: Response, response: NodeResponse): void {
  response.statusCode = refusal.status
  for (const [name, value] of refusal.headers) response.setHeader(name, value)
  response.end()
}

function authorityOf(rawHeaders: readonly string[]): string {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === ':authority')
  return at < 0 ? '' : rawHeaders[at + 1]!
}
