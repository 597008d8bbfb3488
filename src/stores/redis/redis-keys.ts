/** The names under which things lie in Redis. */
export interface RedisKeys {
  record(key: string): string
  index(name: string, value: string): string
  lock(key: string): string
}

/** @throws TypeError for a prefix with braces: it would put all records into one slot of a cluster */
export function createRedisKeys(name: string, prefix = 'authentype:'): RedisKeys {
  if (/[{}]/.test(prefix)) throw new TypeError(`${name}: "prefix" must hold no braces, which mean a hash tag to Redis`)
  return {
    record: (key) => `${prefix}record:${key}`,
    index: (index, value) => `${prefix}index:${JSON.stringify([index, value])}`,
    lock: (key) => `${prefix}lock:${key}`,
  }
}

/**
 * What decides on the slot of a key: the first braces with something between them, else all of it.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
function hashTag(key: string): string {
  const start = key.indexOf('{')
  const end = start < 0 ? -1 : key.indexOf('}', start)
  return end > start + 1 ? key.slice(start + 1, end) : key
}

/**
 * Refuses on any Redis what a cluster could not do, so that moving to one brings no surprise.
 *
 * @throws TypeError
 */
export function assertOnePartition(keys: readonly string[]): void {
  if (new Set(keys.map(hashTag)).size > 1) {
    throw new TypeError('commit: records that change together must share a partition; recordKey() makes such keys')
  }
}
