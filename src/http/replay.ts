import { RequestError } from '../errors/network.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import { readUpTo } from '../lib/read-bytes.ts'
import { withoutQuery } from './network-errors.ts'

export interface ReplayOptions {
  /**
   * Bytes of a stream to keep, so that it can be sent again.
   * @default 0: a stream is sent once
   */
  readonly bufferLimit?: number | undefined
}

/** Gives the request for each attempt. */
export interface Replay {
  /**
   * The first time the request itself, then copies of it with the same body.
   *
   * @param answer the one that asks for another attempt
   * @throws RequestError body_not_replayable, carrying `answer`
   */
  next(answer?: Response): MaybePromise<Request>
  /** Ends the keeping of the body. */
  end(): void
}

/** Of a body that is in memory already, in a request that somebody else built. */
const knownBodyLimit = 16 * 1024 * 1024

/** Bodies by request, for those that were built here: these can be sent again from their source. */
const sources = new WeakMap<Request, BodyInit | null>()

/**
 * `new Request` that remembers what the body was made from, so that it can be sent again at no cost and of
 * any size: text, bytes, Blob and FormData. Of a plain `Request` only the stream is visible.
 */
export function createReplayableRequest(input: RequestInfo | URL, init?: RequestInit): Request {
  const request = new Request(input, init)
  const body = init?.body
  if (body !== null && body !== undefined && !(body instanceof ReadableStream)) sources.set(request, body)
  return request
}

export function createReplay(request: Request, options: ReplayOptions = {}): Replay {
  // Firefox does not show the body of a request at all: there only the method tells.
  const { body: visible, method } = request as { body: ReadableStream | null | undefined; method: string }
  if (visible === null || method === 'GET' || method === 'HEAD') return { next: () => request, end() {} }
  const source = sources.get(request)
  const kept = source === undefined ? keepBody(request, options.bufferLimit ?? 0) : undefined
  let attempts = 0
  return {
    async next(answer) {
      if (attempts++ === 0) return request
      const body = source ?? (await kept!.body)
      if (body === undefined) throw notReplayable(request, answer)
      return withBody(request, body)
    },
    end: () => kept?.end(),
  }
}

/** The same request with its body afresh. The old body is used up, which `new Request` allows when it gets another. */
function withBody(request: Request, body: BodyInit): Request {
  const headers = new Headers(request.headers)
  // Each encoding of a FormData has a boundary of its own.
  if (body instanceof FormData) headers.delete('content-type')
  const copy = new Request(request, { body, headers })
  sources.set(copy, body)
  return copy
}

/**
 * Keeps the body's bytes while they are sent. `clone` leaves the request with its source and so with its
 * Content-Length; the clone is read beside it up to the limit, so that no more than that is ever held.
 */
function keepBody(
  request: Request,
  bufferLimit: number,
): { body: Promise<Uint8Array<ArrayBuffer> | undefined>; end(): void } {
  const spare = cloneOfKnownSource(request)
  if (!spare && bufferLimit === 0) return { body: Promise.resolve(undefined), end() {} }
  const kept = spare ?? request.clone()
  // Firefox, again; it has no streams for bodies, so what is there is in memory already.
  if (!kept.body) return { body: kept.arrayBuffer().then((bytes) => new Uint8Array(bytes)), end() {} }
  const reader = kept.body.getReader()
  const limit = Math.max(bufferLimit, spare ? knownBodyLimit : 0)
  return {
    // A body that fails is the sending side's to report.
    body: readUpTo(reader, limit).catch(() => undefined),
    end: () => void reader.cancel().catch(() => {}),
  }
}

/**
 * A clone, unless the body is a stream. A `Request` does not say what its body was made from, but one made from
 * a stream cannot take the mode 'no-cors' (Fetch Standard, Request constructor: an input body whose source is
 * null). Where a runtime knows no modes, every body passes for a known one, and is kept up to the limit.
 */
function cloneOfKnownSource(request: Request): Request | undefined {
  const clone = request.clone()
  try {
    return new Request(clone, { mode: 'no-cors', method: 'POST' })
  } catch {
    clone.body?.cancel().catch(() => {})
    return undefined
  }
}

function notReplayable(request: Request, answer: Response | undefined): RequestError {
  const url = withoutQuery(request.url)
  return new RequestError(
    'body_not_replayable',
    `${request.method} ${url} must be sent again, but its body was a stream that is used up. Give the body as text, bytes, Blob or FormData, or set bufferLimit`,
    { url, ...(answer && { response: answer }) },
  )
}
