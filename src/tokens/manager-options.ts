import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Lock } from '../lib/lock.ts'
import { assertKnownOptions, assertOptions, assertSwitches } from '../lib/options.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import type { Quirk } from '../protocol/quirks.ts'
import type { ClientConfiguration } from './client-configuration.ts'
import type { TokenEventListener } from './token-events.ts'

/** Puts something around every request: a header, a log, a proxy. What it is given sends. */
export type FetchDecorator = (fetch: Fetch) => Fetch

/** What every function takes as its last argument, to override the manager's own. */
export interface TokenOverrides {
  /** Asks the server about a token that is registered. @default true */
  readonly autoIntrospect?: boolean
  /** Milliseconds for which what introspection said is not asked again. @default 30_000 */
  readonly minIntrospectInterval?: number
  /** Milliseconds for which userinfo is not asked again. @default 30_000 */
  readonly minUserinfoRefreshInterval?: number
  /** Revokes at the server what is deleted here, in the background. @default true */
  readonly revokeOnDelete?: boolean
  /** Milliseconds that a token must have to live to be given out. @default 30_000 */
  readonly minRemainingLife?: number
  /** Members of the server's metadata that win over the discovered and the configured ones. @default none */
  readonly metadata?: Partial<AuthorizationServerMetadata>
  /** Around everything that is sent for this call, outside of the manager's own. @default none */
  readonly decorators?: readonly FetchDecorator[]
  /** Ends this caller's wait. A refresh that has left goes on, since its refresh token is used up. */
  readonly signal?: AbortSignal
}

/** What is known of one issuer. */
export interface ManagedIssuer {
  /** Members that win over the discovered ones. */
  readonly metadata?: Partial<AuthorizationServerMetadata>
  /** `false` for a server without a metadata document. @default true */
  readonly discover?: boolean
  /** Around everything that is sent to this issuer, inside of those for all. @default none */
  readonly decorators?: readonly FetchDecorator[]
  /** Milliseconds for which the issuer answers a used refresh token with the same successor. @default 0, unknown */
  readonly rotationGrace?: number
  /** Takes a Bearer token where DPoP was asked for. @default false */
  readonly allowBearerDowngrade?: boolean
  /** Rules that the server is known to break. @default none */
  readonly quirks?: readonly Quirk[]
}

/** What `createTokenManager` takes; docs/tokens.md has a table of it. */
export interface TokenManagerOptions
  extends Pick<
    TokenOverrides,
    'autoIntrospect' | 'minIntrospectInterval' | 'minUserinfoRefreshInterval' | 'revokeOnDelete' | 'minRemainingLife'
  > {
  /** Where tokens and claims are kept. @default a memory store: they are gone at exit */
  readonly store?: RecordStore
  /** Keeps other processes from refreshing at the same time. @default none; correct, with a wait to spare */
  readonly lock?: Lock
  /** Clients that are named by their `client_id` alone, each with the issuer that it is registered at. @default none */
  readonly clients?: readonly (ClientConfiguration & { readonly issuer: string })[]
  /** By issuer identifier. @default all is discovered */
  readonly issuers?: Readonly<Record<string, ManagedIssuer>>
  /** @default the global fetch */
  readonly fetch?: Fetch
  /** Around everything that is sent, the first outermost. @default none */
  readonly decorators?: readonly FetchDecorator[]
  readonly onEvent?: TokenEventListener
  /** Milliseconds between sweeps of what has expired, each of a bounded number; a call sets one off, never a timer. @default 15_000 */
  readonly sweepInterval?: number
  /** Milliseconds after its last change that a token of unknown expiry, or a subject's claims, is kept. @default 7_776_000_000, 90 days */
  readonly lifetime?: number
  /** Milliseconds for each request, body included. @default 10_000 */
  readonly timeout?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  readonly runtime?: Runtime
}

const times = {
  minIntrospectInterval: 30_000,
  minUserinfoRefreshInterval: 30_000,
  minRemainingLife: 30_000,
  sweepInterval: 15_000,
  lifetime: 90 * 86_400_000,
  timeout: 10_000,
} as const
const switches = { autoIntrospect: true, revokeOnDelete: true, allowLoopbackHttp: false } as const

