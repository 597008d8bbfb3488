import { clientList, defaultClientGrants, type RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHostAtOnce, hostList } from './refusal.ts'

/** The grants that a client may use: the host's word, else what it registered, else authorization_code (RFC 7591 2). */
export function clientGrants(config: TokenEndpointConfig, client: RegisteredClient): readonly string[] {
  const { clientGrantTypes: ask } = config
  const allowed = ask && callHostAtOnce('clientGrantTypes', () => ask(client))
  if (allowed !== undefined) return hostList('clientGrantTypes', allowed)
  return clientList(client, 'grant_types') ?? defaultClientGrants
}
