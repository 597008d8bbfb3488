import type { MaybePromise } from './signatures/types.ts'

export type { MaybePromise } from './signatures/types.ts'

/**
 * Goes on with a value that may still be on its way.
 *
 * Because Node's side of the signature seam is synchronous, a caller that only chains stays synchronous there
 * and pays for no turn of the event loop.
 */
export function andThen<T, Result>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}
