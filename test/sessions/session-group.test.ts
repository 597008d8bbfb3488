import { afterEach, describe, expect, it } from 'vitest'
import { createSessionGroups } from '../../src/sessions/index.ts'
import { aSession, closeRigs } from './rig.ts'

afterEach(closeRigs)

/** A browser with two logins at one issuer and one at another. */
async function aBrowser() {
  const [first, other] = await Promise.all([aSession(), aSession()])
  const again = await first.sessions.handleCallback(first.provider.login(await first.client.createAuthorizationUrl()))
  const groups = createSessionGroups({
    sessions: [first.sessions, other.sessions],
    store: first.store,
    runtime: first.clock,
  })
  const group = groups.create()
  for (const session of [first.session, again, other.session]) await group.addSession(session)
  return { first, other, groups, group, ids: [first.session.id, again.id, other.session.id] as const }
}

describe('a session group', () => {
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

  it('opens nothing under its old id once that was rotated', async () => {
    const { group, groups, ids } = await aBrowser()
    const rotated = await groups.rotate(group.id)
    expect(rotated.id).not.toBe(group.id)
    expect((await rotated.listSessions()).map(({ id }) => id)).toEqual(ids)
    expect(await group.listSessions()).toEqual([])
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
