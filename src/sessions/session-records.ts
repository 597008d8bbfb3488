import { StoreError } from '../errors/session.ts'
import { reachStore } from '../lib/reach-store.ts'
import { announcesChanges } from '../lib/record-changes.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createSingleFlight } from '../lib/single-flight.ts'
import type { Versioned } from '../refresh/refreshable.ts'
import { sharedCopies } from './session-copies.ts'
import { createSessionSearch, indexesOf, type SessionSearch } from './session-search.ts'
import { type ActiveSessionState, parseSessionState, type SessionState } from './session-state.ts'

/** Sessions as records: the only place that knows their keys. */
export interface SessionRecords extends SessionSearch {
  /** From the store. */
  read(id: string): Promise<Versioned<SessionState> | undefined>
  /** From memory, where it was read less than `revalidateAfter` ago. */
  cached(id: string): ActiveSessionState | undefined
  /** From memory where it was read less than `revalidateAfter` ago, else from the store. */
  current(id: string): Promise<SessionState | undefined>
  create(state: SessionState): Promise<void>
  /** Puts `state` in the place of `version`; false when another stands there. */
  replace(state: SessionState, version: string): Promise<boolean>
  /** Takes it out, once; `undefined` when somebody else did. */
  take(id: string): Promise<SessionState | undefined>
}

export interface SessionRecordsOptions {
  readonly store: RecordStore
  readonly runtime: Runtime
  /** Milliseconds after the last write until a session's record goes. */
  readonly lifetime: number
  /** Milliseconds until another process's change is noticed. */
  readonly revalidateAfter: number
  /** Whether a subject is the same at every issuer. */
  readonly uniqueSubjects: boolean
  /** Told of each record that a search leaves out, so that one damaged session does not hide the user's others. */
  readonly onInvalidRecord?: () => void
  /** Told of a session whose copy another tab or process has made old, where the store announces that. */
  readonly onChangedElsewhere?: (before: SessionState) => void
}

const maxTakeAttempts = 10

export const sessionKey = (id: string): string => recordKey('session', id)

export function createSessionRecords(options: SessionRecordsOptions): SessionRecords {
  const { store, runtime, lifetime, revalidateAfter } = options
  const copies = sharedCopies(store)
  const keyOf = sessionKey
  // Fifty calls whose copy has just become old ask the store once.
  const reads = createSingleFlight<Versioned<SessionState> | undefined>()

  if (announcesChanges(store)) {
    store.subscribe((key) => {
      const copy = copies.forget(key)
      if (copy) options.onChangedElsewhere?.(copy.state)
    })
  }

  function cached(id: string): ActiveSessionState | undefined {
    const copy = copies.get(keyOf(id))
    // An ended session is asked for rarely, and the winner of a race may have brought it back.
    if (copy?.state.status !== 'active') return undefined
    const age = runtime.now() - copy.readAt
    // A negative age is that of a clock that was set back.
    return age >= 0 && age < revalidateAfter ? copy.state : undefined
  }

  async function put(state: SessionState, expect: string | null): Promise<boolean> {
    const asOf = copies.age
    const key = keyOf(state.id)
    const result = await reachStore('write', 'session', () =>
      store.commit([
        {
          kind: 'put',
          key,
          value: state,
          expect,
          expiresAt: runtime.now() + lifetime,
          indexes: indexesOf(state, options.uniqueSubjects),
        },
      ]),
    )
    if (result.ok) copies.set(key, { state, version: undefined, readAt: runtime.now() }, asOf)
    return result.ok
  }

  async function read(id: string): Promise<Versioned<SessionState> | undefined> {
    const asOf = copies.age
    const record = await reachStore('read', 'session', () => store.get(keyOf(id)))
    if (!record) {
      copies.delete(keyOf(id))
      return undefined
    }
    const { version } = record
    const known = copies.get(keyOf(id))
    // What is the same stays the same object, to which the key that was imported for it and the token made of it belong.
    const state = known?.version === version ? known.state : parseSessionState(record.value)
    copies.set(keyOf(id), { state, version, readAt: runtime.now() }, asOf)
    return { state, version }
  }

  async function take(id: string): Promise<SessionState | undefined> {
    for (let attempt = 0; attempt < maxTakeAttempts; attempt++) {
      const found = await read(id)
      if (!found) return undefined
      const result = await reachStore('write', 'session', () =>
        store.commit([{ kind: 'delete', key: keyOf(id), expect: found.version }]),
      )
      if (!result.ok) continue
      copies.forget(keyOf(id))
      return found.state
    }
    throw new StoreError('version_conflict', `a session changed ${maxTakeAttempts} times while it was deleted`, {
      record: 'session',
    })
  }

  return {
    read,
    cached,
    // Nobody joins a read that began before a change.
    current: async (id) => cached(id) ?? (await reads.run(`${copies.age} ${id}`, () => read(id)))?.state,
    async create(state) {
      if (!(await put(state, null))) {
        throw new StoreError('version_conflict', 'a session of this id exists already; is the random source broken?', {
          record: 'session',
        })
      }
    },
    replace: put,
    take,
    ...createSessionSearch(store, options.onInvalidRecord),
  }
}
