import { createMemoryStore, type RecordStore } from '../../src/stores/memory/index.ts'
import {
  createTokenManager,
  type TokenEvent,
  type TokenManager,
  type TokenManagerOptions,
} from '../../src/tokens/index.ts'
import { createFakeRuntime, type FakeRuntime } from '../support/fake-runtime.ts'
import { type AnIssuer, anIssuer, clientId, issuer } from './an-issuer.ts'

export interface Rig {
  readonly clock: FakeRuntime
  readonly issuer: AnIssuer
  readonly store: RecordStore
  readonly events: TokenEvent[]
  readonly manager: TokenManager
  /** Another process over the same store. */
  another(options?: Partial<TokenManagerOptions>): TokenManager
}

export const client = { client_id: clientId, client_secret: 'a secret of some length, for a client of tests' }
export const place = { issuer, client } as const
export const alice = { kind: 'sub', sub: 'alice' } as const
export const theClient = { kind: 'client_credentials' } as const

export interface RigOptions extends Partial<TokenManagerOptions> {
  /** Stands between the manager and its store. */
  readonly wrapStore?: (store: RecordStore) => RecordStore
}

export function aRig({ wrapStore, ...options }: RigOptions = {}): Rig {
  let drawn = 0
  const clock = {
    ...createFakeRuntime(),
    // Two managers of a test draw different bytes, as two processes do.
    randomBytes: (length: number) => {
      drawn += 1
      return Uint8Array.from({ length }, (_, i) => (drawn >> (8 * (i % 3))) & 255)
    },
    // Waiting costs a turn of the event loop.
    delay: () => new Promise<void>((resolve) => setImmediate(resolve)),
  }
  const server = anIssuer(clock)
  const memory = createMemoryStore({ runtime: clock, maxRecords: 2_000_000 })
  const store = wrapStore?.(memory) ?? memory
  const events: TokenEvent[] = []
  const common = { store, runtime: clock, fetch: server.fetch, autoIntrospect: false }
  const manager = createTokenManager({ ...common, onEvent: (event) => events.push(event), ...options })
  return {
    clock,
    issuer: server,
    store,
    events,
    manager,
    another: (more) => createTokenManager({ ...common, ...options, ...more }),
  }
}

/** A refresh token of a login of alice's, at the issuer and in the manager. */
export async function aLogin(rig: Rig, scope = 'openid read write', sub = 'alice'): Promise<string> {
  const refreshToken = rig.issuer.login(sub, scope)
  await rig.manager.refreshTokens.register(refreshToken, { ...place, metadata: { sub, scope } })
  return refreshToken
}

/** How often a store was searched and read, and what was put into it. */
export interface StoreCalls {
  find: number
  get: number
  commit: number
  sweep: number
}

export function countCalls(store: RecordStore, calls: StoreCalls): RecordStore {
  const count = <T>(name: keyof StoreCalls, result: T): T => {
    calls[name]++
    return result
  }
  return {
    find: (index, value) => count('find', store.find(index, value)),
    get: (key) => count('get', store.get(key)),
    commit: (changes) => count('commit', store.commit(changes)),
    sweep: () => count('sweep', store.sweep()),
  }
}
