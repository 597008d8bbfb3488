import { link } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StoreError } from '../../errors/session.ts'
import { decodeBase64url, encodeBase64url } from '../../lib/base64url.ts'
import { storeFailure } from '../../lib/record-commit.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { hasCode, makeDirectory, readIfThere, syncDirectory, unlinkIfThere, writeNewFile } from './durable-files.ts'

/**
 * The sealing key in a file, made where there is none: for programs on one machine that have no better place for
 * a secret. Keep the file apart from the store's directory, so that a copy or backup of one is of no use.
 * Of many processes that start at once all get the same key.
 *
 * @returns a key for the option `keys`
 * @throws StoreError invalid_record for a file that holds no key, store_full, store_unavailable
 */
export async function readOrCreateSealingKey(path: string, runtime: Runtime = systemRuntime): Promise<string> {
  try {
    return (await readKey(path)) ?? (await createKey(path, runtime))
  } catch (error) {
    const isFull = hasCode(error, 'ENOSPC', 'EDQUOT')
    throw storeFailure('sealing key', 'key', error, isFull ? 'store_full' : 'store_unavailable')
  }
}

async function createKey(path: string, runtime: Runtime): Promise<string> {
  await makeDirectory(dirname(path))
  const draft = `${path}.${encodeBase64url(runtime.randomBytes(9))}`
  try {
    await writeNewFile(draft, `${encodeBase64url(runtime.randomBytes(32))}\n`)
    // A link appears whole, and only where there is nothing.
    await link(draft, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await unlinkIfThere(draft)
  }
  return (await readKey(path))!
}

async function readKey(path: string): Promise<string | undefined> {
  const key = (await readIfThere(path))?.trim()
  if (key === undefined || decodeBase64url(key)?.length === 32) return key
  throw new StoreError('invalid_record', 'the sealing key file holds no key: 32 bytes as 43 base64url characters', {
    record: 'key',
  })
}
