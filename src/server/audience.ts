import { normaliseResources } from '../protocol/resource-indicators.ts'
import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHost, Refusal } from './refusal.ts'

/** Resources as they were asked for, each once. @throws Refusal invalid_target for what is no absolute URI without fragment */
export function readResources(resources: readonly string[]): readonly string[] {
  try {
    return normaliseResources(resources) ?? []
  } catch {
    // RFC 8707 2: the error for a resource that is malformed, too. Its text is the client's and stays out.
    throw refuseTarget('resource is no absolute URI without fragment')
  }
}

/**
 * The audience of a token: what was asked for, else the ceiling, else the configured one; within the ceiling, and
 * within what this server serves for this client.
 *
 * @param ceiling what was frozen with the grant. @default the configured audience; `null`: whatever is served
 * @see RFC 8707 2
 */
export async function resolveAudience(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  asked: readonly string[],
  ceiling: readonly string[] | null,
): Promise<readonly string[]> {
  const granted = ceiling === null || ceiling.length === 0 ? [config.audience] : ceiling
  const audience = asked.length > 0 ? [...new Set(asked)] : granted
  if (ceiling !== null && audience.some((one) => !granted.includes(one))) {
    throw refuseTarget('resource beyond the grant')
  }
  await assertServed(config, client, audience)
  return audience
}

/** Refuses resources that this server does not serve for this client. */
export async function assertServed(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  audience: readonly string[],
): Promise<void> {
  const common = [config.audience, ...config.resources]
  const others = audience.filter((one) => !common.includes(one))
  if (others.length === 0) return
  const own = config.clientResources ? await callHost('clientResources', () => config.clientResources!(client)) : []
  if (others.some((one) => !own.includes(one))) throw refuseTarget('resource not served')
}

/** RFC 7519 4.1.3: one value is a string, several an array. */
export function audienceClaim(audience: readonly string[]): string | readonly string[] {
  return audience.length === 1 ? audience[0]! : audience
}

function refuseTarget(reason: string): Refusal {
  return new Refusal('invalid_target', 'the resource is invalid, unknown, or beyond the grant', { reason })
}
