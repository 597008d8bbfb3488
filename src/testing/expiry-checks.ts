import { assertEqual, assertRejects, assertTrue } from './check.ts'
import type { StoreChecks } from './record-store-contract.ts'

/** What time does to records. */
export const expiryChecks: StoreChecks = {
  'takes an expired record for absent: not got, not found, replaceable by a new one': async (trial) => {
    const { store, put, now, advance } = trial
    await put('k', 1, { expiresAt: now() + 60_000, indexes: { i: 'v' } })
    await advance(60_000)
    assertEqual([await store.get('k'), await store.find('i', 'v')].flat().length, 1, 'only the undefined of get')
    assertTrue((await put('k', 2)).ok, 'a new record in the place of an expired one')
    assertEqual((await store.get('k'))?.value, 2, 'value')
    assertEqual(await store.find('i', 'v'), [], 'by the index of the expired one')
  },
  'holds a record to its last millisecond': async ({ store, put, now, advance }) => {
    await put('k', 1, { expiresAt: now() + 60_000 })
    await advance(59_999)
    assertTrue((await store.get('k')) !== undefined, 'gone before its time')
    await advance(1)
    assertEqual(await store.get('k'), undefined, 'at its time')
  },
  'neither updates nor deletes a record that has expired': async ({ store, put, versionOf, now, advance }) => {
    await put('k', 1, { expiresAt: now() + 60_000 })
    const version = await versionOf('k')
    await advance(60_000)
    assertEqual(await put('k', 2, { expect: version }), { ok: false, conflict: 'k' }, 'put')
    const deletion = await store.commit([{ kind: 'delete', key: 'k', expect: version }])
    assertEqual(deletion, { ok: false, conflict: 'k' }, 'delete')
  },
  'lives as long as the last put says, longer or for good': async ({ store, put, versionOf, now, advance }) => {
    await put('longer', 1, { expiresAt: now() + 60_000, indexes: { i: 'longer' } })
    await put('forever', 1, { expiresAt: now() + 60_000, indexes: { i: 'forever' } })
    const expiresAt = now() + 3_600_000
    await put('longer', 2, { expect: await versionOf('longer'), expiresAt, indexes: { i: 'longer' } })
    await put('forever', 2, { expect: await versionOf('forever'), indexes: { i: 'forever' } })
    await advance(61_000)
    while ((await store.sweep()) > 0);
    assertEqual((await store.get('longer'))?.expiresAt, expiresAt, 'longer')
    assertEqual((await store.find('i', 'longer')).length, 1, 'longer, found')
    await advance(3_600_000)
    while ((await store.sweep()) > 0);
    assertEqual([await store.get('longer'), (await store.get('forever'))?.value], [undefined, 2], 'an hour later')
    assertEqual((await store.find('i', 'forever')).length, 1, 'forever, found')
  },
  'holds a record whose time of expiry is beyond all calendars, and refuses one that is no time': async (trial) => {
    const { store, put } = trial
    const expiresAt = 1e300
    assertTrue((await put('k', 1, { expiresAt, indexes: { i: 'v' } })).ok, 'the put')
    assertEqual((await store.get('k'))?.expiresAt, expiresAt, 'got')
    assertEqual((await store.find('i', 'v')).length, 1, 'found')
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await assertRejects(() => put('other', 1, { expiresAt: none }), 'TypeError', String(none))
    }
    assertEqual(await store.get('other'), undefined, 'what was refused')
  },
  'takes a record that was put already expired for absent': async ({ store, put, now }) => {
    assertTrue((await put('k', 1, { expiresAt: now() - 1_000, indexes: { i: 'v' } })).ok, 'the put')
    assertEqual([await store.get('k'), (await store.find('i', 'v')).length], [undefined, 0], 'get and find')
    assertTrue((await put('k', 2)).ok, 'a new record in its place')
  },
  'sweeps what has expired and nothing else': async ({ store, put, now, advance }) => {
    for (let i = 0; i < 30; i++) await put(`old${i}`, i, { expiresAt: now() + 60_000 + i, indexes: { i: 'v' } })
    await put('later', 1, { expiresAt: now() + 86_400_000, indexes: { i: 'v' } })
    await put('forever', 1, { indexes: { i: 'v' } })
    await advance(240_000)
    for (let i = 0; (await store.sweep()) > 0; i++) assertTrue(i < 100, 'sweep never comes to an end')
    assertEqual((await store.find('i', 'v')).map(({ key }) => key).sort(), ['forever', 'later'], 'what is left')
  },
}
