import { importSigningKey } from '#signatures'
import { StoreError } from '../errors/session.ts'
import type { SigningKey, StoredSigningKey } from './signatures/types.ts'

const imported = new WeakMap<StoredSigningKey, Promise<SigningKey>>()

/**
 * A signing key out of a record, imported once for each object that holds it: a state lives as long as it is cached.
 *
 * @param record the kind of record, for the error
 * @throws StoreError `invalid_record` for what no key can be made of
 */
export function importOnce(stored: StoredSigningKey, record: string): Promise<SigningKey> {
  let key = imported.get(stored)
  if (!key) {
    key = importOf(stored, record)
    imported.set(stored, key)
  }
  return key
}

async function importOf(stored: StoredSigningKey, record: string): Promise<SigningKey> {
  try {
    return await importSigningKey(stored)
  } catch (cause) {
    throw new StoreError('invalid_record', `the key in a ${record} record cannot be used here`, { record, cause })
  }
}
