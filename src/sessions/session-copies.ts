import type { RecordStore } from '../lib/record-store.ts'
import type { SessionState } from './session-state.ts'

/** A session as the store had it. */
export interface SessionCopy {
  readonly state: SessionState
  /** `undefined` for what was put here: whoever began the session may still hold parts of it, and change them. */
  readonly version: string | undefined
  /** Milliseconds since the epoch. */
  readonly readAt: number
}

/**
 * Sessions that were read lately, so that not each call asks the store. All who use one store in this process share
 * them: what one of them logs out is gone for the others at once.
 */
export interface SessionCopies {
  get(key: string): SessionCopy | undefined
  /** @param asOf the `age` at which the store was asked; after a change since then the copy is not kept */
  set(key: string, copy: SessionCopy, asOf: number): void
  /** The store has none. */
  delete(key: string): void
  /** The session was changed just now, so no answer on its way is to be kept. Gives the copy that there was. */
  forget(key: string): SessionCopy | undefined
  /** Counts what was forgotten: an answer that was asked for earlier may tell of what is no more. */
  readonly age: number
}

const maxCopies = 10_000

const copiesOf = new WeakMap<RecordStore, SessionCopies>()

export function sharedCopies(store: RecordStore): SessionCopies {
  const copies = copiesOf.get(store) ?? createSessionCopies()
  copiesOf.set(store, copies)
  return copies
}

function createSessionCopies(): SessionCopies {
  const copies = new Map<string, SessionCopy>()
  let age = 0
  return {
    get: (key) => copies.get(key),
    set(key, copy, asOf) {
      if (asOf !== age) return
      copies.delete(key)
      copies.set(key, copy)
      // The oldest goes; it is only read again.
      if (copies.size > maxCopies) copies.delete(copies.keys().next().value!)
    },
    delete: (key) => void copies.delete(key),
    forget(key) {
      age++
      const copy = copies.get(key)
      copies.delete(key)
      return copy
    },
    get age() {
      return age
    },
  }
}
