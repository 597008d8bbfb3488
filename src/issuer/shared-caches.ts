/**
 * The caches behind a bare `verifyIdToken`, which has no object of its own to keep them in. They are the one
 * state of the module: by fetch and by clock, so that a test or a tenant with its own shares nothing, and at
 * most a hundred issuers each, the least recently used one going first.
 */
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import { createKeyCache, type KeyCache, type KeyCacheOptions } from './key-cache.ts'
import { createMetadataCache, type MetadataCache, type MetadataCacheOptions } from './metadata-cache.ts'

interface Shelf {
  readonly metadata: Map<string, MetadataCache>
  readonly keys: Map<string, KeyCache>
}

const mostIssuers = 100
const shelves = new WeakMap<Fetch, WeakMap<Runtime, Shelf>>()

/** Without local metadata, which belongs to one caller. The first caller's timeout stays. */
export type SharedCacheOptions = Omit<MetadataCacheOptions, 'metadata'>

export function sharedMetadataCache(options: SharedCacheOptions): MetadataCache {
  const { metadata } = shelfOf(options.fetch, options.runtime)
  return recall(metadata, keyOf(options), () => createMetadataCache(options))
}

/** By `jwksUri`, too, where the caller gave it: two callers may name different ones for an issuer. */
export function sharedKeyCache(
  options: SharedCacheOptions,
  metadata: KeyCacheOptions['metadata'],
  jwksUri = '',
): KeyCache {
  const { keys } = shelfOf(options.fetch, options.runtime)
  return recall(keys, `${keyOf(options)} ${jwksUri}`, () => createKeyCache({ ...options, metadata }))
}

function keyOf({ issuer, allowLoopbackHttp }: SharedCacheOptions): string {
  return allowLoopbackHttp ? `loopback ${issuer}` : issuer
}

function shelfOf(fetch: Fetch, runtime: Runtime): Shelf {
  const byRuntime = shelves.get(fetch) ?? new WeakMap<Runtime, Shelf>()
  shelves.set(fetch, byRuntime)
  const shelf = byRuntime.get(runtime) ?? { metadata: new Map(), keys: new Map() }
  byRuntime.set(runtime, shelf)
  return shelf
}

function recall<T>(shelf: Map<string, T>, key: string, create: () => T): T {
  const known = shelf.get(key)
  const value = known ?? create()
  // A map keeps its order of insertion: what is used goes to the end, what goes is at the start.
  if (known !== undefined) shelf.delete(key)
  shelf.set(key, value)
  if (shelf.size > mostIssuers) shelf.delete(shelf.keys().next().value!)
  return value
}
