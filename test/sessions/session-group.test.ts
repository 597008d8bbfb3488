import { afterEach, describe, expect, it } from 'vitest'
import { type RecordStore, recordKey } from '../../src/lib/record-store.ts'
import { createSessionGroups } from '../../src/sessions/index.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aSession, closeRigs } from './rig.ts'

afterEach(closeRigs)

/** Writes that a test delays or lets fail, between the groups and their store. */
function controlledWrites(store: RecordStore) {
  let failing = 0
  let hold: ((goOn: () => void) => void) | undefined
  const over: RecordStore = {
    ...operationsOf(store),
    async commit(changes) {
      failing--
      if (failing === 0) throw new Error('disk full')
      const told = hold
      hold = undefined
      if (told) await new Promise<void>(told)
      return await store.commit(changes)
    },
  }
  return {
    over,
    /** The nth write from now on fails. */
    fail(nth: number) {
      failing = nth
    },
    /** Resolves when the next write has come, to what lets it go on. */
    holdNext: () =>
      new Promise<() => void>((resolve) => {
        hold = resolve
      }),
  }
}

/** A browser with two logins at one issuer and one at another. */
async function aBrowser() {
  const [first, other] = await Promise.all([aSession(), aSession()])
  const again = await first.sessions.handleCallback(first.provider.login(await first.client.createAuthorizationUrl()))
  const writes = controlledWrites(first.store)
  const groups = createSessionGroups({
    sessions: [first.sessions, other.sessions],
    store: writes.over,
    runtime: first.clock,
  })
  const group = groups.create()
  for (const session of [first.session, again, other.session]) await group.addSession(session)
  return { first, other, groups, group, writes, ids: [first.session.id, again.id, other.session.id] as const }
}

