import { OAuthResponseError } from '../errors/response.ts'
import type { Runtime } from '../lib/runtime.ts'

/** When a session whose refresh failed may try again. Kept in memory: another process makes its own experience. */
export interface RefreshBackoff {
  /** The last failure, while it is too early for another try. */
  waiting(session: string): unknown
  failed(session: string, error: unknown): void
  succeeded(session: string): void
}

const firstDelay = 1_000
const longestDelay = 60_000
const maxRemembered = 10_000

export function createRefreshBackoff(runtime: Runtime): RefreshBackoff {
  const failures = new Map<string, { count: number; until: number; error: unknown }>()
  return {
    waiting(session) {
      const failure = failures.get(session)
      return failure && runtime.now() < failure.until ? failure.error : undefined
    },
    failed(session, error) {
      const count = (failures.get(session)?.count ?? 0) + 1
      failures.delete(session)
      failures.set(session, { count, until: runtime.now() + delayAfter(count, error, runtime), error })
      if (failures.size > maxRemembered) failures.delete(failures.keys().next().value!)
    },
    succeeded(session) {
      failures.delete(session)
    },
  }
}

/** `Retry-After` where the server named one, else doubling from a second to a minute, each half by chance. */
function delayAfter(count: number, error: unknown, runtime: Runtime): number {
  const named = error instanceof OAuthResponseError ? error.retryAfter : undefined
  const delay = named ?? Math.min(longestDelay, firstDelay * 2 ** Math.min(count - 1, 10))
  const chance = runtime.randomBytes(1)[0]! / 255
  return named === undefined ? delay * (0.5 + chance / 2) : delay + chance * firstDelay
}
