import { ConfigurationError } from '../errors/configuration.ts'
import { fetchJson } from '../http/json-fetch.ts'
import type { Observer } from '../http/observer.ts'
import { type BackOff, createBackOff } from '../lib/back-off.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { Jwk, MaybePromise } from '../lib/signatures/types.ts'
import { abortable, createSingleFlight } from '../lib/single-flight.ts'
import { createKeyring, type KeyQuery, type Keyring, type KeySelection } from '../protocol/jwks.ts'
import type { Quirk } from '../protocol/quirks.ts'
import { documentFreshness, freshFor } from './freshness.ts'
import { createTokenBucket } from './token-bucket.ts'

export interface KeyCacheOptions {
  /** The issuer's, judged. Asked for `jwks_uri` at each request, since it may come to name another. */
  readonly metadata: { get(): MaybePromise<{ readonly jwks_uri?: string }> }
  readonly fetch: Fetch
  readonly runtime: Runtime
  /** Milliseconds. @default 10000 */
  readonly timeout?: number | undefined
  /** What is let pass of this server's keys. @default none */
  readonly quirks?: readonly Quirk[] | undefined
  readonly observer?: Observer | undefined
}

/** One issuer's keys. */
export interface KeyCache {
  /**
   * The keys that may have made a signature. Synchronous where they are in memory and imported.
   *
   * An unknown `kid` asks the server at once, five times in five minutes at most. While the server is down, the
   * last keys serve until they are a day old, and the server is asked less and less often.
   *
   * @throws ConfigurationError | ProtocolError | ResponseError | NetworkError | TimeoutError when there is no key set to look in
   */
  select(query: KeyQuery, request?: { readonly signal?: AbortSignal | undefined }): MaybePromise<KeySelection>
  /**
   * The public keys themselves, to encrypt to one of them.
   *
   * @throws as `select`
   */
  jwks(request?: { readonly signal?: AbortSignal | undefined }): Promise<readonly Jwk[]>
}

interface Entry {
  readonly keyring: Keyring
  /** Milliseconds since the epoch. From here on a use refreshes it in the background. */
  readonly loadedAt: number
  readonly refreshFrom: number
  readonly freshUntil: number
  readonly usableUntil: number
}

const day = 24 * 60 * 60_000
/** The part of its time after which a key set is refreshed while it is still good, so that nobody waits for it. */
const refreshAt = 0.8
const accept = 'application/jwk-set+json, application/json'

export function createKeyCache(options: KeyCacheOptions): KeyCache {
  const { runtime } = options
  const loader = createLoader(options, createBackOff(runtime))
  const unknownKids = createTokenBucket(runtime, 5, 5 * 60_000)

  async function selectFromNew(query: KeyQuery): Promise<KeySelection> {
    return (await loader.load()).keyring.select(query)
  }

  /** A key set that may be too old: asks for a new one, and falls back on the one in memory. */
  async function selectFromRenewed(query: KeyQuery, held: Entry): Promise<KeySelection> {
    const entry = await loader.load().catch(() => held)
    const selection = await entry.keyring.select(query)
    return entry === held ? selectOrAsk(query, selection) : selection
  }

  /** RFC 7517 4.5: a kid that we do not know may be that of a key rotated in a second ago; forged ones must not flood. */
  function selectOrAsk(query: KeyQuery, selection: KeySelection): MaybePromise<KeySelection> {
    if (selection.kind !== 'unknown') return selection
    if (loader.isLoading()) return selectFromNew(query)
    return loader.isWaiting() || !unknownKids.take() ? selection : selectFromNew(query)
  }

  return {
    select(query, { signal } = {}) {
      const now = runtime.now()
      const held = loader.held()
      if (!held || now >= held.usableUntil) return abortable(selectFromNew(query), signal)
      // Keys from the future: the clock was set back, and nothing of their age can be told.
      const isOld = now >= held.freshUntil || now < held.loadedAt
      if (isOld && !loader.isWaiting()) return abortable(selectFromRenewed(query, held), signal)
      // A failure is the back-off's to remember; the keys in memory are still good.
      if (now >= held.refreshFrom && !loader.isWaiting()) loader.load().catch(() => {})
      const selection = held.keyring.select(query)
      if (selection instanceof Promise) {
        return abortable(
          selection.then((settled) => selectOrAsk(query, settled)),
          signal,
        )
      }
      const outcome = selectOrAsk(query, selection)
      return outcome instanceof Promise ? abortable(outcome, signal) : outcome
    },
    async jwks({ signal } = {}) {
      const held = loader.held()
      if (held && runtime.now() < held.freshUntil) return held.keyring.jwks
      const isUsable = held && runtime.now() < held.usableUntil
      const entry = await abortable(isUsable ? loader.load().catch(() => held) : loader.load(), signal)
      return entry.keyring.jwks
    },
  }
}

interface Loader {
  held(): Entry | undefined
  isLoading(): boolean
  isWaiting(): boolean
  load(): Promise<Entry>
}

function createLoader(options: KeyCacheOptions, backOff: BackOff): Loader {
  const flights = createSingleFlight<Entry>()
  let entry: Entry | undefined
  let failure: unknown

  async function loadNow(): Promise<Entry> {
    // The negative cool-down: the last failure answers for a server that was seen down a moment ago.
    if (backOff.isWaiting()) throw failure
    try {
      entry = await (options.observer?.watch('jwks', () => loadKeys(options)) ?? loadKeys(options))
      backOff.succeeded()
      return entry
    } catch (error) {
      failure = error
      backOff.failed()
      throw error
    }
  }

  return {
    held: () => entry,
    isLoading: () => flights.current('') !== undefined,
    isWaiting: () => backOff.isWaiting(),
    load: () => flights.run('', loadNow),
  }
}

async function loadKeys({ metadata, fetch, runtime, timeout, quirks }: KeyCacheOptions): Promise<Entry> {
  const url = requireJwksUri(await metadata.get())
  const { body, headers } = await fetchJson(fetch, url, {
    accept,
    clause: 'RFC 7517 5',
    ...(timeout !== undefined && { timeout }),
  })
  const keyring = createKeyring(body, quirks)
  const now = runtime.now()
  const lifetime = freshFor(headers, documentFreshness)
  return {
    keyring,
    loadedAt: now,
    refreshFrom: now + lifetime * refreshAt,
    freshUntil: now + lifetime,
    usableUntil: now + day,
  }
}

function requireJwksUri({ jwks_uri: uri }: { readonly jwks_uri?: string }): string {
  if (uri !== undefined) return uri
  const message = 'the metadata has no "jwks_uri"; expected one, or the keys themselves as "jwks"'
  throw new ConfigurationError('missing_metadata', message, {
    field: 'jwks_uri',
    clause: 'RFC 8414 2',
    expected: 'https URL',
    actual: 'absent',
  })
}
