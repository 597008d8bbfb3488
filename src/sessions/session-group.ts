import { SessionError, StoreError } from '../errors/session.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { reachStore } from '../lib/reach-store.ts'
import { type RecordChange, type RecordStore, recordKey } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { createSerialQueue } from '../lib/serial-queue.ts'
import type { Session } from './session.ts'
import { notFound } from './session-faults.ts'
import type { Sessions } from './sessions.ts'

/** The sessions of one browser or one installation: several accounts, of several issuers, one of them active. */
export interface SessionGroup {
  /** 128 random bits; whoever has it has the sessions, so it belongs in a sealed cookie and in no log. */
  readonly id: string
  /** In the order of their logins. Those that have ended, and those whose record is damaged, are left out. */
  listSessions(): Promise<readonly Session[]>
  activeSession(): Promise<Session | undefined>
  /** Adds a session and makes it the active one. */
  addSession(session: Session): Promise<void>
  /** @throws SessionError `session_not_found` for one that is not of this group */
  switchSession(id: string): Promise<Session>
  /** Logs one out; the next becomes active. @throws SessionError `session_not_found` */
  revokeSession(id: string): Promise<void>
  /** Logs all of them out. @throws StoreError when one could not be; the others are, and it may be tried again */
  logoutAll(): Promise<void>
}

/** Where a session is found by its id. */
export type SessionSource = Pick<Sessions, 'get'>

/** What `createSessionGroups` takes. */
export interface SessionGroupsOptions {
  /** Those that the groups' sessions are of: one for each issuer. */
  readonly sessions: SessionSource | readonly SessionSource[]
  readonly store: RecordStore
  /** Milliseconds after the last change until a group is forgotten. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  readonly runtime?: Runtime
}

/** The logins of many browsers, each a group of sessions. */
export interface SessionGroups {
  /** A new group; it is stored when its first session is added. */
  create(): SessionGroup
  /** An unknown id is a group without sessions. */
  open(id: string): SessionGroup
  /**
   * The same sessions under another id; the old id is worth nothing afterwards. For each login, so that an id that
   * somebody planted beforehand opens nothing (session fixation).
   */
  rotate(id: string): Promise<SessionGroup>
}

interface GroupState {
  readonly format: 1
  readonly members: readonly string[]
  readonly active?: string
}

const defaultLifetime = 90 * 86_400_000
const maxAttempts = 10

/** @throws TypeError that names the option */
export function createSessionGroups(options: SessionGroupsOptions): SessionGroups {
  assertKnownOptions('createSessionGroups', options, ['sessions', 'store', 'lifetime', 'runtime'])
  const { runtime = systemRuntime, lifetime = defaultLifetime } = options
  // A time of expiry is kept as JSON, which has no infinity.
  if (!(lifetime > 0 && lifetime <= Number.MAX_SAFE_INTEGER)) {
    throw new TypeError('createSessionGroups: "lifetime" must be a number of milliseconds, more than 0 and finite')
  }
  const records = createGroupRecords({ ...options, runtime, lifetime })
  const find = sessionFinder(options.sessions)
  const newId = () => encodeBase64url(runtime.randomBytes(16))
  const open = (id: string) => createGroup(id, records, find)
  return {
    create: () => open(newId()),
    open,
    async rotate(id) {
      const rotated = newId()
      // The new one first: a store that fails in between loses nobody's sessions, and nobody knows the new id yet.
      await records.move(id, rotated)
      return open(rotated)
    },
  }
}

type Find = (id: string) => Promise<Session | undefined>

/** One whose record is damaged is no reason to keep the others from their user, or from a new login. */
function wholeOnly(find: Find): Find {
  return async (id) => {
    try {
      return await find(id)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'invalid_record') return undefined
      throw error
    }
  }
}

/** A session is found by the one whose client it is of. */
function sessionFinder(sessions: SessionSource | readonly SessionSource[]): Find {
  const all: readonly SessionSource[] = 'get' in sessions ? [sessions] : sessions
  return async (id) => {
    for (const each of all) {
      try {
        return await each.get(id)
      } catch (error) {
        if (!(error instanceof SessionError && error.code === 'session_not_found')) throw error
      }
    }
    return undefined
  }
}

