import { AuthentypeError } from '../errors/base.ts'
import { NetworkError, TimeoutError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { withoutQuery } from './network-errors.ts'

/** Milliseconds. A longer one would fire at once. */
const maxTimer = 2 ** 31 - 1

/** What ends a call before its answer is there. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for connection, headers and body together. */
  readonly timeout?: number | undefined
}

/** An answer with its body, which has been read. */
export type WholeAnswer = readonly [response: Response, bytes: ArrayBuffer]

/**
 * Sends, and reads the answer whole, under one deadline: nothing that a caller does with it can hang or fail half way.
 *
 * @param controller of the request's signal
 * @throws TimeoutError | NetworkError, or the reason of the caller's signal
 */
export async function sendWhole(
  fetch: Fetch,
  request: Request,
  controller: AbortController,
  { signal, timeout = maxTimer }: Limits,
): Promise<WholeAnswer> {
  const { method } = request
  const url = withoutQuery(request.url)
  const onAbort = (): void => controller.abort(signal?.reason)
  const onDeadline = (): void =>
    controller.abort(new TimeoutError(`${method} ${url} took longer than ${timeout} ms`, { url, timeout }))
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort)
  const timer = timeout < maxTimer ? setTimeout(onDeadline, timeout) : undefined
  // Not every fetch heeds its signal, so nobody waits for it to.
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.onabort = () => reject(controller.signal.reason)
  })
  const read = async (): Promise<WholeAnswer> => {
    const response = await fetch(request)
    return [response, await response.arrayBuffer()]
  }
  try {
    return await Promise.race([aborted, read()])
  } catch (cause) {
    if (controller.signal.aborted || cause instanceof AuthentypeError) throw cause
    // Of the platform's message nothing is repeated, since some quote the whole URL.
    throw new NetworkError(`${method} ${url} got no complete answer`, { url, cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
