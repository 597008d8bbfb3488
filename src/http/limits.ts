import { TimeoutError } from '../errors/network.ts'
import { ResponseError } from '../errors/response.ts'
import type { Fetch } from '../lib/fetch.ts'
import { readUpTo } from '../lib/read-bytes.ts'
import { abortable } from '../lib/single-flight.ts'
import { carryDeadline, noteDeadline } from './deadlines.ts'
import { toNetworkError, withoutQuery } from './network-errors.ts'

export interface LimitOptions {
  /** Milliseconds for connection, headers and body together. @default none */
  readonly timeout?: number | undefined
  /** Bytes of the body, decoded, counted while they are read. @default none */
  readonly maxBytes?: number | undefined
}

/**
 * Puts one deadline over connection, headers and body, and a limit on the body. The answer is read whole before
 * it is given out, so nothing that a caller does with it can hang, fail half way or leave a timer behind.
 *
 * @throws TimeoutError when the deadline passes
 * @throws ResponseError body_too_large
 * @throws NetworkError for a connection that fails, at the start or half way through the body
 * @throws the reason of the request's own signal
 */
export function withLimits(fetch: Fetch, options: LimitOptions): Fetch {
  return async (request) => {
    const deadline = startDeadline(request, options.timeout)
    try {
      const limited = carryDeadline(request, new Request(request, { signal: deadline.signal }))
      if (options.timeout !== undefined) noteDeadline(limited, options.timeout)
      const response = await abortable(fetch(limited), deadline.signal)
      return await readWhole(response, request, options.maxBytes ?? Number.POSITIVE_INFINITY, deadline.signal)
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : toNetworkError(error, request)
    } finally {
      deadline.end()
    }
  }
}

const maxTimer = 2 ** 31 - 1

/** Because not every fetch heeds its signal, each wait is also raced against it (see `abortable`). */
function startDeadline(request: Request, timeout: number | undefined) {
  const controller = new AbortController()
  const { signal } = request
  const onAbort = () => controller.abort(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  // A longer one than timers can hold would fire at once.
  const timer = timeout === undefined || timeout > maxTimer ? undefined : startTimer(request, timeout, controller)
  const end = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
  return { signal: controller.signal, end }
}

function startTimer(request: Request, timeout: number, controller: AbortController) {
  const url = withoutQuery(request.url)
  const timer = setTimeout(() => {
    controller.abort(
      new TimeoutError(`${request.method} ${url} took longer than ${timeout} ms, body included`, { url, timeout }),
    )
  }, timeout)
  return timer
}

async function readWhole(response: Response, request: Request, maxBytes: number, signal: AbortSignal) {
  const reader = response.body?.getReader()
  if (!reader) return response
  try {
    const bytes = await abortable(readUpTo(reader, maxBytes), signal)
    if (!bytes) throw tooLarge(response, request, maxBytes)
    return copyResponse(response, bytes, request.url)
  } catch (error) {
    // The connection is of no more use; whether it ends cleanly changes nothing.
    reader.cancel(error).catch(() => {})
    throw error
  }
}

/** `new Response` forgets the URL, and refuses a body, even an empty one, for a status that has none. */
function copyResponse(response: Response, bytes: Uint8Array<ArrayBuffer>, requestUrl: string): Response {
  const { status, statusText, headers } = response
  const copy = new Response(bytes.byteLength > 0 ? bytes : null, { status, statusText, headers })
  Object.defineProperty(copy, 'url', { value: response.url || requestUrl })
  return copy
}

function tooLarge(response: Response, request: Request, maxBytes: number): ResponseError {
  const url = withoutQuery(request.url)
  return new ResponseError('body_too_large', `${request.method} ${url}: the body has more than ${maxBytes} bytes`, {
    url,
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    // Attacks via protocol element length: a recipient ought to limit what it processes.
    clause: 'RFC 9110 17.5',
    expected: `at most ${maxBytes} bytes`,
    actual: 'more',
    response,
  })
}
