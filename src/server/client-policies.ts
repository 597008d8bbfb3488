import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHostAtOnce } from './refusal.ts'

// What the host says of a client, else what the client registered.

/** Without the callback no client is public: that fails closed. */
export function isPublicClient({ isPublicClient: ask }: TokenEndpointConfig, client: RegisteredClient): boolean {
  return ask !== undefined && callHostAtOnce('isPublicClient', () => ask(client)) === true
}

export function isNativeClient({ isNativeClient: ask }: TokenEndpointConfig, client: RegisteredClient): boolean {
  return (ask && callHostAtOnce('isNativeClient', () => ask(client))) ?? client.metadata.application_type === 'native'
}

/** RFC 9449 5.2 */
export function requiresDpop({ clientRequiresDpop: ask }: TokenEndpointConfig, client: RegisteredClient): boolean {
  const asked = ask && callHostAtOnce('clientRequiresDpop', () => ask(client))
  return asked ?? client.metadata.dpop_bound_access_tokens === true
}

/** RFC 8705 3.4 */
export function requiresMtls({ clientRequiresMtls: ask }: TokenEndpointConfig, client: RegisteredClient): boolean {
  const asked = ask && callHostAtOnce('clientRequiresMtls', () => ask(client))
  return asked ?? client.metadata.tls_client_certificate_bound_access_tokens === true
}
