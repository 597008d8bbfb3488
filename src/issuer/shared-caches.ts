/**
 * The caches behind a bare `verifyIdToken`, which has no object of its own to keep them in. They are the one
 * state of the module: by fetch and by clock, so that a test or a tenant with its own shares nothing, and at
 * most a hundred issuers each, the least recently used one going first.
 */
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import { judgeLocalMetadata } from '../protocol/metadata.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import { createMetadataCache, type MetadataCache, type MetadataCacheOptions } from './metadata-cache.ts'

export interface SharedSources {
  readonly metadata: MetadataCache
  readonly keys: KeyCache
}

const mostIssuers = 100
const shelves = new WeakMap<Fetch, WeakMap<Runtime, Map<string, SharedSources>>>()

/**
 * Two callers that name different key sets or quirks for an issuer share nothing; other local metadata has no say here.
 * The first caller's timeout stays.
 */
export function sharedSources(
  options: Omit<MetadataCacheOptions, 'fetch' | 'runtime'>,
  fetch: Fetch,
  runtime: Runtime,
): SharedSources {
  const { issuer, allowLoopbackHttp, metadata, quirks = [] } = options
  const shelf = shelfOf(fetch, runtime)
  const isPlain = !allowLoopbackHttp && metadata?.jwks_uri === undefined && quirks.length === 0
  const key = isPlain ? issuer : [issuer, metadata?.jwks_uri, allowLoopbackHttp, ...quirks].join(' ')
  const known = shelf.get(key)
  if (known && shelf.size === 1) return known
  const sources = known ?? createSources({ ...options, fetch, runtime })
  // A map keeps its order of insertion: what is used goes to the end, what goes is at the start.
  shelf.delete(key)
  shelf.set(key, sources)
  if (shelf.size > mostIssuers) shelf.delete(shelf.keys().next().value!)
  return sources
}

function createSources({ metadata: local, ...options }: MetadataCacheOptions): SharedSources {
  const metadata = createMetadataCache(options)
  if (local?.jwks_uri === undefined) return { metadata, keys: createKeyCache({ ...options, metadata }) }
  const { issuer, allowLoopbackHttp } = options
  const judged = judgeLocalMetadata({ issuer, local: { jwks_uri: local.jwks_uri }, allowLoopbackHttp })
  return { metadata, keys: createKeyCache({ ...options, metadata: { get: () => judged } }) }
}

function shelfOf(fetch: Fetch, runtime: Runtime): Map<string, SharedSources> {
  const byRuntime = shelves.get(fetch) ?? new WeakMap<Runtime, Map<string, SharedSources>>()
  const shelf = byRuntime.get(runtime)
  if (shelf) return shelf
  const added = new Map<string, SharedSources>()
  shelves.set(fetch, byRuntime.set(runtime, added))
  return added
}
