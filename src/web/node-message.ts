/** The part of Node's `IncomingMessage` that is used, and of what Express adds to it. */
export interface NodeRequest {
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  /** The same before a router cut it (Express). */
  readonly originalUrl?: string | undefined
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  /** As a body parser left it, which has then read the stream. */
  readonly body?: unknown
  /** Whether the stream was read to its end. */
  readonly readableEnded?: boolean
  [Symbol.asyncIterator](): AsyncIterator<unknown>
}

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string | readonly string[]): unknown
  write(chunk: Uint8Array): boolean
  end(): unknown
  on(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
  readonly destroyed?: boolean
  readonly headersSent?: boolean
  destroy?(): unknown
}

/**
 * A Node request as the platform's. Nothing of its body is read before somebody asks, so a request that is not for
 * the handler goes on untouched.
 */
export function toRequest(message: NodeRequest): Request {
  const headers = new Headers()
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i]!
    // HTTP/2 has pseudo-fields, which `Headers` does not take.
    if (!name.startsWith(':')) headers.append(name, message.rawHeaders[i + 1]!)
  }
  const { method = 'GET' } = message
  const init = method === 'GET' || method === 'HEAD' ? {} : { body: bodyOf(message, headers), duplex: 'half' }
  return new Request(urlOf(message, headers), { method, headers, ...init })
}

/** Sends an answer, each cookie in a field of its own. */
export async function sendResponse(response: Response, target: NodeResponse): Promise<void> {
  target.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') target.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) target.setHeader('set-cookie', cookies)
  const reader = response.body?.getReader()
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    if (target.destroyed) return await reader?.cancel()
    if (!target.write(chunk.value)) await drained(target)
  }
  target.end()
}

/** The host is what the client says, so nothing may rest on it; where it says nothing usable, it is nowhere. */
function urlOf(message: NodeRequest, headers: Headers): string {
  const target = message.originalUrl ?? message.url ?? '/'
  const authority = headers.get('host') ?? ''
  const path = target.startsWith('/') ? target : pathOf(target)
  // Joined as text: `//evil.example/x` is a path here, and would be a host to a resolver.
  const url = `http://${authority}${path}`
  return /^[\w.:[\]-]+$/.test(authority) && URL.canParse(url) ? url : `http://host.invalid${path}`
}

/** The absolute form, which proxies are sent (RFC 9112 3.2.2). */
function pathOf(target: string): string {
  if (!URL.canParse(target)) return '/'
  const { pathname, search } = new URL(target)
  return pathname.startsWith('/') ? pathname + search : '/'
}

function bodyOf(message: NodeRequest, headers: Headers): BodyInit {
  const { body, readableEnded } = message
  // Parsers that pass a request over leave an empty object all the same.
  if (body === undefined || body === null || !readableEnded) return streamOf(message)
  headers.delete('content-length')
  if (typeof body === 'string' || body instanceof Uint8Array) return body as BodyInit
  // A parser of forms has made an object of it; only text and lists of text can have been in a form.
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) {
    for (const each of Array.isArray(value) ? value : [value]) if (typeof each === 'string') form.append(name, each)
  }
  return form.toString()
}

function streamOf(message: NodeRequest): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<unknown> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= message[Symbol.asyncIterator]()
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      async cancel() {
        await chunks?.return?.()
      },
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  )
}

/** Until the connection takes more, or is gone. */
function drained(target: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      for (const event of ['drain', 'close'] as const) target.off(event, goOn)
      resolve()
    }
    for (const event of ['drain', 'close'] as const) target.on(event, goOn)
  })
}
