import { splitScope } from '../protocol/scope.ts'
import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { readScope, refuseScope } from './scope-policy.ts'

/** What a client asks a user for: known scopes, and within those that it registered where it registered any (RFC 7591 2). */
export function readClientScope(
  config: TokenEndpointConfig,
  { metadata }: RegisteredClient,
  text: string | undefined,
): readonly string[] {
  const asked = readScope(config, text)
  if (typeof metadata.scope !== 'string') return asked ?? []
  const registered = splitScope(metadata.scope)
  if (!asked) return registered.filter((one) => one !== 'openid' && one !== 'offline_access')
  if (asked.some((one) => !registered.includes(one))) throw refuseScope('scope beyond the registered')
  return asked
}