function createGroup(id: string, records: GroupRecords, find: Find): SessionGroup {
  const findWhole = wholeOnly(find)
  async function findAll(members: readonly string[]): Promise<readonly Session[]> {
    const found = await Promise.all(members.map(findWhole))
    return found.filter((session) => session !== undefined)
  }
  const live = async () => await findAll((await records.read(id)).members)
  return {
    id,
    listSessions: live,
    async activeSession() {
      const { active } = await records.read(id)
      const session = active === undefined ? undefined : await find(active)
      return session ?? (await live()).at(-1)
    },
    async addSession(session) {
      await records.change(id, ({ members, ...rest }) => ({
        ...rest,
        members: [...members.filter((member) => member !== session.id), session.id],
        active: session.id,
      }))
    },
    async switchSession(wanted) {
      const session = await find(wanted)
      if (!session) throw notFound()
      await records.change(id, (state) => ({ ...assertMember(state, wanted), active: wanted }))
      return session
    },
    // The sessions first: where the store fails in between, they can still be found, and the logout asked for again.
    async revokeSession(unwanted) {
      assertMember(await records.read(id), unwanted)
      await (await findWhole(unwanted))?.logout()
      await records.change(id, (state) => without(state, unwanted))
    },
    async logoutAll() {
      const { members } = await records.read(id)
      const outcomes = await Promise.allSettled((await findAll(members)).map((session) => session.logout()))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
      // These alone: who has logged in meanwhile would be in no group any more, and could never be logged out.
      await records.change(id, (state) => members.reduce(without, state))
    },
  }
}

/** Judged on the very state that is changed: the id may have been rotated away since anybody looked. */
function assertMember(state: GroupState, id: string): GroupState {
  if (state.members.includes(id)) return state
  throw notFound()
}

/** The one before the revoked becomes active, else the last. */
function without({ members, active }: GroupState, unwanted: string): GroupState {
  const left = members.filter((member) => member !== unwanted)
  const next = active === unwanted ? (left[members.indexOf(unwanted) % Math.max(left.length, 1)] ?? undefined) : active
  return { format: 1, members: left, ...(next !== undefined && { active: next }) }
}

interface GroupRecords {
  read(id: string): Promise<GroupState>
  /** A group that nobody is left in is deleted. */
  change(id: string, next: (state: GroupState) => GroupState): Promise<void>
  /** Gives a group another id. What changes under the old one meanwhile comes along. */
  move(id: string, to: string): Promise<void>
}

const empty: GroupState = { format: 1, members: [] }

function createGroupRecords({ store, runtime, lifetime }: Required<SessionGroupsOptions>): GroupRecords {
  const keyOf = (id: string) => recordKey('session_group', id)
  const write = async (change: RecordChange | undefined) =>
    change === undefined || (await reachStore('write', 'session_group', () => store.commit([change]))).ok

  async function get(id: string) {
    const record = await reachStore('read', 'session_group', () => store.get(keyOf(id)))
    return record && { state: parseGroup(record.value), version: record.version }
  }

  /** What puts `value` in the place of what was found; nothing where there is nothing to do. */
  function changeTo(id: string, value: GroupState, version: string | undefined): RecordChange | undefined {
    const key = keyOf(id)
    if (value.members.length === 0) return version === undefined ? undefined : { kind: 'delete', key, expect: version }
    const expiresAt = runtime.now() + lifetime
    return { kind: 'put', key, value, expect: version ?? null, expiresAt }
  }

  // Who is logged in to many accounts may do many things at once; other processes are few.
  const queue = createSerialQueue()
  const change = (id: string, next: (state: GroupState) => GroupState) => queue.run(id, () => changeNow(id, next))

  async function changeNow(id: string, next: (state: GroupState) => GroupState): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const found = await get(id)
      if (await write(changeTo(id, next(found?.state ?? empty), found?.version))) return
    }
    throw contended()
  }

  return {
    read: async (id) => (await get(id))?.state ?? empty,
    change,
    async move(id, to) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const found = await get(id)
        // Gone since the last look: another login of this browser has moved it, and what was read then stays good.
        if (!found) return
        await change(to, () => found.state)
        if (await write(changeTo(id, empty, found.version))) return
      }
      throw contended()
    },
  }
}

function parseGroup(value: unknown): GroupState {
  const group = value as Partial<GroupState> | null
  if (group?.format === 1 && Array.isArray(group.members)) return group as GroupState
  const message = 'a session group is not of a format that this version knows; expected format 1'
  throw new StoreError('invalid_record', message, { record: 'session_group' })
}

function contended(): StoreError {
  const message = `a session group was changed by others ${maxAttempts} times while it was to be written`
  return new StoreError('version_conflict', message, { record: 'session_group' })
}
