import { importSigningKey } from '#signatures'
import type { SigningKey, StoredSigningKey } from './signatures/types.ts'

const imported = new WeakMap<StoredSigningKey, Promise<SigningKey>>()

/** A signing key out of a record, imported once for each object that holds it: a state lives as long as it is cached. */
export function importOnce(stored: StoredSigningKey): Promise<SigningKey> {
  let key = imported.get(stored)
  if (!key) {
    key = Promise.resolve(importSigningKey(stored))
    imported.set(stored, key)
  }
  return key
}
