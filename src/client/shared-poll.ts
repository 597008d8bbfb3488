import { abortable } from '../lib/single-flight.ts'

/**
 * Waits for the answer to one grant.
 *
 * @throws the signal's reason, and whatever the task throws
 */
export type SharedPoll<T, Options> = (options: Options, signal: AbortSignal | undefined) => Promise<T>

interface Run<T> {
  readonly outcome: Promise<T>
  readonly controller: AbortController
  waiting: number
  /** Whether it has given what was waited for. */
  isDone: boolean
}

/**
 * One poll for all who wait: two at once would be faster than the server allows. Whoever aborts stops waiting and
 * leaves the others theirs; with the last one the poll itself ends, and who comes then begins another. A grant is good
 * once, and a server may take back what it gave to one that is used again (RFC 6749 4.1.2): so who comes when all is
 * done, by a ping that was sent twice, gets what the others got.
 *
 * @param task is given what the first of them wants, and a signal of its own
 */
export function createSharedPoll<T, Options>(
  task: (options: Options, signal: AbortSignal) => Promise<T>,
): SharedPoll<T, Options> {
  let current: Run<T> | undefined

  function forget(run: Run<T>): void {
    if (current === run) current = undefined
  }

  function begin(options: Options): Run<T> {
    const controller = new AbortController()
    const run: Run<T> = { outcome: task(options, controller.signal), controller, waiting: 0, isDone: false }
    const done = () => {
      run.isDone = true
    }
    // Also where nobody is left to be told of a failure.
    run.outcome.then(done, () => forget(run))
    return run
  }

  return async (options, signal) => {
    signal?.throwIfAborted()
    current ??= begin(options)
    const run = current
    run.waiting++
    try {
      return await abortable(run.outcome, signal)
    } finally {
      if (--run.waiting === 0 && !run.isDone) {
        forget(run)
        run.controller.abort(signal?.reason)
      }
    }
  }
}
