import type { OAuthClient } from '../client/oauth-client.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Lock } from '../lib/lock.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import type { SessionEventListener } from './session-events.ts'

/** What `createSessions` takes: whose logins are kept, where, and how they are renewed. */
export interface SessionsOptions {
  readonly client: OAuthClient
  /** Where sessions are kept. @default a memory store: logins are gone at exit */
  readonly store?: RecordStore
  /** Keeps other processes from refreshing at the same time. @default none; correct, with a wait to spare */
  readonly lock?: Lock
  readonly onEvent?: SessionEventListener
  /** What relative URLs of `session.fetch` are resolved on. @default the first resource of the login that is a URL */
  readonly baseUrl?: string | URL
  /** Further origins that a session's token may go to. @default those of baseUrl, the resources, and userinfo for OpenID logins */
  readonly origins?: readonly string[]
  /** Milliseconds before expiry to refresh, at most a quarter of the token's life. @default 60_000 */
  readonly refreshAhead?: number
  /**
   * Milliseconds for which the issuer is known to answer a used refresh token with the same successor. Within them a
   * refresh whose answer was lost is sent once more; at any other issuer that could end the whole login.
   * @default 0, unknown
   */
  readonly rotationGrace?: number
  /** Milliseconds after the last refresh until a session is forgotten. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  /** Milliseconds until another process's logout is noticed; at once where the store announces changes. @default 5_000 */
  readonly revalidateAfter?: number
  /** The transport of `session.fetch`. @default the client's */
  readonly fetch?: Fetch
}

const defaults = { refreshAhead: 60_000, rotationGrace: 0, lifetime: 90 * 86_400_000, revalidateAfter: 5_000 } as const

/** A time of expiry is kept as JSON, which has no infinity; and a timer takes 31 bits. */
const greatest: Partial<Record<keyof typeof defaults, number>> = {
  lifetime: Number.MAX_SAFE_INTEGER,
  rotationGrace: 2 ** 31 - 1,
}

const optionNames = [...['client', 'store', 'lock', 'onEvent', 'baseUrl', 'origins', 'fetch'], ...Object.keys(defaults)]

/** The options with every default filled in. */
export interface SessionSettings<Client> {
  readonly client: Client
  readonly store: RecordStore
  readonly lock: Lock | undefined
  readonly onEvent: SessionEventListener | undefined
  readonly baseUrl: URL | undefined
  /** As origins. */
  readonly origins: readonly string[]
  readonly refreshAhead: number
  readonly rotationGrace: number
  readonly lifetime: number
  readonly revalidateAfter: number
  readonly fetch: Fetch
}

/** @throws TypeError that names the option */
export function normaliseSessionsOptions<Client extends { readonly fetch: Fetch }>(
  options: Omit<SessionsOptions, 'client'> & { readonly client: Client; readonly store: RecordStore },
): SessionSettings<Client> {
  assertKnownOptions('createSessions', options, optionNames)
  const { client, store, lock, onEvent } = options
  if (!client) throw new TypeError('createSessions: "client" is required; createOAuthClient makes one')
  if (typeof store?.commit !== 'function') throw new TypeError('createSessions: "store" must be a RecordStore')
  if (lock !== undefined && typeof lock?.withLock !== 'function') {
    throw new TypeError('createSessions: "lock" must be a Lock')
  }
  return {
    client,
    store,
    lock,
    onEvent,
    baseUrl: options.baseUrl === undefined ? undefined : httpUrl('baseUrl', options.baseUrl),
    origins: (options.origins ?? []).map((url) => httpUrl('origins', url).origin),
    refreshAhead: milliseconds('refreshAhead', options.refreshAhead, 0),
    rotationGrace: milliseconds('rotationGrace', options.rotationGrace, 0),
    lifetime: milliseconds('lifetime', options.lifetime, 1),
    revalidateAfter: milliseconds('revalidateAfter', options.revalidateAfter, 0),
    fetch: options.fetch ?? client.fetch,
  }
}

function httpUrl(name: string, url: string | URL): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol === 'https:' || parsed?.protocol === 'http:') return parsed
  throw new TypeError(`createSessions: "${name}" must be absolute http(s) URLs; got "${String(url).slice(0, 100)}"`)
}

function milliseconds(name: keyof typeof defaults, value: number | undefined, least: number): number {
  if (value === undefined) return defaults[name]
  const most = greatest[name] ?? Number.POSITIVE_INFINITY
  if (typeof value === 'number' && value >= least && value <= most) return value
  const atMost = most === Number.POSITIVE_INFINITY ? 'or more' : `to ${most}`
  throw new TypeError(`createSessions: "${name}" must be a number of milliseconds, ${least} ${atMost}`)
}
