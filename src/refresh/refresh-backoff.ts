import { ApiError, ResponseError } from '../errors/response.ts'
import { XrpcError } from '../errors/xrpc.ts'
import { type BackOff, createBackOff } from '../lib/back-off.ts'
import { parseRetryAfter } from '../lib/retry-after.ts'
import type { Runtime } from '../lib/runtime.ts'

/** When a refresh that failed may be tried again. Kept in memory: another process makes its own experience. */
export interface RefreshBackoff {
  /** The last failure, while it is too early for another try. */
  waiting(key: string): unknown
  /** Whether the last try failed, be it too early for another or not. */
  isFailing(key: string): boolean
  failed(key: string, error: unknown): void
  succeeded(key: string): void
}

interface Failing {
  readonly backOff: BackOff
  error: unknown
}

const maxRemembered = 10_000

export function createRefreshBackoff(runtime: Runtime): RefreshBackoff {
  const failing = new Map<string, Failing>()
  return {
    waiting(key) {
      const known = failing.get(key)
      return known?.backOff.isWaiting() ? known.error : undefined
    },
    isFailing: (key) => failing.has(key),
    failed(key, error) {
      const known = failing.get(key) ?? { backOff: createBackOff(runtime), error }
      known.error = error
      known.backOff.failed(retryAfterOf(error, runtime))
      failing.delete(key)
      failing.set(key, known)
      if (failing.size > maxRemembered) failing.delete(failing.keys().next().value!)
    },
    succeeded(key) {
      failing.delete(key)
    },
  }
}

/** Whoever answers, the server itself in JSON or a proxy before it in HTML, may say when to come again. */
function retryAfterOf(error: unknown, runtime: Runtime): number | undefined {
  const hasHeaders = error instanceof ApiError || error instanceof XrpcError
  const headers = hasHeaders ? error.headers : error instanceof ResponseError && error.response?.headers
  return headers ? parseRetryAfter(headers, runtime.now()) : undefined
}
