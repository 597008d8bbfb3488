import { importSigningKey } from '#signatures'
import type { SigningKey, StoredSigningKey } from '../lib/signatures/types.ts'

const imported = new WeakMap<StoredSigningKey, Promise<SigningKey>>()

/** A state object lives as long as it is cached, and so does its imported key. */
export function importOnce(stored: StoredSigningKey): Promise<SigningKey> {
  let key = imported.get(stored)
  if (!key) {
    key = Promise.resolve(importSigningKey(stored))
    imported.set(stored, key)
  }
  return key
}
