import { assertEqual } from './check.ts'
import type { StoreChecks } from './record-store-contract.ts'

/** Finding records by their index values. */
export const indexChecks: StoreChecks = {
  'finds records by each of their index values': async ({ put, keysOf }) => {
    await put('a', 1, { indexes: { subject: 'alice', sid: 's1' } })
    await put('b', 2, { indexes: { subject: 'alice' } })
    await put('c', 3)
    assertEqual(await keysOf('subject', 'alice'), ['a', 'b'], 'by subject')
    assertEqual(await keysOf('sid', 's1'), ['a'], 'by sid')
    assertEqual(await keysOf('sid', 'alice'), [], 'by a value of another index')
    assertEqual(await keysOf('subject', 'ALICE'), [], 'by a value in other case')
  },
  'finds nothing by values that a put replaced': async ({ put, versionOf, keysOf }) => {
    await put('a', 1, { indexes: { subject: 'alice', sid: 's1' } })
    await put('a', 1, { expect: await versionOf('a'), indexes: { subject: 'bob' } })
    assertEqual(
      [await keysOf('subject', 'alice'), await keysOf('sid', 's1'), await keysOf('subject', 'bob')],
      [[], [], ['a']],
      'old subject, old sid, new subject',
    )
    await put('a', 1, { expect: await versionOf('a') })
    assertEqual(await keysOf('subject', 'bob'), [], 'after a put without indexes')
  },
  'finds a record again whose index value came back': async ({ put, versionOf, keysOf }) => {
    await put('a', 1, { indexes: { subject: 'alice' } })
    for (const subject of ['bob', 'alice', 'bob', 'alice']) {
      await put('a', 1, { expect: await versionOf('a'), indexes: { subject } })
      assertEqual(await keysOf('subject', subject), ['a'], `by ${subject}`)
    }
  },
  'finds nothing that was deleted, and what was put anew': async ({ store, put, versionOf, keysOf }) => {
    await put('a', 1, { indexes: { subject: 'alice' } })
    await store.commit([{ kind: 'delete', key: 'a', expect: await versionOf('a') }])
    assertEqual(await keysOf('subject', 'alice'), [], 'after the deletion')
    await put('a', 2, { indexes: { subject: 'alice' } })
    assertEqual(await keysOf('subject', 'alice'), ['a'], 'after a new put')
  },
  'changes no index by a commit that failed': async ({ put, keysOf }) => {
    await put('a', 1, { indexes: { subject: 'alice' } })
    await put('a', 1, { expect: 'no such version', indexes: { subject: 'bob' } })
    await put('a', 1, { indexes: { subject: 'carol' } })
    assertEqual(
      [await keysOf('subject', 'alice'), await keysOf('subject', 'bob'), await keysOf('subject', 'carol')],
      [['a'], [], []],
      'alice, bob, carol',
    )
  },
  'gives whole records': async ({ store, put, now }) => {
    const expiresAt = now() + 60_000
    await put('a', { deep: ['value'] }, { indexes: { i: 'v', j: 'w' }, expiresAt })
    assertEqual(await store.find('i', 'v'), [await store.get('a')], 'found and got')
  },
  'holds many records in one index value and many indexes in one record': async ({ put, keysOf }) => {
    const names = Array.from({ length: 40 }, (_, i) => `i${i}`)
    const indexes = { same: 'value', ...Object.fromEntries(names.map((name) => [name, `v${name}`])) }
    const keys = Array.from({ length: 60 }, (_, i) => `k${String(i).padStart(2, '0')}`)
    await Promise.all(keys.map((key, i) => put(key, i, { indexes: i === 0 ? indexes : { same: 'value' } })))
    assertEqual(await keysOf('same', 'value'), keys, 'by the shared value')
    for (const name of names) assertEqual(await keysOf(name, `v${name}`), ['k00'], `by ${name}`)
  },
}
