import type { StoreError } from '../../errors/session.ts'
import { createLeaseLock } from '../../lib/lease-lock.ts'
import type { Lock } from '../../lib/lock.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import { storeFailure } from '../../lib/record-commit.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { createSealedStore } from '../sealed/sealed-store.ts'
import { createScriptRunner, type RedisClient } from './redis-client.ts'
import { createRedisKeys } from './redis-keys.ts'
import { createPlainRedisStore } from './redis-store.ts'
import { acquireScript, releaseScript, renewScript } from './scripts.ts'

export type { Lock } from '../../lib/lock.ts'
export type { RecordStore } from '../../lib/record-store.ts'
export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.ts'

/** What `createRedisStore` takes. */
export interface RedisStoreOptions {
  /**
   * Sealing keys, 32 bytes each as 43 base64url characters, from `generateSealingKey()`: the first seals, all
   * open. `'unsealed'` writes tokens so that whoever can read Redis can use them.
   */
  readonly keys: readonly string[] | 'unsealed'
  /** Before each key in Redis; without braces. @default 'authentype:' */
  readonly prefix?: string
  /** Told of each record that `find` leaves out because it cannot be read. @default nobody */
  readonly onInvalidRecord?: (error: StoreError) => void
  readonly runtime?: Runtime
}

/** What `createRedisLock` takes. */
export interface RedisLockOptions {
  /** Before each key in Redis. @default 'authentype:' */
  readonly prefix?: string
  /**
   * Milliseconds until the lock of a process that died is free: whole ones, a day at most. It is renewed three times in
   * that time. @default 10_000
   */
  readonly lease?: number
  /** Milliseconds to wait for another process before giving up. @default 60_000 */
  readonly maxWait?: number
  readonly runtime?: Runtime
}

/**
 * Records in Redis 5 or later, one server or a cluster, for many processes and hosts. A commit is one script; on
 * a cluster its records lie in one slot, for which `recordKey` cares.
 *
 * Redis must not evict (`maxmemory-policy noeviction`), and loses on a failover what it had not replicated yet.
 *
 * @param client connected, of the package `redis` or `ioredis`; the caller closes it
 * @throws TypeError for options that are missing, wrong or unknown
 * @example
 * const store = createRedisStore(await createClient().connect(), { keys: [process.env.SEALING_KEY!] })
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions): RecordStore {
  assertKnownOptions('createRedisStore', options, ['keys', 'prefix', 'onInvalidRecord', 'runtime'])
  const { keys, prefix, onInvalidRecord, runtime = systemRuntime } = options
  const plain = createPlainRedisStore({
    run: createScriptRunner('createRedisStore', client),
    keys: createRedisKeys('createRedisStore', prefix),
    runtime,
    onInvalidRecord,
  })
  if (keys === 'unsealed') return plain
  return createSealedStore(plain, { keys, ...(onInvalidRecord && { onInvalidRecord }) })
}

/**
 * A lock between processes and hosts that share a Redis: a key with its owner's token, which ends by itself when
 * it is not renewed.
 *
 * @param client connected, of the package `redis` or `ioredis`
 * @throws TypeError for options that are wrong or unknown; `withLock` StoreError store_unavailable
 */
export function createRedisLock(client: RedisClient, options: RedisLockOptions = {}): Lock {
  assertKnownOptions('createRedisLock', options, ['prefix', 'lease', 'maxWait', 'runtime'])
  const { lease = 10_000, maxWait = 60_000, runtime = systemRuntime } = options
  const run = createScriptRunner('createRedisLock', client)
  const keys = createRedisKeys('createRedisLock', options.prefix)
  const ask = async (script: string, key: string, args: readonly string[]): Promise<boolean> => {
    try {
      return (await run(script, [keys.lock(key)], args)) === 1
    } catch (error) {
      throw storeFailure('lock', 'lock', error)
    }
  }
  return createLeaseLock(
    {
      acquire: (key, owner) => ask(acquireScript, key, [owner, String(lease)]),
      renew: (key, owner) => ask(renewScript, key, [owner, String(lease)]),
      release: (key, owner) => ask(releaseScript, key, [owner]),
    },
    { lease, maxWait, runtime },
  )
}
