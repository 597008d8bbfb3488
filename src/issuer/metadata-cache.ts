import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import { ResponseError } from '../errors/response.ts'
import { type FetchedJson, fetchJson } from '../http/json-fetch.ts'
import type { Observer } from '../http/observer.ts'
import { createBackOff } from '../lib/back-off.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MaybePromise } from '../lib/signatures/types.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'
import { judgeMetadata, metadataUrls } from '../protocol/metadata.ts'
import type { Quirk } from '../protocol/quirks.ts'
import { documentFreshness, freshFor } from './freshness.ts'

export interface MetadataCacheOptions {
  /** Compared exactly with the document's, a trailing slash included. */
  readonly issuer: string
  readonly fetch: Fetch
  readonly runtime: Runtime
  /** Takes the place of single fields of the document. */
  readonly metadata?: Partial<AuthorizationServerMetadata> | undefined
  /** Which well-known document is asked for first; the other follows only after a 404. @default openid */
  readonly protocol?: 'openid' | 'oauth' | undefined
  /** @default false */
  readonly allowLoopbackHttp?: boolean | undefined
  /** Milliseconds. @default 10000 */
  readonly timeout?: number | undefined
  /** What is let pass of this server. @default none */
  readonly quirks?: readonly Quirk[] | undefined
  readonly observer?: Observer | undefined
}

export interface MetadataRequest {
  /** Asks the server, whatever is in memory. @default false */
  readonly fresh?: boolean | undefined
  /** Ends this caller's wait; the request goes on for the others. */
  readonly signal?: AbortSignal | undefined
}

/** One issuer's metadata, judged: asked for once an hour, unless the server says otherwise within [1 min, 24 h]. */
export interface MetadataCache {
  /**
   * Synchronous where the metadata is in memory. While the server is down, the last metadata serves for a day more.
   *
   * @throws ProtocolError | ResponseError | NetworkError | TimeoutError; failures are not remembered
   */
  get(request?: MetadataRequest): MaybePromise<AuthorizationServerMetadata>
}

interface Entry {
  readonly metadata: AuthorizationServerMetadata
  /** Milliseconds since the epoch. */
  readonly loadedAt: number
  readonly freshUntil: number
  readonly usableUntil: number
}

/** Milliseconds that metadata serves beyond its time while the server is down. */
const staleFor = 24 * 60 * 60_000
const accept = 'application/json'

export function createMetadataCache(options: MetadataCacheOptions): MetadataCache {
  const { runtime } = options
  const flights = createSingleFlight<AuthorizationServerMetadata>()
  const backOff = createBackOff(runtime)
  let entry: Entry | undefined

  async function load(): Promise<AuthorizationServerMetadata> {
    try {
      const loaded = await (options.observer?.watch('discovery', () => loadMetadata(options)) ?? loadMetadata(options))
      entry = loaded
      backOff.succeeded()
      return loaded.metadata
    } catch (error) {
      backOff.failed()
      throw error
    }
  }

  return {
    get({ fresh = false, signal } = {}) {
      const held = entry
      const now = runtime.now()
      if (fresh || !held || now >= held.usableUntil) return abortable(flights.run('', load), signal)
      // Metadata from the future: the clock was set back, and nothing of its age can be told.
      const isOld = now >= held.freshUntil || now < held.loadedAt
      if (!isOld || backOff.isWaiting()) return held.metadata
      // The server is down or lies: the last good metadata is better than none, for a while.
      return abortable(
        flights.run('', load).catch(() => held.metadata),
        signal,
      )
    },
  }
}

async function loadMetadata(options: MetadataCacheOptions): Promise<Entry> {
  const { runtime, issuer, allowLoopbackHttp, quirks, observer } = options
  const { body, headers } = await fetchFirst(metadataUrls(issuer, options.protocol, allowLoopbackHttp), options)
  const local = options.metadata
  const metadata = judgeMetadata(body, { issuer, local, allowLoopbackHttp, quirks, onQuirk: observer?.quirk })
  const loadedAt = runtime.now()
  const freshUntil = loadedAt + freshFor(headers, documentFreshness)
  return { metadata, loadedAt, freshUntil, usableUntil: freshUntil + staleFor }
}

/** Only a 404 says that the document is not here; any other failure is one of the right place. */
async function fetchFirst(urls: readonly string[], { fetch, timeout }: MetadataCacheOptions): Promise<FetchedJson> {
  let notFound: unknown
  for (const url of urls) {
    try {
      return await fetchJson(fetch, url, { accept, ...(timeout !== undefined && { timeout }) })
    } catch (error) {
      if (!(error instanceof ResponseError && error.status === 404)) throw error
      notFound ??= error
    }
  }
  throw notFound
}
