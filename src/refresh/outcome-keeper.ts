import { delay } from '../lib/delay.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSingleFlight } from '../lib/single-flight.ts'
import { contended, maxWriteAttempts } from './contended.ts'
import type { Refreshable, RefreshOutcome } from './refreshable.ts'

/** The outcome of a refresh, and the state that it followed. */
export interface KeptOutcome<State> {
  readonly from: State
  readonly next: State
}

/**
 * Writes outcomes of refreshes, and holds what the store cannot take. Because the old refresh token is used up, such
 * tokens exist nowhere else: they are used from memory, and written as soon as the store takes them.
 */
export interface OutcomeKeeper {
  keep<State>(target: Refreshable<State>, outcome: KeptOutcome<State>): Promise<RefreshOutcome<State>>
  /** What the store could not take yet. */
  held<State>(serial: string): KeptOutcome<State> | undefined
  /** Gives what is held, and holds it no more. */
  drop<State>(serial: string): KeptOutcome<State> | undefined
  /** Tries to write what is held, once for all who ask at the same time. */
  flush<State>(target: Refreshable<State>): Promise<void>
}

/** Milliseconds between tries to write what is held, some ten seconds in all; after that each flush is one. */
const rewrites = [50, 100, 200, 400, 800, 1000, 1500, 2000, 2000, 2000] as const

export function createOutcomeKeeper(runtime: Runtime): OutcomeKeeper {
  const unsaved = new Map<string, KeptOutcome<unknown>>()
  const flushes = createSingleFlight<RefreshOutcome<unknown>>()
  const held = <State>(serial: string) => unsaved.get(serial) as KeptOutcome<State> | undefined

  async function tryToSave<State>(target: Refreshable<State>, outcome: KeptOutcome<State>) {
    const saved = await save(target, outcome)
    // A newer outcome may have taken its place meanwhile.
    if (unsaved.get(target.serial) === outcome) unsaved.delete(target.serial)
    return saved
  }

  async function keep<State>(target: Refreshable<State>, outcome: KeptOutcome<State>): Promise<RefreshOutcome<State>> {
    try {
      return await tryToSave(target, outcome)
    } catch {
      const isKnown = unsaved.get(target.serial) === outcome
      unsaved.set(target.serial, outcome)
      if (!isKnown) void saveLater(target, outcome)
      return { kind: 'refreshed', state: outcome.next, stored: false }
    }
  }

  /** Without waiting for the next call: another process may soon find the old token in the store, and use it. */
  async function saveLater<State>(target: Refreshable<State>, outcome: KeptOutcome<State>): Promise<void> {
    for (const wait of rewrites) {
      await delay(runtime, wait)
      if (unsaved.get(target.serial) !== outcome) return
      try {
        target.settled(await tryToSave(target, outcome))
        return
      } catch {
        // Safe to go on: the outcome is still held, and this was one try of many.
      }
    }
  }

  return {
    keep,
    held,
    drop<State>(serial: string) {
      const outcome = held<State>(serial)
      unsaved.delete(serial)
      return outcome
    },
    async flush<State>(target: Refreshable<State>) {
      const outcome = held<State>(target.serial)
      if (!outcome) return
      // Compare-and-set is all that a write needs: it waits for no lock, whose owner may be waiting for this.
      await flushes.run(target.serial, async () => {
        const saved = await keep(target, outcome)
        target.settled(saved)
        return saved
      })
    },
  }
}

async function save<State>(
  target: Refreshable<State>,
  { from, next }: KeptOutcome<State>,
): Promise<RefreshOutcome<State>> {
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
