import { StoreError } from '../errors/session.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { TokenEndpointConfig } from './config.ts'

/** A store whose every fault comes as a StoreError, so that it is told from faults of the code and answered with 503. */
export function guardStore(store: RecordStore): RecordStore {
  return {
    ...(store.partitioned && { partitioned: true }),
    get: (key) => reach(key, () => store.get(key)),
    find: (index, value) => reach(index, () => store.find(index, value)),
    commit: (changes) => reach(changes[0]?.key ?? 'nothing', () => store.commit(changes)),
    sweep: () => reach('sweep', () => store.sweep()),
  }
}

/** The store of a feature that does not start without one. */
export function storeOf(config: TokenEndpointConfig): RecordStore {
  if (!config.store) throw new TypeError('store: required')
  return config.store
}

/** Not async itself: every request asks the store several times, and each frame would be another turn. */
function reach<T>(key: string, call: () => Promise<T>): Promise<T> {
  const fail = (cause: unknown): never => {
    if (cause instanceof StoreError) throw cause
    // The kind alone: the rest of a key may locate a secret.
    const record = key.split(':', 1)[0]!
    throw new StoreError('store_unavailable', 'the record store did not answer', { record, cause })
  }
  try {
    return Promise.resolve(call()).catch(fail)
  } catch (cause) {
    return Promise.reject(cause).catch(fail)
  }
}
