import type { Lock } from '../lib/lock.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'

/** A state as the store holds it, with the version that a write must name. */
export interface Versioned<State> {
  readonly state: State
  readonly version: string
}

/**
 * What the engine needs to know of the thing whose tokens it renews: where it is kept, when it needs it,
 * how it is asked for. Sessions give one; the token manager gives another.
 */
export interface Refreshable<State> {
  /** One flight at a time for each key, in this process and, with a lock, in all. */
  readonly key: string
  /** From the store, never from a cache. Nothing: it was logged out or deleted. */
  read(): Promise<Versioned<State> | undefined>
  /** False when somebody else has renewed it already; then nothing is sent. */
  needsRefresh(state: State): boolean
  /** Sends the refresh token and gives the state that follows. */
  request(state: State): Promise<State>
  /** Puts `next` in the place of `version`; false when another version stands there. */
  write(next: State, version: string): Promise<boolean>
  /**
   * Whether `current` still holds the tokens that `from` held, so that the outcome of refreshing `from` may be
   * put over it. False when another refresh was faster: a loser never overwrites a newer set.
   */
  isSameGeneration(current: State, from: State): boolean
  /** The outcome of a refresh, on a record that changed meanwhile in other ways. */
  rebase(next: State, current: State): State
  /** Tokens that came for what was deleted meanwhile. They must not live on at the server. */
  abandon(next: State): Promise<void>
  /** The state after a refusal that ends it (`invalid_grant`); `undefined`: the error ends nothing. */
  afterFailure(error: unknown, state: State): State | undefined
  /** Told once a flight, however many waited for it. */
  settled(outcome: RefreshOutcome<State>): void
  /** Told once a flight that ended with an error. */
  failed(error: unknown): void
}

/** A renewal, and how it came about. */
export type RefreshOutcome<State> =
  | { readonly kind: 'refreshed'; readonly state: State; readonly stored: boolean }
  /** Another caller or process had renewed it. */
  | { readonly kind: 'current'; readonly state: State }
  /** The server refused for good; `state` says so and is stored. */
  | { readonly kind: 'ended'; readonly state: State; readonly error: unknown }
  /** It is not in the store any more. */
  | { readonly kind: 'gone' }

export interface RefreshEngine {
  /**
   * Renews once for all who ask at the same time. Because a refresh token can be used only once, an aborted
   * caller stops waiting and the flight goes on.
   *
   * @throws whatever the request threw, when that ended nothing: the state is as it was
   */
  refresh<State>(target: Refreshable<State>, signal?: AbortSignal): Promise<RefreshOutcome<State>>
  /** What the store could not take yet; it is newer than anything that the store holds. */
  pending<State>(key: string): State | undefined
  /** Writes what is pending, if the store takes it by now. */
  flush<State>(target: Refreshable<State>): Promise<void>
}

export interface RefreshEngineOptions {
  /** Saves the other processes a request. Correctness rests on the compare-and-set of `write`. @default none */
  readonly lock?: Lock
  /**
   * Milliseconds to wait, one after the other, for another process that may have won the race and not have stored
   * its tokens yet, before a refusal is believed. @default [25, 100, 400]
   */
  readonly confirmRefusalAfter?: readonly number[]
}

interface Unsaved<State> {
  readonly from: State
  readonly next: State
}

/** Unrelated writers (a nonce, a label) may come between; a handful of tries passes them all. */
const maxWriteAttempts = 10

