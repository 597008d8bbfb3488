import type { CommitResult } from '../lib/record-store.ts'
import { assertEqual, assertRejects, assertTrue } from './check.ts'
import type { StoreChecks } from './record-store-contract.ts'

/** Keys with one hash tag, as `recordKey` makes them for records that change together. */
const together = (...ids: string[]) => ids.map((id) => `test:{partition}:${id}`)

/** Read, not compared as members: a store may name them only when somebody asks. */
const versionsOf = (result: CommitResult) => (result.ok ? result.versions : `a conflict of ${result.conflict}`)

/** Put, replace and delete by version; all or nothing. */
export const commitChecks: StoreChecks = {
  'gives back what was put: value, version, indexes and time of expiry': async ({ store, put, now }) => {
    const value = { a: [1, 'two', null, true, -0.5], b: { c: '' } }
    const expiresAt = now() + 60_000
    const result = await put('k', value, { indexes: { i: 'v' }, expiresAt })
    const record = await store.get('k')
    assertEqual(record?.value, value, 'value')
    assertEqual(versionsOf(result), { k: record?.version }, 'versions of the commit')
    assertEqual([record?.key, record?.indexes, record?.expiresAt], ['k', { i: 'v' }, expiresAt], 'key, indexes, expiry')
  },
  'knows nothing of what was never put': async ({ store }) => {
    assertEqual(await store.get('absent'), undefined, 'get')
    assertEqual(await store.find('index', 'absent'), [], 'find')
  },
  'carries out a commit without changes': async ({ store }) => {
    assertEqual(versionsOf(await store.commit([])), {}, 'versions')
  },
  'changes the version with every put, even of the same value': async ({ put, versionOf }) => {
    await put('k', 1)
    const first = await versionOf('k')
    await put('k', 1, { expect: first })
    assertTrue((await versionOf('k')) !== first, 'the version is the same after a put')
  },
  'never gives a version again to a record that was deleted and put anew': async ({ store, put, versionOf }) => {
    await put('k', 1)
    const first = await versionOf('k')
    await store.commit([{ kind: 'delete', key: 'k', expect: first }])
    await put('k', 1)
    assertTrue((await versionOf('k')) !== first, 'an old version stands for a new record')
  },
  'puts a new record only where there is none': async ({ store, put }) => {
    await put('k', 'first')
    assertEqual(await put('k', 'second'), { ok: false, conflict: 'k' }, 'second put')
    assertEqual((await store.get('k'))?.value, 'first', 'value')
  },
  'replaces only the version that was named': async ({ store, put, versionOf }) => {
    await put('k', 'first')
    const version = await versionOf('k')
    assertTrue((await put('k', 'second', { expect: version })).ok, 'the first replacement')
    assertEqual(await put('k', 'third', { expect: version }), { ok: false, conflict: 'k' }, 'the second replacement')
    assertEqual((await store.get('k'))?.value, 'second', 'value')
  },
  'does not bring back a record that was deleted meanwhile': async ({ store, put, versionOf }) => {
    await put('k', 'first')
    const version = await versionOf('k')
    assertTrue((await store.commit([{ kind: 'delete', key: 'k', expect: version }])).ok, 'the deletion')
    assertEqual(await put('k', 'late', { expect: version }), { ok: false, conflict: 'k' }, 'late put')
    assertEqual(await store.get('k'), undefined, 'record')
  },
  'deletes nothing under a version that is not there': async ({ store, put }) => {
    await put('k', 1)
    const wrong = await store.commit([{ kind: 'delete', key: 'k', expect: 'no such version' }])
    assertEqual(wrong, { ok: false, conflict: 'k' }, 'wrong version')
    assertTrue((await store.get('k')) !== undefined, 'the record is gone')
    const absent = await store.commit([{ kind: 'delete', key: 'absent', expect: 'no such version' }])
    assertEqual(absent, { ok: false, conflict: 'absent' }, 'absent record')
  },
  'carries out all changes of a commit, or none': async ({ store, put, versionOf }) => {
    const [a, b, c, d] = together('a', 'b', 'c', 'd') as [string, string, string, string]
    await put(a, 'a')
    await put(c, 'c')
    const failed = await store.commit([
      { kind: 'put', key: b, value: 'b', expect: null },
      { kind: 'delete', key: c, expect: await versionOf(c) },
      { kind: 'put', key: a, value: 'a2', expect: 'no such version' },
      { kind: 'put', key: d, value: 'd', expect: null },
    ])
    assertEqual(failed, { ok: false, conflict: a }, 'result')
    const values = async () => await Promise.all([a, b, c, d].map(async (key) => (await store.get(key))?.value ?? null))
    assertEqual(await values(), ['a', null, 'c', null], 'values after the failed commit')

    const done = await store.commit([
      { kind: 'put', key: b, value: 'b', expect: null },
      { kind: 'delete', key: c, expect: await versionOf(c) },
      { kind: 'put', key: a, value: 'a2', expect: await versionOf(a) },
    ])
    assertEqual(versionsOf(done), { [a]: await versionOf(a), [b]: await versionOf(b) }, 'versions of the second')
    assertEqual(await values(), ['a2', 'b', null, null], 'values after the commit')
  },
  'refuses a commit that changes one record twice': async ({ store }) => {
    const change = { kind: 'put', key: 'k', value: 1, expect: null } as const
    await assertRejects(() => store.commit([change, change]), 'TypeError', 'one record twice')
    assertEqual(await store.get('k'), undefined, 'record')
  },
  'keeps what is stored apart from the objects that go in and out': async ({ store, put }) => {
    const value = { list: ['a'] }
    await put('k', value)
    value.list.push('changed by the writer')
    const got = (await store.get('k'))?.value as { list: string[] }
    try {
      got.list.push('changed by a reader')
    } catch {
      // A store may refuse the change instead of ignoring it.
    }
    assertEqual((await store.get('k'))?.value, { list: ['a'] }, 'value')
  },
  'stores any text': async ({ store, put, keysOf }) => {
    const odd = 'a"\\\'\n\t é漢😀{}:*?[]%__proto__/../'
    const value = { text: `${odd}\u0000\ud800`, [odd]: 1, constructor: 'x', toJSON: 'y' }
    await put(odd, value, { indexes: { i: odd, [odd]: 'v' } })
    assertEqual((await store.get(odd))?.value, value, 'value')
    assertEqual([await keysOf('i', odd), await keysOf(odd, 'v')], [[odd], [odd]], 'found by odd indexes')
  },
  'takes no key for another that differs in half of a surrogate pair, or refuses both': async ({ store, put }) => {
    const refused = (error: unknown): undefined => {
      if (!(error instanceof TypeError)) throw error
    }
    await put('k\ud800', 1).catch(refused)
    assertEqual(await store.get('k\ud801').catch(refused), undefined, 'what was never put')
    assertEqual((await put('k\ud801', 2).catch(refused))?.ok ?? true, true, 'its own put')
  },
  'stores a value of a megabyte': async ({ store, put }) => {
    const value = { text: 'é0'.repeat(250_000), list: Array.from({ length: 20_000 }, (_, i) => i) }
    await put('k', value, { indexes: { i: 'v' } })
    assertTrue(JSON.stringify((await store.get('k'))?.value) === JSON.stringify(value), 'a big value came back changed')
  },
}
