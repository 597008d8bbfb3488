/** What is used of a `redis` (node-redis) client or cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** What is used of an `ioredis` client or cluster. */
export interface IoRedisClient {
  eval(script: string, numkeys: number, ...keysAndArguments: string[]): Promise<unknown>
  evalsha(sha: string, numkeys: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** A connected client or cluster of the packages `redis` (4 and later) or `ioredis` (5). */
export type RedisClient = NodeRedisClient | IoRedisClient

/** Runs a script on the node that holds `keys`. */
export type RunScript = (script: string, keys: readonly string[], args: readonly string[]) => Promise<unknown>

/**
 * Scripts go by their hash, and as text only to a node that does not know them yet: one that is new,
 * restarted, or took over.
 *
 * @throws TypeError for a client of neither package
 */
export function createScriptRunner(name: string, client: RedisClient): RunScript {
  const { byHash, byText } = callsOf(name, client)
  const hashes = new Map<string, Promise<string>>()
  const hashOf = (script: string): Promise<string> => {
    const known = hashes.get(script) ?? sha1(script)
    hashes.set(script, known)
    return known
  }
  return async (script, keys, args) => {
    try {
      return await byHash(await hashOf(script), keys, args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await byText(script, keys, args)
    }
  }
}

function callsOf(name: string, client: RedisClient): { readonly byHash: RunScript; readonly byText: RunScript } {
  if (typeof client !== 'object' || client === null) throw noClient(name)
  if ('evalSha' in client && typeof client.evalSha === 'function') {
    return {
      byHash: (sha, keys, args) => client.evalSha(sha, { keys: [...keys], arguments: [...args] }),
      byText: (script, keys, args) => client.eval(script, { keys: [...keys], arguments: [...args] }),
    }
  }
  if ('evalsha' in client && typeof client.evalsha === 'function') {
    return {
      byHash: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
      byText: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    }
  }
  throw noClient(name)
}

function noClient(name: string): TypeError {
  return new TypeError(`${name}: "client" must be a client or cluster of the package redis or ioredis`)
}

/** Redis names scripts by SHA-1; nothing rests on it but finding them. */
async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
