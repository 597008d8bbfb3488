import { describe, expect, it } from 'vitest'
import { read } from './registered-rig.ts'
import { aLogin, alice, aRig, place } from './rig.ts'

describe('what has expired', () => {
  it('is swept every 15 seconds at most, by a call and not by a timer', async () => {
    let sweeps = 0
    const rig = aRig({
      wrapStore: (store) => ({
        get: (key) => store.get(key),
        find: (index, value) => store.find(index, value),
        commit: (changes) => store.commit(changes),
        async sweep() {
          sweeps++
          return await store.sweep()
        },
      }),
    })
    await aLogin(rig)
    for (let second = 0; second < 60; second++) {
      await rig.manager.accessTokens.get(read)
      rig.clock.advance(1_000)
    }
    expect(sweeps).toBe(3)
  })

  it('is gone from the store after the sweep, and nothing else is', async () => {
    const rig = aRig()
    const exp = rig.clock.now() / 1000 + 60
    for (let i = 0; i < 50; i++) {
      await rig.manager.accessTokens.register(`short ${i}`, { ...place, metadata: { sub: 'alice', scope: 'x', exp } })
    }
    await rig.manager.accessTokens.register('long', { ...place, metadata: { sub: 'alice', scope: 'read' } })
    rig.clock.advance(180_000)
    expect((await rig.manager.accessTokens.get(read)).value).toBe('long')
    await rig.manager.settled()
    // The sweep that the call set off has left nothing for this one.
    expect(await rig.store.sweep()).toBe(0)
    expect(await rig.manager.accessTokens.deleteAll({ issuer: place.issuer, subject: alice })).toBe(1)
  })

  it('tells of a sweep that failed, and goes on', async () => {
    const rig = aRig({
      wrapStore: (store) => ({
        get: (key) => store.get(key),
        find: (index, value) => store.find(index, value),
        commit: (changes) => store.commit(changes),
        sweep: () => Promise.reject(Object.assign(new Error('no'), { code: 'store_unavailable' })),
      }),
    })
    await aLogin(rig)
    rig.clock.advance(15_000)
    expect(await rig.manager.accessTokens.get(read)).toMatchObject({ scope: 'read' })
    await rig.manager.settled()
    expect(rig.events).toContainEqual({ kind: 'sweep_failed', error: 'store_unavailable' })
  })
})
