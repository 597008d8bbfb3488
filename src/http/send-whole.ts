import { AuthentypeError } from '../errors/base.ts'
import { NetworkError, TimeoutError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { noteDeadline } from './deadlines.ts'
import { withoutQuery } from './network-errors.ts'

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
  if (typeof timeout !== 'number' || !(timeout > 0)) throw new TypeError('"timeout" must be a number, above 0')
}

/** An answer with its body, which has been read. */
export type WholeAnswer = readonly [response: Response, bytes: ArrayBuffer]

/**
 * Sends, and reads the answer whole, under one deadline: nothing that a caller does with it can hang or fail half way.
 *
 * @param controller of the request's signal
 * @throws TimeoutError | NetworkError, or the reason of the caller's signal
 */
export function sendWhole(
  fetch: Fetch,
  request: Request,
  controller: AbortController,
  { signal, timeout = maxTimer }: Limits,
): Promise<WholeAnswer> {
  const url = withoutQuery(request.url)
  const called = `${request.method} ${url}`
  let timer: ReturnType<typeof setTimeout> | undefined
  const onAbort = (): void => controller.abort(signal?.reason)
  const onDeadline = (): void =>
    controller.abort(new TimeoutError(`${called} took longer than ${timeout} ms`, { url, timeout }))
  return new Promise<WholeAnswer>((resolve, reject) => {
    // Not every fetch heeds its signal, so nobody waits for it to.
    controller.signal.onabort = () => reject(controller.signal.reason)
    assertTimeout(timeout)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort)
    if (timeout < maxTimer) {
      noteDeadline(request, timeout)
      timer = setTimeout(onDeadline, timeout)
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
