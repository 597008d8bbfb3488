// What every RecordStore must do, run for each adapter. Users can run it on a store of their own.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RecordStore } from '../../src/lib/record-store.ts'

export interface RecordStoreUnderTest {
  readonly store: RecordStore
  /** Moves the clock that the store looks at, in milliseconds. */
  readonly advance: (ms: number) => void | Promise<void>
  /** What `runtime.now()` is there. */
  readonly now: () => number
  readonly close?: () => Promise<void>
}

export function describeRecordStore(
  name: string,
  open: () => RecordStoreUnderTest | Promise<RecordStoreUnderTest>,
): void {
  describe(`record store contract: ${name}`, () => {
    let context: RecordStoreUnderTest
    let store: RecordStore
    beforeEach(async () => {
      context = await open()
      store = context.store
    })
    afterEach(() => context.close?.())

    const put = (key: string, value: unknown, expect: string | null = null, more: object = {}) =>
      store.commit([{ kind: 'put', key, value, expect, ...more }])
    const versionOf = async (key: string) => (await store.get(key))!.version

    it('gives back what was put, with a version', async () => {
      await put('k', { a: [1, 'two', null, true], b: { c: '' } })
      const record = await store.get('k')
      expect(record?.value).toEqual({ a: [1, 'two', null, true], b: { c: '' } })
      expect(record?.version).toBeTypeOf('string')
    })

    it('knows nothing of a key that was never put', async () => {
      expect(await store.get('absent')).toBeUndefined()
      expect(await store.find('index', 'absent')).toEqual([])
    })

    it('changes its version with every put', async () => {
      await put('k', 1)
      const first = await versionOf('k')
      await put('k', 1, first)
      expect(await versionOf('k')).not.toBe(first)
    })

    it('says the new version of each record that a commit put', async () => {
      const result = await put('k', 1)
      expect(result).toEqual({ ok: true, versions: { k: await versionOf('k') } })
    })

    it('puts a new record only where there is none', async () => {
      await put('k', 'first')
      expect(await put('k', 'second')).toEqual({ ok: false, conflict: 'k' })
      expect((await store.get('k'))?.value).toBe('first')
    })

    it('replaces only the version that was named', async () => {
      await put('k', 'first')
      const version = await versionOf('k')
      expect((await put('k', 'second', version)).ok).toBe(true)
      expect(await put('k', 'third', version)).toEqual({ ok: false, conflict: 'k' })
      expect((await store.get('k'))?.value).toBe('second')
    })

    it('does not bring back a record that was deleted meanwhile', async () => {
      await put('k', 'first')
      const version = await versionOf('k')
      await store.commit([{ kind: 'delete', key: 'k', expect: version }])
      expect(await put('k', 'late', version)).toEqual({ ok: false, conflict: 'k' })
      expect(await store.get('k')).toBeUndefined()
    })

    it('deletes a record once: the second taker is told', async () => {
      await put('k', 'once')
      const version = await versionOf('k')
      const takes = await Promise.all(
        Array.from({ length: 20 }, () => store.commit([{ kind: 'delete', key: 'k', expect: version }])),
      )
      expect(takes.filter((take) => take.ok)).toHaveLength(1)
    })

    it('lets one of many concurrent writers of the same version win', async () => {
      await put('k', 0)
      const version = await versionOf('k')
      const writes = await Promise.all(Array.from({ length: 50 }, (_, i) => put('k', i + 1, version)))
      const winners = writes.flatMap((write, i) => (write.ok ? [i + 1] : []))
      expect(winners).toHaveLength(1)
      expect((await store.get('k'))?.value).toBe(winners[0])
    })

    it('carries out all changes of a commit or none', async () => {
      await put('{p}:a', 'a')
      const result = await store.commit([
        { kind: 'put', key: '{p}:b', value: 'b', expect: null },
        { kind: 'put', key: '{p}:a', value: 'a2', expect: 'no such version' },
      ])
      expect(result).toEqual({ ok: false, conflict: '{p}:a' })
      expect(await store.get('{p}:b')).toBeUndefined()
      expect((await store.get('{p}:a'))?.value).toBe('a')
    })

    it('finds records by each of their index values, and no longer by those that a put replaced', async () => {
      await put('{p}:a', 1, null, { indexes: { subject: 'alice', sid: 's1' } })
      await put('{p}:b', 2, null, { indexes: { subject: 'alice' } })
      const keys = async (index: string, value: string) =>
        (await store.find(index, value)).map((record) => record.key).sort()
      expect(await keys('subject', 'alice')).toEqual(['{p}:a', '{p}:b'])
      expect(await keys('sid', 's1')).toEqual(['{p}:a'])
      await put('{p}:a', 1, await versionOf('{p}:a'), { indexes: { subject: 'bob' } })
      expect(await keys('subject', 'alice')).toEqual(['{p}:b'])
      expect(await keys('sid', 's1')).toEqual([])
      await store.commit([{ kind: 'delete', key: '{p}:b', expect: await versionOf('{p}:b') }])
      expect(await keys('subject', 'alice')).toEqual([])
    })

    it('takes an expired record for absent: not got, not found, replaceable by a new one', async () => {
      await put('k', 1, null, { expiresAt: context.now() + 1_000, indexes: { i: 'v' } })
      expect(await store.get('k')).toBeDefined()
      await context.advance(1_000)
      expect(await store.get('k')).toBeUndefined()
      expect(await store.find('i', 'v')).toEqual([])
      expect((await put('k', 2)).ok).toBe(true)
    })

    it('refuses to update a record that has expired', async () => {
      await put('k', 1, null, { expiresAt: context.now() + 1_000 })
      const version = await versionOf('k')
      await context.advance(2_000)
      expect(await put('k', 2, version)).toEqual({ ok: false, conflict: 'k' })
    })

    it('sweeps what has expired and nothing else', async () => {
      for (let i = 0; i < 30; i++) await put(`old${i}`, i, null, { expiresAt: context.now() + 1_000 + i })
      await put('later', 1, null, { expiresAt: context.now() + 3_600_000 })
      await put('forever', 1)
      await context.advance(180_000)
      while ((await store.sweep()) > 0) {}
      expect(await store.get('later')).toBeDefined()
      expect(await store.get('forever')).toBeDefined()
      expect(await store.get('old0')).toBeUndefined()
    })

    it('keeps what is stored apart from the objects that go in and out', async () => {
      const value = { list: ['a'] }
      await put('k', value)
      value.list.push('changed by the writer')
      const got = (await store.get('k'))!.value as { list: string[] }
      try {
        got.list.push('changed by a reader')
      } catch {
        // A store may refuse the change instead of ignoring it.
      }
      expect((await store.get('k'))!.value).toEqual({ list: ['a'] })
    })

    it('stores any text in keys, values and indexes', async () => {
      const odd = 'a"\\\'\n\u0000é漢😀{}:*__proto__'
      await put(odd.replace('\u0000', ''), { __proto__x: odd }, null, { indexes: { i: odd.replace('\u0000', '') } })
      const found = await store.find('i', odd.replace('\u0000', ''))
      expect(found.map((record) => record.value)).toEqual([{ __proto__x: odd }])
    })
  })
}
