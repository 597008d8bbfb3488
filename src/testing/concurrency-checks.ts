import type { CommitResult, RecordStore } from '../lib/record-store.ts'
import { assertEqual, assertTrue } from './check.ts'
import type { StoreChecks, StoreTrial } from './record-store-contract.ts'

const connections = 4

/** What several connections at once may do to each other: nothing but win. */
export const concurrencyChecks: StoreChecks = {
  'shows each connection what another wrote': async ({ put, connect, keysOf, versionOf }) => {
    const other = await connect()
    await put('k', 1, { indexes: { i: 'v' } })
    assertEqual((await other.get('k'))?.value, 1, 'got by the other')
    const expect = await versionOf('k')
    await other.commit([{ kind: 'put', key: 'k', value: 2, expect, indexes: { i: 'w' } }])
    assertEqual([await keysOf('i', 'v'), await keysOf('i', 'w')], [[], ['k']], 'found by the first')
  },
  'deletes a record once, however many take it': async (trial) => {
    await trial.put('k', 'once', { indexes: { i: 'v' } })
    const expect = await trial.versionOf('k')
    const takes = await fromAll(trial, 20, (store) => store.commit([{ kind: 'delete', key: 'k', expect }]))
    assertEqual(takes.filter((take) => take.ok).length, 1, 'takers')
  },
  'lets one of many creators win': async (trial) => {
    const puts = await fromAll(trial, 20, (store, i) =>
      store.commit([{ kind: 'put', key: 'k', value: i, expect: null, indexes: { i: 'v' } }]),
    )
    assertEqual((await trial.store.get('k'))?.value, onlyWinner(puts), 'value')
    assertEqual(await trial.keysOf('i', 'v'), ['k'], 'found')
  },
  'lets one of many writers of the same version win': async (trial) => {
    await trial.put('k', -1)
    const expect = await trial.versionOf('k')
    const writes = await fromAll(trial, 40, (store, i) =>
      store.commit([{ kind: 'put', key: 'k', value: i, expect, indexes: { i: `v${i}` } }]),
    )
    const winner = onlyWinner(writes)
    assertEqual((await trial.store.get('k'))?.value, winner, 'value')
    assertEqual(await trial.keysOf('i', `v${winner}`), ['k'], 'by the index of the winner')
    assertEqual(await trial.keysOf('i', `v${(winner + 1) % 40}`), [], 'by the index of a loser')
  },
  'loses no update of a counter that all connections raise': async (trial) => {
    await trial.put('k', 0)
    await fromAll(trial, connections * 5, (store) => raise(store, ['k']))
    assertEqual((await trial.store.get('k'))?.value, connections * 5, 'counter')
  },
  'keeps records together that change together': async (trial) => {
    const keys = ['test:{p}:a', 'test:{p}:b', 'test:{p}:c']
    for (const key of keys) await trial.put(key, 0)
    // In another order each time, which must neither deadlock nor tear.
    await fromAll(trial, connections * 4, (store, i) => raise(store, i % 2 === 0 ? keys : keys.toReversed()))
    const values = await Promise.all(keys.map(async (key) => (await trial.store.get(key))?.value))
    assertEqual(values, [16, 16, 16], 'counters')
  },
  'works on many records at once': async (trial) => {
    const done = await fromAll(trial, 100, (store, i) =>
      store.commit([{ kind: 'put', key: `k${i}`, value: i, expect: null, indexes: { even: String(i % 2 === 0) } }]),
    )
    assertTrue(
      done.every((result) => result.ok),
      'a commit on its own record met a conflict',
    )
    assertEqual((await trial.store.find('even', 'true')).length, 50, 'found')
  },
}

/** Runs `task` `times` times at once, in turn over several connections. */
async function fromAll<T>(trial: StoreTrial, times: number, task: (store: RecordStore, i: number) => Promise<T>) {
  const stores = [trial.store]
  while (stores.length < connections) stores.push(await trial.connect())
  return await Promise.all(Array.from({ length: times }, (_, i) => task(stores[i % connections]!, i)))
}

function onlyWinner(results: readonly CommitResult[]): number {
  const winners = results.flatMap((result, i) => (result.ok ? [i] : []))
  assertEqual(winners.length, 1, 'winners')
  return winners[0]!
}

/** Reads all, adds one to each, commits; again from the start where another was first. */
async function raise(store: RecordStore, keys: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const records = await Promise.all(keys.map(async (key) => (await store.get(key))!))
    const result = await store.commit(
      records.map(({ key, value, version }) => ({
        kind: 'put',
        key,
        value: (value as number) + 1,
        expect: version,
      })),
    )
    if (result.ok) return
  }
  throw new Error('a commit met a conflict 500 times')
}
