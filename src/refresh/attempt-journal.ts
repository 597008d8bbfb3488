import { encodeBase64url } from '../lib/base64url.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { AttemptView } from './attempt-rules.ts'
import { createKnownAttempts } from './known-attempts.ts'
import type { RefreshAttempt, Refreshable, Versioned } from './refreshable.ts'

/** With which refresh token, and whether under the lock. */
export interface AttemptFacts {
  readonly tokenHash: string
  readonly hasLock: boolean
}

/**
 * The attempts that stand in the records, for whoever comes after a process that died, and what this process knows of
 * its own beyond that.
 */
export interface AttemptJournal {
  /** The attempt that was begun with this refresh token, and whose outcome is not known. */
  find<State>(target: Refreshable<State>, state: State, facts: AttemptFacts): AttemptView | undefined
  /** The entry goes in before the request leaves. Nothing: somebody else wrote, so look again. */
  begin<State>(
    target: Refreshable<State>,
    found: Versioned<State>,
    facts: AttemptFacts & { readonly isRepeated: boolean },
  ): Promise<State | undefined>
  /** So that no other process waits for an answer that will never come. */
  tellLost<State>(target: Refreshable<State>, attempt: RefreshAttempt): Promise<void>
}

const idBytes = 9

export function createAttemptJournal(runtime: Runtime): AttemptJournal {
  const known = createKnownAttempts()
  return {
    find(target, state, { tokenHash, hasLock }) {
      const attempt = target.attempt(state)
      if (attempt?.tokenHash !== tokenHash || known.isUnsent(attempt.id)) return undefined
      const isLost = attempt.isLost === true || known.isLost(attempt.id)
      const isOutOfLock = hasLock && attempt.isUnlocked !== true
      return { attempt, now: runtime.now(), grace: target.grace, isLost, isOutOfLock }
    },
    async begin(target, found, { tokenHash, hasLock, isRepeated }) {
      const id = encodeBase64url(runtime.randomBytes(idBytes))
      const attempt = { id, tokenHash, startedAt: runtime.now(), ...(!hasLock && { isUnlocked: true as const }) }
      const state = target.withAttempt(found.state, attempt)
      try {
        return (await target.write(state, found.version)) ? state : undefined
      } catch (error) {
        // The store may have written it and broken then: it must not be taken for a request that has left.
        known.remember(id, isRepeated ? 'lost' : 'unsent')
        throw error
      }
    },
    async tellLost(target, attempt) {
      known.remember(attempt.id, 'lost')
      try {
        const found = await target.read()
        if (!found || target.attempt(found.state)?.id !== attempt.id) return
        await target.write(target.withAttempt(found.state, { ...attempt, isLost: true }), found.version)
      } catch {
        // Safe to leave: others then wait for a while, and the lost answer is the error that counts.
      }
    },
  }
}
