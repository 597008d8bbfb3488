import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LoginResult } from '../../src/client/index.ts'
import type { RecordChanges } from '../../src/lib/record-changes.ts'
import { createSessions, type SessionEvent } from '../../src/sessions/index.ts'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { createSealedStore, generateSealingKey } from '../../src/stores/sealed/index.ts'
import { aSession, closeRigs, type Rig } from './rig.ts'

afterEach(closeRigs)

interface Tab {
  readonly store: RecordStore & RecordChanges
  readonly tell: (key: string) => void
}

/** A store that announces what others changed, as that of a browser does. */
function announcing(store: RecordStore): Tab {
  const listeners = new Set<(key: string) => void>()
  return {
    tell: (key) => {
      for (const listener of listeners) listener(key)
    },
    store: {
      get: (key) => store.get(key),
      find: (index, value) => store.find(index, value),
      commit: (changes) => store.commit(changes),
      sweep: () => store.sweep(),
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
}

async function aTab(rig: Rig) {
  const tab = announcing(rig.store)
  const events: SessionEvent[] = []
  const sessions = rig.anotherProcess({ store: tab.store, onEvent: (event) => events.push(event) })
  const session = await sessions.get(rig.session.id)
  await session.getAccessToken()
  return { ...tab, session, events, key: `session:{${session.id}}` }
}

describe('a logout', () => {
  it('is noticed at once by all who use one store in a process', async () => {
    const { client, store, session, sessions } = await aSession()
    const others = createSessions({ client, store })
    const same = await others.get(session.id)
    await same.getAccessToken()
    await (await sessions.get(session.id)).logout()
    await expect(same.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('of another tab is noticed at once where the store announces it, and told', async () => {
    const rig = await aSession()
    const tab = await aTab(rig)
    await rig.session.logout()
    tab.tell(tab.key)
    await expect(tab.session.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
    await vi.waitFor(() => expect(tab.events).toMatchObject([{ kind: 'session_ended', session: tab.session.ref }]))
  })

  it('is announced through a seal, too', async () => {
    const rig = await aSession()
    const below = announcing(createMemoryStore())
    const sealed = createSealedStore(below.store, { keys: [generateSealingKey()] })
    const first = createSessions({ client: rig.client, store: sealed })
    const { tokens } = (await rig.store.get(`session:{${rig.session.id}}`))!.value as Pick<LoginResult, 'tokens'>
    const { issuer, clientId } = rig.client
    const session = await first.create({ issuer, clientId, tokens, checks: [], notices: [] })
    await session.getAccessToken()
    const { key, version } = (await below.store.get(`session:{${session.id}}`))!
    await below.store.commit([{ kind: 'delete', key, expect: version }])
    below.tell(key)
    await expect(session.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })

  it('is not undone by a read that the store answers late', async () => {
    let hold: Promise<void> | undefined
    const wrapStore = (store: RecordStore): RecordStore => ({
      async get(key) {
        const waiting = hold
        hold = undefined
        const record = await store.get(key)
        await waiting
        return record
      },
      find: (index, value) => store.find(index, value),
      commit: (changes) => store.commit(changes),
      sweep: () => store.sweep(),
    })
    const { session, sessions, clock } = await aSession({ wrapStore })
    clock.advance(5_000)
    let release = (): void => {}
    hold = new Promise((resolve) => {
      release = resolve
    })
    const late = session.getAccessToken()
    await session.logout()
    // Asked after the logout, while the answer from before it is still on its way.
    await expect(sessions.get(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
    release()
    await late
    await expect(session.getAccessToken()).rejects.toMatchObject({ code: 'session_not_found' })
  })
})

describe('a notice of a change elsewhere', () => {
  it('makes the next call take the renewed token, and tells no end', async () => {
    const rig = await aSession()
    const tab = await aTab(rig)
    const renewed = await rig.session.refresh()
    tab.tell(tab.key)
    expect((await tab.session.getAccessToken()).value).toBe(renewed.value)
    expect(tab.events).toEqual([])
  })

  it('tells that another tab saw the session expire', async () => {
    const invalid = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    const rig = await aSession({ faults: { answers: { userinfo: invalid } } })
    const tab = await aTab(rig)
    await rig.session.fetch(rig.api)
    tab.tell(tab.key)
    const told = { kind: 'session_expired', reason: 'access_token_rejected' }
    await vi.waitFor(() => expect(tab.events).toMatchObject([told]))
  })

  it('of a session that is not known here does nothing', async () => {
    const rig = await aSession()
    const tab = await aTab(rig)
    tab.tell('session:{another}')
    tab.tell('transaction:{x}')
    expect(await tab.session.status()).toBe('active')
    expect(tab.events).toEqual([])
  })
})
