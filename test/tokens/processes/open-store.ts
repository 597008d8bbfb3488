// The same store from each process of a test.
import { Pool } from 'pg'
import { createClient } from 'redis'
import type { Lock } from '../../../src/lib/lock.ts'
import type { RecordStore } from '../../../src/lib/record-store.ts'
import { createFileLock, createFileStore } from '../../../src/stores/file/index.ts'
import { createPostgresLock, createPostgresStore } from '../../../src/stores/postgres/index.ts'
import { createRedisLock, createRedisStore } from '../../../src/stores/redis/index.ts'

export interface StorePlace {
  readonly kind: 'file' | 'redis' | 'postgres'
  /** A folder or a URL. */
  readonly at: string
  readonly sealingKey: string
  readonly schema?: string
}

export interface OpenedStore {
  readonly store: RecordStore
  readonly lock: Lock
  close(): Promise<unknown>
}

export async function openStore({ kind, at, sealingKey, schema = 'public' }: StorePlace): Promise<OpenedStore> {
  const options = { keys: [sealingKey] }
  if (kind === 'file') {
    return { store: createFileStore(at, options), lock: createFileLock(`${at}-locks`), close: async () => {} }
  }
  if (kind === 'redis') {
    const client = createClient({ url: at })
    await client.connect()
    return { store: createRedisStore(client, options), lock: createRedisLock(client), close: () => client.close() }
  }
  const pool = new Pool({ connectionString: at, max: 5 })
  return {
    store: createPostgresStore(pool, { ...options, schema }),
    lock: createPostgresLock(pool, { schema }),
    close: () => pool.end(),
  }
}
