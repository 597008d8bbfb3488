import { now } from '../lib/runtime.ts'

/**
 * When the answer to a request is no longer waited for, in milliseconds since the epoch by the machine's own clock,
 * which timers run by. A request's signal does not say it before it is too late.
 */
const deadlines = new WeakMap<Request, number>()

/** Notes of a new request that nobody waits longer than `timeout` milliseconds from now. */
export function setDeadline(request: Request, timeout: number): void {
  deadlines.set(request, now() + timeout)
}

/** As `setDeadline`, for one that may have a deadline: an earlier one stays. */
export function noteDeadline(request: Request, timeout: number): void {
  setDeadline(request, Math.min(timeout, remainingTime(request)))
}

/** `new Request(request, init)` makes a copy that knows nothing of the deadline. */
export function carryDeadline(from: Request, to: Request): Request {
  const deadline = deadlines.get(from)
  if (deadline !== undefined) deadlines.set(to, deadline)
  return to
}

/** Milliseconds that the answer will still be waited for; infinite where nobody said. */
export function remainingTime(request: Request): number {
  return (deadlines.get(request) ?? Number.POSITIVE_INFINITY) - now()
}
