/** What a token endpoint makes known to a client that polls for the user's answer. */
export interface PollAnswer {
  /**
   * `pending`: the user has not answered yet. `slow_down`: the client asks too often. `unreachable`: no answer, or
   * one of a server that is busy.
   */
  readonly kind: 'pending' | 'slow_down' | 'unreachable'
  /** Milliseconds, from `Retry-After`. */
  readonly retryAfter?: number | undefined
}

/** Milliseconds. */
export interface PollingPace {
  /** Between two polls, from now on. */
  readonly interval: number
  /** Before the next one. */
  readonly wait: number
}

/** RFC 8628 3.2: "If no value is provided, clients MUST use 5 as the default." CIBA 7.3 says the same. */
const defaultInterval = 5_000
/** A server that says 0 is not asked in a loop. */
const leastInterval = 1_000
/** RFC 8628 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests" */
const slowerBy = 5_000
const mostBackOff = 60_000

/** @param seconds the `interval` of the answer */
export function startPolling(seconds: number | undefined): PollingPace {
  const interval = seconds === undefined ? defaultInterval : Math.max(seconds * 1000, leastInterval)
  return { interval, wait: interval }
}

/**
 * How to go on after an answer that is not the last.
 *
 * @see RFC 8628 3.5, CIBA Core 11
 */
export function nextPoll(interval: number, { kind, retryAfter = 0 }: PollAnswer): PollingPace {
  const next = slower(interval, kind)
  // RFC 9110 10.2.3: whatever our own pace, not before the server wants to be asked again.
  return { interval: next, wait: Math.max(next, retryAfter) }
}

function slower(interval: number, kind: PollAnswer['kind']): number {
  switch (kind) {
    case 'pending':
      return interval
    case 'slow_down':
      return interval + slowerBy
    case 'unreachable':
      // RFC 8628 3.5: "clients MUST unilaterally reduce their polling frequency before retrying", by doubling.
      return Math.max(interval, Math.min(interval * 2, mostBackOff))
  }
}
