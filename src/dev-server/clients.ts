import { timingSafeEqual } from '../lib/constant-time.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { RecordStore } from '../lib/record-store.ts'
import { createClientStore, type RegisteredClient } from '../server/index.ts'
import type { DevClient } from './options.ts'

/** The clients that were configured, and those that registered themselves. */
export interface Clients {
  loadClient(clientId: string): MaybePromise<RegisteredClient | undefined>
  verifyClientSecret(client: RegisteredClient, secret: string): MaybePromise<boolean>
  loadClientSecret(client: RegisteredClient): string | undefined
  /** The ids of those that were configured or added; not of those that registered themselves. */
  names(): readonly string[]
  /** Adds or replaces one. */
  add(client: DevClient): void
}

/** @see RFC 7591 */
export function createClients(configured: readonly DevClient[], store: RecordStore): Clients {
  const known = new Map<string, RegisteredClient>()
  const secrets = new Map<string, string>()
  const registered = createClientStore(store)
  const add = ({ client_id: clientId, client_secret: secret, ...metadata }: DevClient) => {
    known.set(clientId, { clientId, metadata })
    if (secret === undefined) secrets.delete(clientId)
    else secrets.set(clientId, secret)
  }
  for (const client of configured) add(client)
  return {
    loadClient: (clientId) => known.get(clientId) ?? registered.loadClient(clientId),
    verifyClientSecret(client, secret) {
      const expected = secrets.get(client.clientId)
      if (expected === undefined) return registered.verifyClientSecret(client, secret)
      return timingSafeEqual(expected, secret)
    },
    loadClientSecret: ({ clientId }) => secrets.get(clientId),
    names: () => [...known.keys()],
    add,
  }
}
