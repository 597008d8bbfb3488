import { createMemoryStore } from '../../src/stores/memory/index.ts'
import { describeTokenEndpointConcurrency } from '../contracts/token-endpoint-concurrency.ts'
import { createClock, yielding } from './rig.ts'

describeTokenEndpointConcurrency('memory', () => {
  const clock = createClock()
  return { store: yielding(createMemoryStore({ runtime: clock })), clock }
})

describeTokenEndpointConcurrency(
  'memory, as a cluster that commits within one partition',
  () => {
    const clock = createClock()
    const store = yielding(createMemoryStore({ runtime: clock }))
    return {
      store: {
        ...store,
        commit: async (changes) => {
          const partitions = new Set(changes.map((change) => /\{.*?\}/.exec(change.key)?.[0]))
          if (partitions.size > 1) throw new Error('a commit over several partitions')
          return store.commit(changes)
        },
      },
      clock,
    }
  },
  { clustered: true },
)