const optionNames = [
  ...['store', 'lock', 'clients', 'issuers', 'fetch', 'decorators', 'onEvent', 'runtime'],
  ...Object.keys(times),
  ...Object.keys(switches),
]
const issuerOptionNames = ['metadata', 'discover', 'decorators', 'rotationGrace', 'allowBearerDowngrade', 'quirks']
const overrideNames = [
  ...['autoIntrospect', 'minIntrospectInterval', 'minUserinfoRefreshInterval', 'revokeOnDelete', 'minRemainingLife'],
  ...['metadata', 'decorators', 'signal'],
]

/** The options with every default filled in. */
export type TokenManagerSettings = Required<Omit<TokenManagerOptions, 'lock' | 'onEvent'>> &
  Pick<TokenManagerOptions, 'lock' | 'onEvent'>

/** @throws TypeError that names the option */
export function normaliseManagerOptions(
  options: TokenManagerOptions & { readonly store: RecordStore; readonly fetch: Fetch },
): TokenManagerSettings {
  const name = 'createTokenManager'
  assertOptions(name, options)
  assertKnownOptions(name, options, optionNames)
  const { store, lock, clients = [], issuers = {}, runtime = systemRuntime, decorators = [] } = options
  if (typeof store?.commit !== 'function') throw new TypeError(`${name}: "store" must be a RecordStore`)
  if (lock !== undefined && typeof lock?.withLock !== 'function') throw new TypeError(`${name}: "lock" must be a Lock`)
  if (!Array.isArray(clients)) throw new TypeError(`${name}: "clients" must be a list`)
  for (const client of clients) assertClient(`${name}: "clients"`, client)
  assertOptions(`${name}: "issuers"`, issuers)
  for (const issuer of Object.values(issuers)) assertIssuerOptions(`${name}: "issuers"`, issuer)
  assertFunction(name, 'fetch', options.fetch)
  assertFunction(name, 'onEvent', options.onEvent)
  assertValues(name, options)
  return { ...times, ...switches, ...withoutUndefined(options), store, clients, issuers, runtime, decorators }
}

/** @throws TypeError that names the override */
export function withOverrides(
  settings: TokenManagerSettings,
  overrides: TokenOverrides | undefined,
  caller: string,
): TokenManagerSettings & Pick<TokenOverrides, 'signal'> {
  if (overrides === undefined) return settings
  assertOptions(caller, overrides)
  assertKnownOptions(caller, overrides, overrideNames)
  assertValues(caller, overrides)
  const { metadata, decorators, ...simple } = withoutUndefined(overrides)
  return { ...settings, ...simple }
}

function assertClient(caller: string, client: unknown): void {
  assertOptions(caller, client)
  const { issuer, client_id: id } = client as { issuer?: unknown; client_id?: unknown }
  if (typeof issuer === 'string' && typeof id === 'string' && id !== '') return
  throw new TypeError(`${caller}: each client needs "issuer" and "client_id"`)
}

function assertIssuerOptions(caller: string, issuer: ManagedIssuer): void {
  assertOptions(caller, issuer)
  assertKnownOptions(caller, issuer, issuerOptionNames)
  assertDecorators(caller, issuer.decorators)
}

function assertFunction(caller: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw new TypeError(`${caller}: "${name}" must be a function`)
}

function assertDecorators(caller: string, decorators: unknown): void {
  if (decorators === undefined) return
  const isList = Array.isArray(decorators) && decorators.every((one) => typeof one === 'function')
  if (!isList) throw new TypeError(`${caller}: "decorators" must be a list of functions`)
}

/** What the options of the manager and those of one call have in common. */
function assertValues(caller: string, options: Partial<TokenManagerOptions>): void {
  assertTimes(caller, options)
  assertDecorators(caller, options.decorators)
  assertSwitches(caller, options, Object.keys(switches) as (keyof typeof switches)[])
}

function assertTimes(caller: string, options: object): void {
  for (const name of Object.keys(times)) {
    const value = (options as Record<string, unknown>)[name]
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue
    throw new TypeError(`${caller}: "${name}" must be a number of milliseconds, 0 or more`)
  }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
