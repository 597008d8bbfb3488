import type { AuthorizationServerMetadata } from '../../../generated/models.ts'
import { AtprotoError } from '../../errors/atproto.ts'
import { ProtocolError } from '../../errors/protocol.ts'
import { fetchJson } from '../../http/json-fetch.ts'
import { withoutRedirects } from '../../http/redirects.ts'
import { documentFreshness, freshFor } from '../../issuer/freshness.ts'
import { settleThirdParty, type ThirdPartyOptions } from '../../issuer/third-party.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions } from '../../lib/options.ts'
import type { Runtime } from '../../lib/runtime.ts'
import { abortable, createSingleFlight } from '../../lib/single-flight.ts'
import { protectedResourceMetadataUrl } from '../../protocol/protected-resource-metadata.ts'
import { judgeResourceMetadata } from '../../protocol/resource-discovery.ts'
import { assertIssuer, judgeServerMetadata, judgeServerOfPds } from './server-metadata-rules.ts'

/** How servers are asked for their metadata. */
export interface DiscoveryOptions extends Omit<ThirdPartyOptions, 'onEvent'> {
  /** Asks anew, whatever is in memory. @default false */
  readonly fresh?: boolean
}

export interface DiscoveryWishes {
  readonly fresh?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Which authorization server a PDS has, and what that can do; both kept for as long as the servers say. */
export interface Discovery {
  authorizationServer(pds: string, wishes?: DiscoveryWishes): Promise<string>
  metadata(issuer: string, wishes?: DiscoveryWishes): Promise<AuthorizationServerMetadata>
}

interface DiscoverySettings {
  readonly fetch: Fetch
  readonly runtime: Runtime
  readonly timeout: number
  readonly allowLoopbackHttp: boolean
}

/** The well-known documents of this many servers are kept; the one that was loaded longest ago goes. */
const mostServers = 1000

export function createDiscovery(settings: DiscoverySettings): Discovery {
  const { runtime, timeout, allowLoopbackHttp } = settings
  // A redirect could lead a server's metadata to somebody else's.
  const fetch = withoutRedirects(settings.fetch)
  const servers = createDocuments<string>(runtime)
  const documents = createDocuments<AuthorizationServerMetadata>(runtime)
  return {
    authorizationServer: (pds, wishes = {}) =>
      servers.get(pds, wishes, async () => {
        const resource = assertPds(pds, allowLoopbackHttp)
        const { body, headers } = await fetchJson(fetch, protectedResourceMetadataUrl(resource, allowLoopbackHttp), {
          clause: 'RFC 9728 3.2',
          timeout,
        })
        const { authorization_servers: named } = judgeResource(body, resource, allowLoopbackHttp)
        return { value: judgeServerOfPds(named, resource, allowLoopbackHttp), headers }
      }),
    metadata: (text, wishes = {}) =>
      documents.get(text, wishes, async () => {
        const issuer = assertIssuer(text, allowLoopbackHttp)
        const { body, headers } = await fetchJson(fetch, `${issuer}/.well-known/oauth-authorization-server`, {
          timeout,
        })
        return { value: judgeServerMetadata(body, { issuer, allowLoopbackHttp }), headers }
      }),
  }
}

/**
 * The authorization server of a PDS: it names exactly one, a bare origin.
 *
 * @param pds the origin of the PDS
 * @throws AtprotoError `invalid_pds`, `invalid_metadata`, `invalid_issuer`
 * @throws ResponseError (status 200 exactly, no redirect), RequestError, NetworkError, TimeoutError
 * @see RFC 9728 3, AT Protocol OAuth, "Server Metadata"
 */
export async function getAuthorizationServer(pds: string, options: DiscoveryOptions = {}): Promise<string> {
  return await sharedDiscovery('getAuthorizationServer', options).authorizationServer(pds, options)
}

/**
 * The metadata of an authorization server, with everything that the profile demands of it.
 *
 * @throws AtprotoError `invalid_issuer`, `invalid_metadata`
 * @throws ResponseError (status 200 exactly, no redirect), RequestError, NetworkError, TimeoutError
 * @see RFC 8414 3, AT Protocol OAuth, "Server Metadata"
 */
export async function getAuthorizationServerMetadata(
  issuer: string,
  options: DiscoveryOptions = {},
): Promise<AuthorizationServerMetadata> {
  return await sharedDiscovery('getAuthorizationServerMetadata', options).metadata(issuer, options)
}

// By fetch and clock, so that a test or a tenant with its own shares nothing.
const shelves = new WeakMap<Fetch, WeakMap<Runtime, Map<boolean, Discovery>>>()

function sharedDiscovery(name: string, options: DiscoveryOptions): Discovery {
  assertKnownOptions(name, options, ['fetch', 'runtime', 'timeout', 'allowLoopbackHttp', 'signal', 'fresh'])
  const settings = settleThirdParty(options)
  const byRuntime = shelves.get(settings.fetch) ?? new WeakMap<Runtime, Map<boolean, Discovery>>()
  shelves.set(settings.fetch, byRuntime)
  const byMode = byRuntime.get(settings.runtime) ?? new Map<boolean, Discovery>()
  byRuntime.set(settings.runtime, byMode)
  const known = byMode.get(settings.allowLoopbackHttp) ?? createDiscovery(settings)
  byMode.set(settings.allowLoopbackHttp, known)
  return known
}

interface Documents<Value> {
  get(
    name: string,
    wishes: DiscoveryWishes,
    load: () => Promise<{ readonly value: Value; readonly headers: Headers }>,
  ): Promise<Value>
}

/** Failures are not remembered, and nothing serves beyond its time: who logs in hangs on it. */
function createDocuments<Value>(runtime: Runtime): Documents<Value> {
  const entries = new Map<string, { readonly value: Value; readonly loadedAt: number; readonly freshUntil: number }>()
  const flights = createSingleFlight<Value>()
  return {
    async get(name, { fresh = false, signal }, load) {
      const entry = entries.get(name)
      const now = runtime.now()
      if (!fresh && entry && now >= entry.loadedAt && now < entry.freshUntil) return entry.value
      const flight = flights.run(name, async () => {
        const { value, headers } = await load()
        const loadedAt = runtime.now()
        const most = documentFreshness.standard
        const freshUntil = loadedAt + freshFor(headers, { ...documentFreshness, most })
        entries.delete(name)
        entries.set(name, { value, loadedAt, freshUntil })
        if (entries.size > mostServers) entries.delete(entries.keys().next().value!)
        return value
      })
      return await abortable(flight, signal)
    },
  }
}

/** @throws AtprotoError `invalid_pds` */
function assertPds(pds: string, allowLoopbackHttp: boolean): string {
  try {
    return assertIssuer(typeof pds === 'string' ? pds.replace(/\/$/, '') : pds, allowLoopbackHttp)
  } catch (cause) {
    const { expected, actual } = cause as AtprotoError
    const message = `"${String(actual)}" can be no PDS; expected an https URL without path`
    throw new AtprotoError('invalid_pds', message, {
      clause: 'AT Protocol DID, "DID Documents"',
      expected,
      actual,
      cause,
    })
  }
}

function judgeResource(body: unknown, resource: string, allowLoopbackHttp: boolean) {
  try {
    return judgeResourceMetadata(body, { resource, allowLoopbackHttp })
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    const { clause, expected, actual } = cause
    const message = `the metadata of ${resource} is not to be believed: ${cause.message}`
    throw new AtprotoError('invalid_metadata', message, { clause, expected, actual, cause })
  }
}