export function createRefreshEngine(options: RefreshEngineOptions = {}): RefreshEngine {
  const { lock, confirmRefusalAfter = [25, 100, 400] } = options
  const flights = createSingleFlight<RefreshOutcome<unknown>>()
  // Outcomes that the store could not take. The old refresh token is used up, so they exist nowhere else.
  const unsaved = new Map<string, Unsaved<unknown>>()

  async function fly<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    try {
      const outcome = await renewOnce(target)
      target.settled(outcome)
      return outcome
    } catch (error) {
      target.failed(error)
      throw error
    }
  }

  async function renewOnce<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const kept = unsaved.get(target.key) as Unsaved<State> | undefined
    if (kept) {
      const outcome = await keep(target, kept)
      if (outcome.kind === 'gone' || !target.needsRefresh(outcome.state)) return outcome
      if (outcome.kind === 'refreshed' && !outcome.stored) {
        return await keep(target, { from: kept.from, next: await target.request(kept.next) })
      }
    }
    const found = await target.read()
    if (!found) return { kind: 'gone' }
    if (!target.needsRefresh(found.state)) return { kind: 'current', state: found.state }
    let next: State
    try {
      next = await target.request(found.state)
    } catch (error) {
      return await settleFailure(target, found.state, error, confirmRefusalAfter)
    }
    return await keep(target, { from: found.state, next })
  }

  /** While the store is down, the tokens are used from memory; they are written at the next chance. */
  async function keep<State>(target: Refreshable<State>, outcome: Unsaved<State>): Promise<RefreshOutcome<State>> {
    try {
      const saved = await save(target, outcome.from, outcome.next)
      unsaved.delete(target.key)
      return saved
    } catch {
      unsaved.set(target.key, outcome)
      return { kind: 'refreshed', state: outcome.next, stored: false }
    }
  }

  async function join<State>(target: Refreshable<State>, task: () => Promise<RefreshOutcome<State>>) {
    const flight = flights.run(target.key, () => (lock ? lock.withLock(target.key, task) : task()))
    return (await flight) as RefreshOutcome<State>
  }

  async function refresh<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const outcome = await join(target, () => fly(target))
    // The flight that was under way may have begun before this caller saw its token refused, or only have written.
    const satisfied = outcome.kind === 'gone' || outcome.kind === 'ended' || !target.needsRefresh(outcome.state)
    return satisfied ? outcome : await join(target, () => fly(target))
  }

  return {
    async refresh(target, signal) {
      signal?.throwIfAborted()
      return await abortable(refresh(target), signal)
    },
    pending: <State>(key: string) => unsaved.get(key)?.next as State | undefined,
    async flush<State>(target: Refreshable<State>) {
      const kept = unsaved.get(target.key) as Unsaved<State> | undefined
      if (!kept) return
      await join<State>(target, async () => {
        const outcome = await keep(target, kept)
        target.settled(outcome)
        return outcome
      })
    },
  }
}

async function save<State>(target: Refreshable<State>, from: State, next: State): Promise<RefreshOutcome<State>> {
  for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
    const current = await target.read()
    if (!current) {
      await target.abandon(next)
      return { kind: 'gone' }
    }
    if (!target.isSameGeneration(current.state, from)) return { kind: 'current', state: current.state }
    const state = target.rebase(next, current.state)
    if (await target.write(state, current.version)) return { kind: 'refreshed', state, stored: true }
  }
  throw new Error(
    `the record of ${JSON.stringify(target.key.split(':', 1)[0])} changed ${maxWriteAttempts} times while it was written`,
  )
}

/** A refusal is only believed when nobody else has renewed in the meantime: the loser of a race is refused too. */
async function settleFailure<State>(
  target: Refreshable<State>,
  from: State,
  error: unknown,
  delays: readonly number[],
): Promise<RefreshOutcome<State>> {
  if (target.afterFailure(error, from) === undefined) throw error
  for (const delay of [0, ...delays]) {
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    const current = await target.read()
    if (!current) return { kind: 'gone' }
    if (!target.isSameGeneration(current.state, from)) return { kind: 'current', state: current.state }
  }
  return await end(target, from, error)
}

async function end<State>(target: Refreshable<State>, from: State, error: unknown): Promise<RefreshOutcome<State>> {
  for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
    const current = await target.read()
    if (!current) return { kind: 'gone' }
    if (!target.isSameGeneration(current.state, from)) return { kind: 'current', state: current.state }
    const ended = target.afterFailure(error, current.state)
    if (ended === undefined) throw error
    if (await target.write(ended, current.version)) return { kind: 'ended', state: ended, error }
  }
  throw error
}
