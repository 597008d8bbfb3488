// What runs in the page: the contract suites over real IndexedDB and Web Locks, and the pieces for the other tests.
import { systemRuntime } from '../../src/lib/runtime.ts'
import { createBrowserLock, createBrowserStore } from '../../src/stores/browser/index.ts'
import { lockContract, recordStoreContract } from '../../src/testing/index.ts'

let opened = 0
// Each document has databases of its own for the contract.
const own = crypto.randomUUID()

const contracts = {
  store: recordStoreContract(() => {
    let now = Date.UTC(2026, 0, 1)
    const options = { name: `${own}-${++opened}`, runtime: { ...systemRuntime, now: () => now } }
    const stores = [createBrowserStore(options)]
    return {
      store: stores[0]!,
      connect: () => {
        const store = createBrowserStore(options)
        stores.push(store)
        return store
      },
      now: () => now,
      advance: (ms: number) => {
        now += ms
      },
      close: () => {
        for (const store of stores) store.close()
        indexedDB.deleteDatabase(options.name)
      },
    }
  }),
  lock: lockContract(() => {
    const name = `${own}-${++opened}`
    return { lock: createBrowserLock({ name }), connect: () => createBrowserLock({ name }) }
  }),
}

const page = {
  createBrowserStore,
  createBrowserLock,
  runCheck: async (contract: keyof typeof contracts, name: string): Promise<void> => {
    await contracts[contract].find((check) => check.name === name)!.run()
  },
}

export type StorePage = typeof page

Object.assign(globalThis, { page })
