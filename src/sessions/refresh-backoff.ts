import { ApiError, ResponseError } from '../errors/response.ts'
import { type BackOff, createBackOff } from '../lib/back-off.ts'
import { parseRetryAfter } from '../lib/retry-after.ts'
import type { Runtime } from '../lib/runtime.ts'

/** When a session whose refresh failed may try again. Kept in memory: another process makes its own experience. */
export interface RefreshBackoff {
  /** The last failure, while it is too early for another try. */
  waiting(session: string): unknown
  failed(session: string, error: unknown): void
  succeeded(session: string): void
}

interface Failing {
  readonly backOff: BackOff
  error: unknown
}

const maxRemembered = 10_000

export function createRefreshBackoff(runtime: Runtime): RefreshBackoff {
  const failing = new Map<string, Failing>()
  return {
    waiting(session) {
      const known = failing.get(session)
      return known?.backOff.isWaiting() ? known.error : undefined
    },
    failed(session, error) {
      const known = failing.get(session) ?? { backOff: createBackOff(runtime), error }
      known.error = error
      known.backOff.failed(retryAfterOf(error, runtime))
      failing.delete(session)
      failing.set(session, known)
      if (failing.size > maxRemembered) failing.delete(failing.keys().next().value!)
    },
    succeeded(session) {
      failing.delete(session)
    },
  }
}

/** Whoever answers, the server itself in JSON or a proxy before it in HTML, may say when to come again. */
function retryAfterOf(error: unknown, runtime: Runtime): number | undefined {
  const headers = error instanceof ApiError ? error.headers : error instanceof ResponseError && error.response?.headers
  return headers ? parseRetryAfter(headers, runtime.now()) : undefined
}
