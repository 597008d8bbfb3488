import { digest } from '#signatures'
import { encodeBase64url } from '../lib/base64url.ts'
import { delay } from '../lib/delay.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createAttemptJournal } from './attempt-journal.ts'
import { isUnderWay, mayRepeat, patienceWith } from './attempt-rules.ts'
import { contended, maxWriteAttempts } from './contended.ts'
import { isAnswerLost } from './lost-answer.ts'
import type { OutcomeKeeper } from './outcome-keeper.ts'
import type { Refreshable, RefreshOutcome } from './refreshable.ts'
import { settleRefusal } from './settle-refusal.ts'

/** One renewal, by whoever was chosen to make it; other processes may be at it all the same. */
export interface Renewal {
  /** What needs no lock to be seen: ordinary requests never wait for it, and go on with the token that they have. */
  lookAhead<State>(target: Refreshable<State>): Promise<RefreshOutcome<State> | undefined>
  /** @throws whatever the request threw, when that ended nothing */
  run<State>(target: Refreshable<State>, hasLock: boolean): Promise<RefreshOutcome<State>>
}

export interface RenewalParts {
  readonly runtime: Runtime
  /** Milliseconds for which another process's attempt is taken to be under way. */
  readonly deadline: number
  readonly keeper: OutcomeKeeper
}

/** Milliseconds between looks at a record that another process is renewing; the last one is repeated. */
const looks = [10, 25, 50, 100, 200, 400, 800] as const
/** Milliseconds to look at it at the most. */
const longestLook = 12_000

export function createRenewal({ runtime, deadline, keeper }: RenewalParts): Renewal {
  const journal = createAttemptJournal(runtime)

  async function run<State>(target: Refreshable<State>, hasLock: boolean): Promise<RefreshOutcome<State>> {
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

  async function lookAhead<State>(target: Refreshable<State>): Promise<RefreshOutcome<State> | undefined> {
    if (keeper.held(target.serial)) return undefined
    const found = await target.read()
    if (!found) return { kind: 'gone' }
    const { state } = found
    if (!target.needsRefresh(state)) return { kind: 'current', state }
    if (!target.canWait(state)) return undefined
    const earlier = journal.find(target, state, { tokenHash: await hashOf(target.refreshToken(state)), hasLock: false })
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
      const earlier = journal.find(target, state, { tokenHash, hasLock })
      const isDoubtful = earlier && (!mayRepeat(earlier) || (!earlier.isOutOfLock && isUnderWay(earlier, deadline)))
      if (isDoubtful && target.canWait(state)) return { kind: 'postponed', state }
      if (earlier && waited < Math.min(patienceWith(earlier, deadline), longestLook)) {
        const wait = looks[Math.min(look++, looks.length - 1)]!
        await delay(runtime, wait)
        waited += wait
        continue
      }
      const begun = await journal.begin(target, found, { tokenHash, hasLock, isRepeated: earlier !== undefined })
      if (begun) return await send(target, begun, earlier !== undefined)
      conflicts++
    }
    throw contended(target.serial)
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
      await journal.tellLost(target, attempt)
      throw error
    }
    return await keeper.keep(target, { from, next })
  }

  return { lookAhead, run }
}

async function hashOf(refreshToken: string): Promise<string> {
  return encodeBase64url(await digest('SHA-256', refreshToken))
}
