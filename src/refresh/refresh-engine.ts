import { digest } from '#signatures'
import { TimeoutError } from '../errors/network.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { delay } from '../lib/delay.ts'
import type { Lock } from '../lib/lock.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'
import { type AttemptView, isUnderWay, mayRepeat, patienceWith } from './attempt-rules.ts'
import { withBoundedLock } from './bounded-lock.ts'
import { contended, maxWriteAttempts } from './contended.ts'
import { createKnownAttempts } from './known-attempts.ts'
import { isAnswerLost } from './lost-answer.ts'
import { createOutcomeKeeper } from './outcome-keeper.ts'
import type { RefreshAttempt, Refreshable, RefreshOutcome, Versioned } from './refreshable.ts'
import { settleRefusal } from './settle-refusal.ts'

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

/** Milliseconds between looks at a record that another process is renewing; the last one is repeated. */
const looks = [10, 25, 50, 100, 200, 400, 800] as const
/** Milliseconds to look at it at the most. */
const longestLook = 12_000

export function createRefreshEngine(options: RefreshEngineOptions): RefreshEngine {
  const { runtime, lock, deadline = 30_000 } = options
  const flights = createSingleFlight<RefreshOutcome<unknown>>()
  const queue = createSerialQueue()
  const keeper = createOutcomeKeeper(runtime)
  const known = createKnownAttempts()

  async function fly<State>(target: Refreshable<State>, hasLock: boolean): Promise<RefreshOutcome<State>> {
    try {
      const outcome = (await keptOutcome(target)) ?? (await renew(target, hasLock))
      target.settled(outcome)
      return outcome
    } catch (error) {
      target.failed(error)
      throw error
    }
  }

  /** What the store could not take before: written first, and enough if it is good enough. */
  async function keptOutcome<State>(target: Refreshable<State>): Promise<RefreshOutcome<State> | undefined> {
    const kept = keeper.held<State>(target.serial)
    if (!kept) return undefined
    const outcome = await keeper.keep(target, kept)
    if (outcome.kind !== 'refreshed') return outcome.kind === 'gone' ? outcome : undefined
    if (!target.needsRefresh(outcome.state)) return outcome
    if (outcome.stored) return undefined
    return await keeper.keep(target, { from: kept.from, next: await target.request(kept.next) })
  }

  /** What needs no lock to be seen: ordinary requests never wait for it, and go on with the token that they have. */
  async function lookAhead<State>(target: Refreshable<State>): Promise<RefreshOutcome<State> | undefined> {
    if (!lock || keeper.held(target.serial)) return undefined
    const found = await target.read()
    if (!found) return { kind: 'gone' }
    const { state } = found
    if (!target.needsRefresh(state)) return { kind: 'current', state }
    if (!target.canWait(state)) return undefined
    const earlier = viewOf(target, state, await hashOf(target.refreshToken(state)), false)
    return earlier && isUnderWay(earlier, deadline) ? { kind: 'postponed', state } : undefined
  }

  /** Looks, and if need be looks again while another process is at it; then tells the journal and sends. */
  async function renew<State>(target: Refreshable<State>, hasLock: boolean): Promise<RefreshOutcome<State>> {
    for (let waited = 0, look = 0, conflicts = 0; conflicts < maxWriteAttempts; ) {
      const found = await target.read()
      if (!found) return { kind: 'gone' }
      const { state } = found
      if (!target.needsRefresh(state)) return { kind: 'current', state }
      const tokenHash = await hashOf(target.refreshToken(state))
      const earlier = viewOf(target, state, tokenHash, hasLock)
      const isDoubtful = earlier && (!mayRepeat(earlier) || (!earlier.isOutOfLock && isUnderWay(earlier, deadline)))
      if (isDoubtful && target.canWait(state)) return { kind: 'postponed', state }
      if (earlier && waited < Math.min(patienceWith(earlier, deadline), longestLook)) {
        const wait = looks[Math.min(look++, looks.length - 1)]!
        await delay(runtime, wait)
        waited += wait
        continue
      }
      const begun = await begin(target, found, { tokenHash, hasLock, isRepeated: earlier !== undefined })
      if (begun) return await send(target, begun, earlier !== undefined)
      conflicts++
    }
    throw contended(target.serial)
  }

  /** The attempt that the journal holds for this refresh token, and whose outcome is not known. */
  function viewOf<State>(
    target: Refreshable<State>,
    state: State,
    tokenHash: string,
    hasLock: boolean,
  ): AttemptView | undefined {
    const attempt = target.attempt(state)
    if (attempt?.tokenHash !== tokenHash || known.isUnsent(attempt.id)) return undefined
    const isLost = attempt.isLost === true || known.isLost(attempt.id)
    const isOutOfLock = hasLock && attempt.isUnlocked !== true
    return { attempt, now: runtime.now(), grace: target.grace, isLost, isOutOfLock }
  }

  /** The journal entry goes in before the request leaves. Nothing: somebody else wrote, so look again. */
  async function begin<State>(
    target: Refreshable<State>,
    found: Versioned<State>,
    { tokenHash, hasLock, isRepeated }: { tokenHash: string; hasLock: boolean; isRepeated: boolean },
  ): Promise<State | undefined> {
    const id = encodeBase64url(runtime.randomBytes(9))
    const attempt = { id, tokenHash, startedAt: runtime.now(), ...(!hasLock && { isUnlocked: true as const }) }
    const state = target.withAttempt(found.state, attempt)
    try {
      return (await target.write(state, found.version)) ? state : undefined
    } catch (error) {
      // The store may have written it and broken then: it must not be taken for a request that has left.
      known.remember(id, isRepeated ? 'lost' : 'unsent')
      throw error
    }
  }

  async function send<State>(
    target: Refreshable<State>,
    from: State,
    isRepeated: boolean,
  ): Promise<RefreshOutcome<State>> {
    let next: State
    try {
      next = target.withAttempt(await target.request(from), undefined)
    } catch (error) {
      const attempt = target.attempt(from)!
      if (!isAnswerLost(error)) return await settleRefusal(target, from, error, isRepeated)
      // The answer of a repeated request may be lost, too; then the journal stays as it is.
      const isRepeatable = mayRepeat({ attempt, now: runtime.now(), grace: target.grace })
      if (!isRepeated && isRepeatable) return await send(target, from, true)
      await tellLost(target, attempt)
      throw error
    }
    return await keeper.keep(target, { from, next })
  }

  /** So that no other process waits for an answer that will never come. */
  async function tellLost<State>(target: Refreshable<State>, attempt: RefreshAttempt): Promise<void> {
    known.remember(attempt.id, 'lost')
    try {
      const found = await target.read()
      if (!found || target.attempt(found.state)?.id !== attempt.id) return
      await target.write(target.withAttempt(found.state, { ...attempt, isLost: true }), found.version)
    } catch {
      // Safe to leave: others then wait for a while, and the lost answer is the error that counts.
    }
  }

  function join<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const flight = flights.run(target.key, () => queue.run(target.serial, () => withDeadline(lead(target), deadline)))
    return flight as Promise<RefreshOutcome<State>>
  }

  async function lead<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const seen = await lookAhead(target)
    if (!seen) return await withBoundedLock(lock, target.serial, target.grace / 2, (hasLock) => fly(target, hasLock))
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

async function hashOf(refreshToken: string): Promise<string> {
  return encodeBase64url(await digest('SHA-256', refreshToken))
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
