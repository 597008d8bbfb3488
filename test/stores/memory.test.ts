import { expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { describeRecordStore } from '../contracts/contracts.ts'

function open(maxRecords?: number) {
  let now = Date.UTC(2026, 0, 1)
  const runtime = { now: () => now, randomBytes: (length: number) => new Uint8Array(length) }
  return {
    store: createMemoryStore({ runtime, ...(maxRecords !== undefined && { maxRecords }) }),
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
}

describeRecordStore('memory', open)

it('refuses a record beyond its bound rather than drop a live one', async () => {
  const { store } = open(2)
  await store.commit([{ kind: 'put', key: 'a', value: 1, expect: null }])
  await store.commit([{ kind: 'put', key: 'b', value: 1, expect: null }])
  await expect(store.commit([{ kind: 'put', key: 'session:c', value: 1, expect: null }])).rejects.toMatchObject({
    code: 'store_full',
    record: 'session',
  })
  expect(await store.get('a')).toBeDefined()
})

it('makes room by forgetting what has expired', async () => {
  const { store, advance, now } = open(2)
  await store.commit([{ kind: 'put', key: 'a', value: 1, expect: null, expiresAt: now() + 1_000 }])
  await store.commit([{ kind: 'put', key: 'b', value: 1, expect: null }])
  advance(120_000)
  expect((await store.commit([{ kind: 'put', key: 'c', value: 1, expect: null }])).ok).toBe(true)
})

it('counts the swept records', async () => {
  const { store, advance, now } = open()
  for (let i = 0; i < 100; i++) {
    await store.commit([{ kind: 'put', key: `k${i}`, value: i, expect: null, expiresAt: now() + i * 60_000 }])
  }
  advance(50 * 60_000)
  const sweptAtOnce = await store.sweep()
  expect(sweptAtOnce).toBe(50)
  expect(await store.sweep()).toBe(0)
})

it('refuses a commit that changes one record twice, and unknown options', async () => {
  const { store } = open()
  await expect(
    store.commit([
      { kind: 'put', key: 'a', value: 1, expect: null },
      { kind: 'put', key: 'a', value: 2, expect: null },
    ]),
  ).rejects.toThrow(TypeError)
  expect(() => createMemoryStore({ maxEntries: 3 } as never)).toThrow(/unknown option "maxEntries"/)
})

it('keeps an object without a prototype, as claims are, from being changed through what it gave out', async () => {
  const { store } = open()
  const claims: object = Object.assign(Object.create(null), { sub: 'alice' })
  await store.commit([{ kind: 'put', key: 'k', value: { claims }, expect: null }])
  const read = async () => (await store.get('k'))?.value as { claims: { sub: string } }
  const given = await read()
  expect(() => {
    given.claims.sub = 'mallory'
  }).toThrow(TypeError)
  expect(await read()).toEqual({ claims: { sub: 'alice' } })
})

it('asks its tables as often for one record among ten thousand as for one among ten', async () => {
  const steps = async (records: number): Promise<number> => {
    const store = createMemoryStore()
    for (let i = 0; i < records; i++) {
      const indexes = { subject: `user-${i}` }
      await store.commit([{ kind: 'put', key: `session:{${i}}`, value: i, expect: null, indexes }])
    }
    const gets = vi.spyOn(Map.prototype, 'get')
    const walks = [Map.prototype, Set.prototype].flatMap((prototype) => [
      vi.spyOn(prototype as Map<unknown, unknown>, 'values'),
      vi.spyOn(prototype as Map<unknown, unknown>, 'entries'),
      vi.spyOn(prototype as Map<unknown, unknown>, 'forEach'),
      vi.spyOn(prototype as Map<unknown, unknown>, Symbol.iterator),
    ])
    try {
      const read = await store.get('session:{7}')
      const found = await store.find('subject', 'user-7')
      const walked = walks.reduce((sum, { mock }) => sum + mock.calls.length, 0)
      const asked = gets.mock.calls.length
      expect([read?.value, found.map(({ value }) => value), walked]).toEqual([7, [7], 0])
      return asked
    } finally {
      for (const spy of [gets, ...walks]) spy.mockRestore()
    }
  }
  const among = await steps(10)
  expect(among).toBeGreaterThan(0)
  expect(await steps(10_000)).toBe(among)
})
