import { digest } from '#signatures'
import { TimeoutError } from '../errors/network.ts'
import { StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import type { Lock } from '../lib/lock.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'
import { isAnswerLost } from './lost-answer.ts'
import type { RefreshAttempt, Refreshable, RefreshOutcome, Versioned } from './refreshable.ts'

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

interface Unsaved<State> {
  readonly from: State
  readonly next: State
}

/** Unrelated writers (a label, another resource's token) may come between; a handful of tries passes them all. */
const maxWriteAttempts = 10
const maxLost = 10_000
/** Milliseconds between looks at a record that another process is renewing: some twelve seconds in all. */
const looks = [10, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400] as const

export function createRefreshEngine(options: RefreshEngineOptions): RefreshEngine {
  const { runtime, lock, deadline = 30_000 } = options
  const flights = createSingleFlight<RefreshOutcome<unknown>>()
  const queue = createSerialQueue()
  // Outcomes that the store could not take. The old refresh token is used up, so they exist nowhere else.
  const unsaved = new Map<string, Unsaved<unknown>>()
  // Attempts of our own whose answer was lost: no other process is at them, so there is nothing to wait for.
  const lost = new Set<string>()

  async function fly<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    try {
      const outcome = (await keptOutcome(target)) ?? (await renew(target))
      target.settled(outcome)
      return outcome
    } catch (error) {
      target.failed(error)
      throw error
    }
  }

  /** What the store could not take before: written first, and enough if it is good enough. */
  async function keptOutcome<State>(target: Refreshable<State>): Promise<RefreshOutcome<State> | undefined> {
    const kept = unsaved.get(target.serial) as Unsaved<State> | undefined
    if (!kept) return undefined
    const outcome = await keep(target, kept)
    if (outcome.kind !== 'refreshed') return outcome.kind === 'gone' ? outcome : undefined
    if (!target.needsRefresh(outcome.state)) return outcome
    return outcome.stored ? undefined : await keep(target, { from: kept.from, next: await target.request(kept.next) })
  }

  /** Looks, and if need be looks again while another process is at it; then tells the journal and sends. */
  async function renew<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    for (const wait of [...looks, 0]) {
      const found = await target.read()
      if (!found) return { kind: 'gone' }
      const { state } = found
      if (!target.needsRefresh(state)) return { kind: 'current', state }
      const tokenHash = await hashOf(target.refreshToken(state))
      const earlier = target.attempt(state)?.tokenHash === tokenHash ? target.attempt(state) : undefined
      const age = earlier ? runtime.now() - earlier.startedAt : 0
      const isYoung = earlier && age >= 0 && age < deadline
      const isUnderWay = isYoung && !lock && !lost.has(earlier.id)
      const isDoubtful = earlier && !target.mayRepeat(earlier)
      if ((isUnderWay || isDoubtful) && target.canWait(state)) return { kind: 'postponed', state }
      if (isUnderWay && wait > 0) {
        await new Promise((resolve) => setTimeout(resolve, wait))
        continue
      }
      const begun = await begin(target, found, tokenHash)
      if (begun) return await send(target, begun, earlier !== undefined)
    }
    throw contended(target.serial)
  }

  /** The journal entry goes in before the request leaves. Nothing: somebody else wrote, so look again. */
  async function begin<State>(target: Refreshable<State>, found: Versioned<State>, tokenHash: string) {
    const id = encodeBase64url(runtime.randomBytes(9))
    const attempt: RefreshAttempt = { id, tokenHash, startedAt: runtime.now() }
    const state = target.withAttempt(found.state, attempt)
    return (await target.write(state, found.version)) ? state : undefined
  }

  async function send<State>(
    target: Refreshable<State>,
    from: State,
    isRepeated: boolean,
  ): Promise<RefreshOutcome<State>> {
    try {
      return await keep(target, { from, next: target.withAttempt(await target.request(from), undefined) })
    } catch (error) {
      const attempt = target.attempt(from)!
      if (!isAnswerLost(error)) return await settleRefusal(target, from, error, isRepeated)
      // The answer of a repeated request may be lost, too; then the journal stays as it is.
      if (!isRepeated && target.mayRepeat(attempt)) return await send(target, from, true)
      rememberLost(attempt.id)
      throw error
    }
  }

  function rememberLost(id: string): void {
    lost.add(id)
    if (lost.size > maxLost) lost.delete(lost.values().next().value!)
  }

  /** While the store is down, the tokens are used from memory; they are written at the next chance. */
  async function keep<State>(target: Refreshable<State>, outcome: Unsaved<State>): Promise<RefreshOutcome<State>> {
    try {
      const saved = await save(target, outcome.from, outcome.next)
      unsaved.delete(target.serial)
      return saved
    } catch {
      unsaved.set(target.serial, outcome)
      return { kind: 'refreshed', state: outcome.next, stored: false }
    }
  }

  function join<State>(target: Refreshable<State>, task: () => Promise<RefreshOutcome<State>>) {
    const { key, serial } = target
    const flight = flights.run(key, () =>
      queue.run(serial, () => withDeadline(lock ? lock.withLock(serial, task) : task(), deadline)),
    )
    return flight as Promise<RefreshOutcome<State>>
  }

  async function refresh<State>(target: Refreshable<State>): Promise<RefreshOutcome<State>> {
    const outcome = await join(target, () => fly(target))
    // The flight that was under way may have begun before this caller saw its token refused, or only have written.
    const isStale = (outcome.kind === 'refreshed' || outcome.kind === 'current') && target.needsRefresh(outcome.state)
    return isStale ? await join(target, () => fly(target)) : outcome
  }

  return {
    async refresh(target, signal) {
      signal?.throwIfAborted()
      return await abortable(refresh(target), signal)
    },
    isRefreshing: (key) => flights.current(key) !== undefined,
    pending: <State>(serial: string) => unsaved.get(serial)?.next as State | undefined,
    async flush<State>(target: Refreshable<State>) {
      const kept = unsaved.get(target.serial) as Unsaved<State> | undefined
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
  throw contended(target.serial)
}

/** The server has answered, so the journal entry has done its work, whether or not the answer ends anything. */
async function settleRefusal<State>(
  target: Refreshable<State>,
  from: State,
  error: unknown,
  outcomeUnknown: boolean,
): Promise<RefreshOutcome<State>> {
  for (let attempt = 0; attempt < maxWriteAttempts; attempt++) {
    const current = await target.read()
    if (!current) return { kind: 'gone' }
    // A refusal is only believed when nobody else has renewed: the loser of a race is refused, too.
    if (!target.isSameGeneration(current.state, from)) return { kind: 'current', state: current.state }
    const ended = target.afterFailure(error, current.state, outcomeUnknown)
    const next = target.withAttempt(ended ?? current.state, undefined)
    if (!(await target.write(next, current.version))) continue
    if (ended === undefined) throw error
    return { kind: 'ended', state: next, error }
  }
  throw error
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

function contended(serial: string): StoreError {
  const [record = ''] = serial.split(':', 1)
  return new StoreError('version_conflict', `a ${record} was changed by others each time that it was to be written`, {
    record,
  })
}
