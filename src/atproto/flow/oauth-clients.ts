import type { AuthorizationServerMetadata } from '../../../generated/models.ts'
import { createOAuthClientOver, type OAuthClient } from '../../client/oauth-client.ts'
import type { RecordStore } from '../../lib/record-store.ts'
import { type ClientKey, none } from '../../protocol/client-auth.ts'
import type { ClientEventListener } from '../../protocol/client-event.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { requireNonces } from '../require-nonces.ts'
import type { AtprotoClientSettings } from './client-settings.ts'

/** One application's OAuth clients: one for each issuer, key and redirect URI. */
export interface OAuthClients {
  /** With the newest key. */
  forLogin(issuer: string, redirectUri: string, signal?: AbortSignal): Promise<OwnClient>
  /** With the key that a login or session began with. */
  forKey(issuer: string, key: ClientKey | undefined, redirectUri?: string): Promise<OwnClient>
}

export interface OwnClient {
  readonly client: OAuthClient
  /** Absent for a public client. */
  readonly clientKey?: ClientKey
}

interface Entry extends OwnClient {
  readonly metadata: AuthorizationServerMetadata
}

/** They hold nothing but caches and nonces; the one that was made longest ago goes. */
const most = 1000

export function createOAuthClients(
  settings: AtprotoClientSettings,
  discovery: Discovery,
  { transactions, onEvent }: { readonly transactions: RecordStore; readonly onEvent: ClientEventListener },
): OAuthClients {
  const { clientId, keys, scopes, fetch, runtime, timeout, allowLoopbackHttp } = settings
  const entries = new Map<string, Entry>()

  async function clientFor(
    issuer: string,
    redirectUri: string,
    known: Awaited<ReturnType<NonNullable<typeof keys>['newest']>> | undefined,
    signal?: AbortSignal,
  ): Promise<OwnClient> {
    const metadata = await discovery.metadata(issuer, { signal })
    const name = `${issuer} ${redirectUri} ${known?.clientKey.thumbprint ?? ''}`
    const held = entries.get(name)
    // A client knows the metadata that it was made with; while that says the same, its nonces are worth keeping.
    if (held && isSame(held.metadata, metadata)) return held
    const client = createOAuthClientOver({
      issuer,
      clientId,
      clientAuth: known?.clientAuth ?? none(),
      redirectUri,
      scope: scopes.join(' '),
      dpop: true,
      requireScope: true,
      transactions,
      fetch: requireNonces(fetch),
      runtime,
      timeout,
      metadata,
      onEvent,
      discover: false,
      allowLoopbackHttp,
    })
    const entry = { client, metadata, ...(known && { clientKey: known.clientKey }) }
    entries.delete(name)
    entries.set(name, entry)
    if (entries.size > most) entries.delete(entries.keys().next().value!)
    return entry
  }

  return {
    forLogin: async (issuer, redirectUri, signal) => await clientFor(issuer, redirectUri, await keys?.newest(), signal),
    async forKey(issuer, key, redirectUri = settings.redirectUris[0]) {
      return await clientFor(issuer, redirectUri, key && keys ? await keys.find(key) : undefined)
    },
  }
}

function isSame(one: AuthorizationServerMetadata, other: AuthorizationServerMetadata): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
