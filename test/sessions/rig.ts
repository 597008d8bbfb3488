import type { OAuthClient, OAuthClientOptions } from '../../src/client/index.ts'
import { createOAuthClient } from '../../src/client/index.ts'
import { systemRuntime } from '../../src/lib/runtime.ts'
import {
  createSessions,
  type Session,
  type SessionEvent,
  type Sessions,
  type SessionsOptions,
} from '../../src/sessions/index.ts'
import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'
import { optionsFor } from '../support/hostile/client-options.ts'
import { type HostileProvider, type HostileProviderOptions, startHostileProvider } from '../support/hostile-provider.ts'

export interface Rig {
  readonly provider: HostileProvider
  readonly client: OAuthClient
  readonly clock: FakeRuntime
  readonly store: RecordStore
  readonly events: SessionEvent[]
  readonly sessions: Sessions
  readonly session: Session
  /** The userinfo endpoint, which is the API of these tests. */
  readonly api: string
  /** Another process over the same store. */
  anotherProcess(options?: Partial<SessionsOptions>): Sessions
}

export interface RigOptions extends Pick<HostileProviderOptions, 'client' | 'faults'> {
  readonly sessions?: Partial<SessionsOptions>
  readonly clientOptions?: Partial<OAuthClientOptions>
  /** Stands between the sessions and their store. */
  readonly wrapStore?: (store: RecordStore) => RecordStore
}

const open: HostileProvider[] = []

export async function closeRigs(): Promise<void> {
  await Promise.all(open.splice(0).map((provider) => provider.close()))
}

/** A session at an honest provider, unless `faults` say otherwise, with a clock that the test moves. */
export async function aSession(options: RigOptions = {}): Promise<Rig> {
  // The ids of two rigs must differ, as those of two processes do.
  const clock = { ...createFakeRuntime(), randomBytes: systemRuntime.randomBytes }
  const provider = await startHostileProvider({
    now: clock.now,
    client: { scope: 'openid profile offline_access', ...options.client },
    ...(options.faults && { faults: options.faults }),
  })
  open.push(provider)
  const memory = createMemoryStore({ runtime: clock })
  const store = options.wrapStore?.(memory) ?? memory
  const events: SessionEvent[] = []
  const createClient = () =>
    createOAuthClient(
      optionsFor(provider, {
        scope: options.client?.scope ?? 'openid profile offline_access',
        dpop: options.client?.dpop ?? false,
        runtime: clock,
        ...options.clientOptions,
      }),
    )
  const client = createClient()
  const sessions = createSessions({ client, store, onEvent: (event) => events.push(event), ...options.sessions })
  const url = await client.createAuthorizationUrl()
  const session = await sessions.handleCallback(provider.login(url))
  return {
    provider,
    client,
    clock,
    store,
    events,
    sessions,
    session,
    api: `${provider.issuer}/userinfo`,
    anotherProcess: (more) => createSessions({ client: createClient(), store: connectedTo(store), ...more }),
  }
}

/** The same records through a connection of its own, as another process has it. */
function connectedTo(store: RecordStore): RecordStore {
  return {
    get: (key) => store.get(key),
    find: (index, value) => store.find(index, value),
    commit: (changes) => store.commit(changes),
    sweep: () => store.sweep(),
  }
}
