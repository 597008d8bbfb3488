import { defaultClientGrants, type RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'

/** The grants that a client may use: the host's word, else what it registered, else authorization_code (RFC 7591 2). */
export function clientGrants(config: TokenEndpointConfig, client: RegisteredClient): readonly string[] {
  return config.clientGrantTypes?.(client) ?? client.metadata.grant_types ?? defaultClientGrants
}
