import {
  type AtprotoClient,
  type AtprotoClientOptions,
  type AtprotoEvent,
  createAtprotoClient,
} from '../../src/atproto/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import type { Jwk } from '../../src/lib/signatures/types.ts'
import type { Session } from '../../src/sessions/index.ts'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { createFakeNetwork, type FakeNetwork } from '../support/atproto/fake-network.ts'
import type { FakeRuntime } from '../support/fake-runtime.ts'

export interface Rig {
  readonly network: FakeNetwork
  readonly client: AtprotoClient
  readonly clock: FakeRuntime
  readonly store: RecordStore
  readonly events: AtprotoEvent[]
  /** Another client over the same store: another process, or the same application after a new key. */
  anotherClient(options?: Partial<AtprotoClientOptions>): AtprotoClient
  logIn(client?: AtprotoClient, identifier?: string): Promise<Session>
}

/** A client key, made at run time. */
export async function aClientKey(kid = 'key-1'): Promise<Jwk & { readonly kid: string }> {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const jwk = await crypto.subtle.exportKey('jwk', privateKey)
  return { kty: 'EC', crv: 'P-256', x: jwk.x!, y: jwk.y!, d: jwk.d!, kid }
}

/** A confidential client in a network of its own. */
export async function aRig(options: Partial<AtprotoClientOptions> = {}): Promise<Rig> {
  const network = createFakeNetwork()
  const clock = { ...network.clock, randomBytes: systemRuntime.randomBytes }
  const store = options.store ?? createMemoryStore({ runtime: clock })
  const events: AtprotoEvent[] = []
  const key = options.key ?? (options.localhost ? undefined : await aClientKey())
  const create = (more: Partial<AtprotoClientOptions> = {}): AtprotoClient => {
    const created = createAtprotoClient({
      baseUrl: 'https://app.hoster.dev',
      scopes: ['transition:generic'],
      fetch: network.fetch,
      resolveTxt: network.resolveTxt,
      runtime: clock,
      store,
      onEvent: (event) => events.push(event),
      ...(key && { key }),
      ...options,
      ...more,
    })
    network.server.clients.set(created.clientId, created.clientMetadata)
    return created
  }
  const client = create()
  return {
    network,
    client,
    clock,
    store,
    events,
    anotherClient: create,
    async logIn(by = client, identifier = network.account.handle) {
      const url = await by.createAuthorizationUrl(identifier)
      return await by.handleCallback(network.server.login(url))
    },
  }
}
