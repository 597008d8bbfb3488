import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RecordStore } from '../../src/stores/memory/index.ts'
import { operationsOf } from '../support/store-operations.ts'
import { aSession, closeRigs, type Rig } from './rig.ts'

afterEach(closeRigs)

const invalidToken = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }

/** A rig that counts what the store is asked for. */
async function countedSession(): Promise<Rig & { readonly asked: { reads: number; writes: number } }> {
  const asked = { reads: 0, writes: 0 }
  const wrapStore = (store: RecordStore): RecordStore => ({
    ...operationsOf(store),
    get(key) {
      asked.reads++
      return store.get(key)
    },
    commit(changes) {
      asked.writes++
      return store.commit(changes)
    },
  })
  return { ...(await aSession({ wrapStore })), asked }
}

describe('session.fetch with a fresh token', () => {
  it('asks the store for nothing while its copy is young, and once when it has become old', async () => {
    const rig = await countedSession()
    const other = rig.anotherProcess({ fetch: async () => new Response('ok'), baseUrl: 'https://api.example' })
    const session = await other.get(rig.session.id)
    await session.fetch('/')
    Object.assign(rig.asked, { reads: 0, writes: 0 })
    for (let i = 0; i < 100; i++) await session.fetch('/')
    await Promise.all(Array.from({ length: 50 }, () => session.fetch('/')))
    expect(rig.asked).toEqual({ reads: 0, writes: 0 })
    rig.clock.advance(5_000)
    await Promise.all(Array.from({ length: 50 }, () => session.fetch('/')))
    expect(rig.asked).toEqual({ reads: 1, writes: 0 })
  })
})

describe('a thousand callers that wait for one refresh', () => {
  /** The timers that are set while so many calls are refused and sent again. */
  async function timersOf(callers: number): Promise<{ readonly timers: number; readonly refreshes: number }> {
    const rig = await aSession()
    const { accessToken: refused } = { accessToken: (await rig.session.getAccessToken()).value }
    const api = async (request: Request) =>
      request.headers.get('authorization') === `Bearer ${refused}` ? new Response('', invalidToken) : new Response('ok')
    const other = rig.anotherProcess({ fetch: api, baseUrl: 'https://api.example' })
    const session = await other.get(rig.session.id)
    const timeouts = vi.spyOn(globalThis, 'setTimeout')
    const intervals = vi.spyOn(globalThis, 'setInterval')
    try {
      const answers = await Promise.all(Array.from({ length: callers }, () => session.fetch('/')))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      const timers = timeouts.mock.calls.length + intervals.mock.calls.length
      return { timers, refreshes: rig.provider.count('refresh') }
    } finally {
      timeouts.mockRestore()
      intervals.mockRestore()
    }
  }

  it('cost one request, and no more timers than one caller does', async () => {
    const one = await timersOf(1)
    expect(one.timers).toBeGreaterThan(0)
    expect(await timersOf(1000)).toEqual({ timers: one.timers, refreshes: 1 })
  })
})
