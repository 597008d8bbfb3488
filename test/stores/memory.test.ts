import { expect, it } from 'vitest'
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
