import { TimeoutError } from '../errors/network.ts'
import type { Lock } from '../lib/lock.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'
import { withBoundedLock } from './bounded-lock.ts'
import { createOutcomeKeeper } from './outcome-keeper.ts'
import type { Refreshable, RefreshOutcome } from './refreshable.ts'
import { createRenewal } from './renewal.ts'

export interface RefreshEngine {
  /**
   * Renews once for all who ask at the same time. Because a refresh token can be used only once, an aborted caller
   * stops waiting and the flight goes on.
   *
   * @throws whatever the request threw, when that ended nothing: the state is as it was
   * @throws TimeoutError when a flight passes its deadline; its late outcome is stored all the same
   */
  refresh<State>(target: Refreshable<State>, signal?: AbortSignal): Promise<RefreshOutcome<State>>
  isRefreshing(key: string): boolean
  /** What the store could not take yet; it is newer than anything that the store holds. */
  pending<State>(serial: string): State | undefined
  /** Gives what is pending, and forgets it: its record was deleted. */
  drop<State>(serial: string): State | undefined
  /** Writes what is pending, if the store takes it by now. */
  flush<State>(target: Refreshable<State>): Promise<void>
}

export interface RefreshEngineOptions {
  readonly runtime: Runtime
  /** Saves the other processes a request. Correctness rests on the compare-and-set of `write`. @default none */
  readonly lock?: Lock
  /** Milliseconds until those who wait for a flight are told that it takes too long. @default 30_000 */
  readonly deadline?: number
}

export function createRefreshEngine(options: RefreshEngineOptions): RefreshEngine {
  const { runtime, lock, deadline = 30_000 } = options
  const flights = createSingleFlight<RefreshOutcome<unknown>>()
  const queue = createSerialQueue()
  const keeper = createOutcomeKeeper(runtime)
  const renewal = createRenewal({ runtime, deadline, keeper })

  function join<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const flight = flights.run(target.key, () => queue.run(target.serial, () => withDeadline(lead(target), deadline)))
    return flight as Promise<RefreshOutcome<State>>
  }

  async function lead<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const seen = lock && (await renewal.lookAhead(target))
    if (!seen) {
      return await withBoundedLock(lock, target.serial, target.grace / 2, (hasLock) => renewal.run(target, hasLock))
    }
    target.settled(seen)
    return seen
  }

  async function refresh<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const outcome = await join(target)
    // The flight that was under way may have begun before this caller saw its token refused, or only have written.
    const isStale = (outcome.kind === 'refreshed' || outcome.kind === 'current') && target.needsRefresh(outcome.state)
    return isStale ? await join(target) : outcome
  }

  return {
    async refresh(target, signal) {
      signal?.throwIfAborted()
      return await abortable(refresh(target), signal)
    },
    isRefreshing: (key) => flights.current(key) !== undefined,
    pending: <State>(serial: string) => keeper.held<State>(serial)?.next,
    drop: <State>(serial: string) => keeper.drop<State>(serial)?.next,
    flush: (target) => keeper.flush(target),
  }
}

/** One timer a flight. What is under way goes on, and its outcome is stored; nobody waits for it any more. */
async function withDeadline<T>(flight: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `the refresh took longer than ${milliseconds} ms; it goes on, and what comes of it is kept`
      reject(new TimeoutError(message, { url: '', timeout: milliseconds }))
    }, milliseconds)
  })
  try {
    return await Promise.race([flight, late])
  } finally {
    clearTimeout(timer)
  }
}