describe('a session group', () => {
  it('leaves out a session whose record is damaged, and logs out the others', async () => {
    const { first, group, ids } = await aBrowser()
    const { key, version } = (await first.store.get(`session:{${ids[0]}}`))!
    await first.store.commit([{ kind: 'put', key, value: { format: 99 }, expect: version }])
    first.clock.advance(6_000)
    expect((await group.listSessions()).map(({ id }) => id)).toEqual([ids[1], ids[2]])
    await group.logoutAll()
    await expect(first.sessions.get(ids[1])).rejects.toMatchObject({ code: 'session_not_found' })
    expect(await group.listSessions()).toEqual([])
  })

  it('takes any number of sessions that are added at once', async () => {
    const { first, groups, group } = await aBrowser()
    const { client, provider, sessions } = first
    const added = await Promise.all(
      Array.from({ length: 25 }, async () =>
        sessions.handleCallback(provider.login(await client.createAuthorizationUrl())),
      ),
    )
    const other = groups.create()
    await Promise.all(added.map((session) => other.addSession(session)))
    expect((await other.listSessions()).map(({ id }) => id).toSorted()).toEqual(added.map(({ id }) => id).toSorted())
    expect(await group.listSessions()).toHaveLength(3)
  })

  it('lists the sessions of all issuers, the newest being active', async () => {
    const { group, ids } = await aBrowser()
    expect((await group.listSessions()).map(({ id }) => id)).toEqual(ids)
    expect((await group.activeSession())?.id).toBe(ids[2])
  })

  it('switches to another of its sessions, and to no other', async () => {
    const { group, ids } = await aBrowser()
    expect((await group.switchSession(ids[0])).id).toBe(ids[0])
    expect((await group.activeSession())?.id).toBe(ids[0])
    const stranger = await aSession()
    await expect(group.switchSession(stranger.session.id)).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('makes the next session active when the active one is revoked', async () => {
    const { group, ids, first } = await aBrowser()
    await group.switchSession(ids[0])
    await group.revokeSession(ids[0])
    expect((await group.activeSession())?.id).toBe(ids[1])
    await expect(first.sessions.get(ids[0])).rejects.toMatchObject({ code: 'session_not_found' })
    expect(first.provider.count('revocation')).toBe(2)
  })

  it('says that there is no such session to revoke', async () => {
    const { group } = await aBrowser()
    await expect(group.revokeSession('unknown')).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('leaves out what was logged out elsewhere', async () => {
    const { group, ids, other } = await aBrowser()
    await other.session.logout()
    expect((await group.listSessions()).map(({ id }) => id)).toEqual([ids[0], ids[1]])
    expect((await group.activeSession())?.id).toBe(ids[1])
  })

  it('logs all of them out', async () => {
    const { group, groups, ids, first, other } = await aBrowser()
    await group.logoutAll()
    expect(await groups.open(group.id).listSessions()).toEqual([])
    await expect(first.sessions.get(ids[1])).rejects.toMatchObject({ code: 'session_not_found' })
    await expect(other.sessions.get(ids[2])).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('keeps who is added while all the others are logged out', async () => {
    const { first, group, ids } = await aBrowser()
    const { client, provider, sessions } = first
    const late = await sessions.handleCallback(provider.login(await client.createAuthorizationUrl()))
    const leaving = group.logoutAll()
    await group.addSession(late)
    await leaving
    expect((await group.listSessions()).map(({ id }) => id)).toEqual([late.id])
    await expect(sessions.get(ids[0])).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it.each(['revokeSession', 'logoutAll'] as const)(
    'still has the session that %s could not end, so that it can be asked for again',
    async (logout) => {
      const rig = await aSession({
        wrapStore(store) {
          let failures = 1
          return {
            ...operationsOf(store),
            commit: (changes) =>
              changes.some(({ kind, key }) => kind === 'delete' && key.startsWith('session:')) && failures-- > 0
                ? Promise.reject(new Error('down'))
                : store.commit(changes),
          }
        },
      })
      const group = createSessionGroups({ sessions: rig.sessions, store: rig.store, runtime: rig.clock }).create()
      await group.addSession(rig.session)
      await expect(group[logout](rig.session.id)).rejects.toMatchObject({ code: 'store_unavailable' })
      expect(await group.listSessions()).toHaveLength(1)
      await group[logout](rig.session.id)
      expect(await group.listSessions()).toEqual([])
      expect(rig.provider.count('revocation')).toBe(2)
    },
  )

  it('opens nothing under its old id once that was rotated', async () => {
    const { group, groups, ids } = await aBrowser()
    const rotated = await groups.rotate(group.id)
    expect(rotated.id).not.toBe(group.id)
    expect((await rotated.listSessions()).map(({ id }) => id)).toEqual(ids)
    expect(await group.listSessions()).toEqual([])
  })

  it('opens nothing under its old id, either, for a switch that was on its way during the rotation', async () => {
    const { group, groups, ids, writes } = await aBrowser()
    const arrived = writes.holdNext()
    const switching = group.switchSession(ids[0])
    const goOn = await arrived
    const rotated = await groups.rotate(group.id)
    goOn()
    await expect(switching).rejects.toMatchObject({ code: 'session_not_found' })
    expect(await group.activeSession()).toBeUndefined()
    expect((await rotated.activeSession())?.id).toBe(ids[2])
  })

  it('keeps its sessions for both of two logins that rotate it at the same time', async () => {
    const { group, groups, ids } = await aBrowser()
    const rotated = await Promise.all([groups.rotate(group.id), groups.rotate(group.id)])
    const lists = await Promise.all(rotated.map((each) => each.listSessions()))
    expect(lists.map((sessions) => sessions.map(({ id }) => id))).toEqual([ids, ids])
    expect(await group.listSessions()).toEqual([])
  })

  it.each([1, 2])('keeps its sessions when the store fails at write %i of a rotation', async (failing) => {
    const { group, groups, ids, writes } = await aBrowser()
    writes.fail(failing)
    await expect(groups.rotate(group.id)).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await group.listSessions()).map(({ id }) => id)).toEqual(ids)
  })

  it('leaves no record behind once nobody is left in it', async () => {
    const { first, group, groups, ids } = await aBrowser()
    const rotated = await groups.rotate(group.id)
    for (const id of ids) await rotated.revokeSession(id)
    await groups.rotate(rotated.id)
    const keys = [group.id, rotated.id].map((id) => recordKey('session_group', id))
    expect(await Promise.all(keys.map((key) => first.store.get(key)))).toEqual([undefined, undefined])
  })

  it('takes logins that come at the same time', async () => {
    const { first, groups } = await aBrowser()
    const group = groups.create()
    const logins = await Promise.all(
      [1, 2, 3].map(async () =>
        first.sessions.handleCallback(first.provider.login(await first.client.createAuthorizationUrl())),
      ),
    )
    await Promise.all(logins.map((session) => group.addSession(session)))
    expect((await group.listSessions()).length).toBe(3)
  })
})

describe('sessions that the issuer ends', () => {
  it('ends all sessions of a subject, and tells how many', async () => {
    const { first, ids } = await aBrowser()
    expect(await first.sessions.endByIssuer({ subject: first.session.subject! })).toBe(2)
    await expect(first.sessions.get(ids[1])).rejects.toMatchObject({ code: 'session_not_found' })
    expect(await first.sessions.endByIssuer({ subject: first.session.subject! })).toBe(0)
  })

  it('ends none by a subject or sid that it does not know, and asks for one of them', async () => {
    const { first } = await aBrowser()
    expect(await first.sessions.endByIssuer({ sid: 'unknown' })).toBe(0)
    await expect(first.sessions.endByIssuer({})).rejects.toThrow(TypeError)
  })
})

it('opens a session only by the client that it is of, over one store', async () => {
  const rig = await aSession()
  const other = await aSession({ wrapStore: () => rig.store })
  await expect(other.sessions.get(rig.session.id)).rejects.toMatchObject({ code: 'session_not_found' })
})

it.each([Number.POSITIVE_INFINITY, Number.NaN, 0, '90d'])('takes no lifetime of %s', (lifetime) => {
  const options = { sessions: [], store: {}, lifetime } as never
  expect(() => createSessionGroups(options)).toThrow(/"lifetime" must be/)
})
