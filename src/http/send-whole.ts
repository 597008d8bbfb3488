import { AuthentypeError } from '../errors/base.ts'
import { NetworkError, TimeoutError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { setDeadline } from './deadlines.ts'

/** Milliseconds. A longer one would fire at once. */
const maxTimer = 2 ** 31 - 1

/** What ends a call before its answer is there. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for connection, headers and body together. */
  readonly timeout?: number | undefined
}

/** @throws TypeError for what is no number above 0: a limit of NaN would be none at all */
export function assertTimeout(timeout: unknown = maxTimer): void {
  if (!(typeof timeout === 'number' && timeout > 0)) throw new TypeError('"timeout" must be above 0')
}

/** An answer with its body, which has been read. */
export type WholeAnswer = readonly [response: Response, bytes: ArrayBuffer]

/**
 * Sends, and reads the answer whole, under one deadline: nothing that a caller does with it can hang or fail half way.
 *
 * @param url of the request, without its query
 * @param controller of the request's signal
 * @throws TimeoutError | NetworkError, or the reason of the caller's signal
 */
export function sendWhole(
  fetch: Fetch,
  request: Request,
  url: string,
  controller: AbortController,
  { signal, timeout = maxTimer }: Limits,
): Promise<WholeAnswer> {
  const called = `${request.method} ${url}`
  let timer: ReturnType<typeof setTimeout> | undefined
  let onAbort = (): void => {}
  return new Promise<WholeAnswer>((resolve, reject) => {
    // Not every fetch heeds its signal, so nobody waits for it to.
    const end = (reason: unknown): void => {
      reject(reason)
      controller.abort(reason)
    }
    onAbort = () => end(signal?.reason)
    assertTimeout(timeout)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort)
    if (timeout < maxTimer) {
      setDeadline(request, timeout)
      timer = setTimeout(
        () => end(new TimeoutError(`${called} took longer than ${timeout} ms`, { url, timeout })),
        timeout,
      )
    }
    const read = async (): Promise<void> => {
      const response = await fetch(request)
      resolve([response, await response.arrayBuffer()])
    }
    // Of the platform's message nothing is repeated, since some quote the whole URL.
    read().catch((cause: unknown) =>
      reject(
        cause instanceof AuthentypeError ? cause : new NetworkError(`${called} got no complete answer`, { url, cause }),
      ),
    )
  }).finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  })
}
