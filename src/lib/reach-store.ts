import { storeFailure } from './record-commit.ts'

/**
 * Asks a record store; whatever it throws comes as a StoreError with the store's own error as cause.
 *
 * @param operation what is tried, for the message: 'read', 'write', 'search'
 * @param record the kind of record
 */
export async function reachStore<T>(operation: string, record: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw storeFailure(operation, record, error)
  }
}
