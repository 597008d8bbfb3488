import { normaliseClientOptions } from '../client/client-options.ts'
import type { ClientParts } from '../client/client-parts.ts'
import { TokenError } from '../errors/token.ts'
import { fetchJson } from '../http/json-fetch.ts'
import { createIssuer } from '../issuer/issuer.ts'
import type { Fetch } from '../lib/fetch.ts'
import type { Jwk } from '../lib/signatures/types.ts'
import { assertEndpointUrl } from '../protocol/url-rules.ts'
import { type ClientConfiguration, clientOptionsOf, type LoadKeys } from './client-configuration.ts'
import type { FetchDecorator, TokenManagerSettings, TokenOverrides } from './manager-options.ts'

/** A client: what it was registered with, or the `client_id` of one that the manager knows. */
export type ClientInput = string | ClientConfiguration

export interface Connections {
  /**
   * What asks one issuer as one client, made once and kept for as long as its configuration stays the same.
   *
   * @throws TokenError `missing_client_metadata`
   */
  open(issuer: string, client: ClientInput, overrides?: TokenOverrides): ClientParts
  /** Remembers a configuration, so that its client is known by its id alone from now on. */
  learn(issuer: string, client: ClientInput): void
  /** Whether `open` would know this client by its id alone. */
  knows(issuer: string, clientId: string): boolean
}

/** @throws TypeError for what names no client */
export function clientIdOf(client: ClientInput, caller: string): string {
  const id: unknown = typeof client === 'string' ? client : client?.client_id
  if (typeof id === 'string' && id !== '') return id
  throw new TypeError(`${caller}: "client" must be a client_id or a configuration that has one`)
}

interface Known {
  readonly configuration: ClientConfiguration
  parts?: ClientParts
}

const maxKnown = 10_000
/** Milliseconds that keys from `jwks_uri` are used. */
const keysFreshFor = 5 * 60_000

export function createConnections(settings: TokenManagerSettings): Connections {
  const configured = new Map(settings.clients.map((client) => [keyOf(client.issuer, client.client_id), client]))
  const known = new Map<string, Known>()

  function configurationOf(issuer: string, client: ClientInput): ClientConfiguration {
    if (typeof client !== 'string') return client
    const found = configured.get(keyOf(issuer, client)) ?? known.get(keyOf(issuer, client))?.configuration
    if (found) return found
    const message = `the client "${client}" is not among "clients" for ${issuer}; give its configuration`
    throw new TokenError('missing_client_metadata', message, { field: 'client_id' })
  }

  function remember(key: string, configuration: ClientConfiguration): Known {
    const entry = known.get(key)
    if (entry && isSame(entry.configuration, configuration)) return entry
    const added: Known = { configuration }
    known.delete(key)
    known.set(key, added)
    // The oldest goes; its metadata is only asked for again.
    if (known.size > maxKnown) known.delete(known.keys().next().value!)
    return added
  }

  return {
    learn(issuer, client) {
      if (typeof client !== 'string') remember(keyOf(issuer, client.client_id), client)
    },
    knows: (issuer, clientId) => configured.has(keyOf(issuer, clientId)) || known.has(keyOf(issuer, clientId)),
    open(issuer, client, overrides = {}) {
      const configuration = configurationOf(issuer, client)
      // What only this call has makes a connection of its own, which nobody else gets.
      if (overrides.metadata || overrides.decorators) return connect(settings, issuer, configuration, overrides)
      const entry = remember(keyOf(issuer, configuration.client_id), configuration)
      entry.parts ??= connect(settings, issuer, configuration, {})
      return entry.parts
    },
  }
}

function connect(
  settings: TokenManagerSettings,
  issuer: string,
  configuration: ClientConfiguration,
  overrides: TokenOverrides,
): ClientParts {
  const own = settings.issuers[issuer] ?? {}
  const decorators = [...(overrides.decorators ?? []), ...settings.decorators, ...(own.decorators ?? [])]
  const fetch = decorate(settings.fetch, decorators)
  const metadata = { ...own.metadata, ...overrides.metadata }
  const { metadata: local, ...client } = normaliseClientOptions({
    ...clientOptionsOf(configuration, createKeyLoader(fetch, settings)),
    issuer,
    clientId: configuration.client_id,
    fetch,
    // Nobody logs in through this client.
    transactions: settings.store,
    runtime: settings.runtime,
    timeout: settings.timeout,
    allowLoopbackHttp: settings.allowLoopbackHttp,
    discover: own.discover ?? true,
    allowBearerDowngrade: own.allowBearerDowngrade ?? false,
    ...(own.quirks && { quirks: own.quirks }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  })
  return {
    settings: { ...client, metadata: local },
    issuer: createIssuer({ ...client, ...(local && { metadata: local }) }),
  }
}

/** The first is outermost. */
function decorate(fetch: Fetch, decorators: readonly FetchDecorator[]): Fetch {
  return decorators.reduceRight((inner, decorator) => decorator(inner), fetch)
}

function createKeyLoader(fetch: Fetch, { runtime, timeout, allowLoopbackHttp }: TokenManagerSettings): LoadKeys {
  let held: { readonly keys: readonly Jwk[]; readonly until: number } | undefined
  return async (uri) => {
    if (held && runtime.now() < held.until) return held.keys
    // Private keys must not cross a network that others can read.
    assertEndpointUrl(uri, { field: 'jwks_uri', allowLoopbackHttp })
    const accept = 'application/jwk-set+json, application/json'
    const { body } = await fetchJson(fetch, uri, { accept, clause: 'RFC 7517 5', timeout })
    const { keys } = (body ?? {}) as { keys?: unknown }
    const objects = Array.isArray(keys) ? keys.filter((key) => typeof key === 'object' && key !== null) : []
    held = { keys: objects as readonly Jwk[], until: runtime.now() + keysFreshFor }
    return held.keys
  }
}

/** By content, so that a configuration that is written out at each call is known again. */
function isSame(one: ClientConfiguration, other: ClientConfiguration): boolean {
  if (one === other) return true
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => isSameValue(one[name], other[name]))
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  // What has functions in it, an authentication or a decryptor, is the same only when it is the same object.
  const isData = (value: unknown) => typeof value === 'object' && value !== null && !hasFunction(value)
  return isData(one) && isData(other) && JSON.stringify(one) === JSON.stringify(other)
}

function hasFunction(value: object): boolean {
  return Object.values(value).some((member) => typeof member === 'function')
}

const keyOf = (issuer: string, clientId: string) => JSON.stringify([issuer, clientId])
