import type { RefreshAttempt } from './refreshable.ts'

/** How an attempt that stands in the journal is judged. Its time may come from another process's clock. */
export interface AttemptView {
  readonly attempt: RefreshAttempt
  /** Milliseconds since the epoch, by this process's clock. */
  readonly now: number
  /** Milliseconds for which the issuer gives the same successor again; 0: unknown. */
  readonly grace: number
  /** Whether nobody is at it any more, as far as is known here. */
  readonly isLost: boolean
  /** Whether the lock is held here, and says that whoever began the attempt holds it no more. */
  readonly isOutOfLock: boolean
}

/** Milliseconds within which a process whose lock is free may still come to write what it got. */
const afterlife = 3_000

/**
 * Whether the refresh token may be sent again without harm. An attempt of the future is one by a clock that is ahead;
 * as long as the clocks are not further apart than the window, nothing says that it is over.
 */
export function mayRepeat({ attempt, now, grace }: Pick<AttemptView, 'attempt' | 'now' | 'grace'>): boolean {
  return Math.abs(now - attempt.startedAt) < grace
}

/**
 * Whether another process may be at it in this moment: then a token that is still good is used meanwhile. Where the
 * request may be repeated, that has to happen in the window's first half, since the repetition takes time, too.
 */
export function isUnderWay({ attempt, now, grace, isLost }: AttemptView, deadline: number): boolean {
  if (isLost) return false
  return Math.abs(now - attempt.startedAt) < (grace > 0 ? Math.min(deadline, grace / 2) : deadline)
}

/**
 * Milliseconds to wait for the outcome of another process's attempt before the refresh token is sent again, when there
 * is no token to go on with. Whoever holds the lock knows that its owner died, or lost its lease or its store: where a
 * repetition does no harm there is nothing to wait for, and elsewhere the owner may still be alive with an answer.
 */
export function patienceWith(view: AttemptView, deadline: number): number {
  if (view.isLost) return 0
  if (view.grace > 0) return view.isOutOfLock || !isUnderWay(view, deadline) ? 0 : view.grace / 2
  return view.isOutOfLock || !isUnderWay(view, deadline) ? afterlife : deadline
}
