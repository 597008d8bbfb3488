import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHost, hostList, Refusal } from './refusal.ts'

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
export function resolveAudience(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  asked: readonly string[],
  ceiling: readonly string[] | null,
): MaybePromise<readonly string[]> {
  const granted = ceiling === null || ceiling.length === 0 ? [config.audience] : ceiling
  const audience = asked.length > 0 ? [...new Set(asked)] : granted
  if (ceiling !== null && audience.some((one) => !granted.includes(one))) {
    throw refuseTarget('resource beyond the grant')
  }
  return andThen(assertServed(config, client, audience), () => audience)
}

/** Refuses resources that this server does not serve for this client. */
export function assertServed(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  audience: readonly string[],
): MaybePromise<void> {
  const common = [config.audience, ...config.resources]
  const others = audience.filter((one) => !common.includes(one))
  if (others.length === 0) return
  const { clientResources } = config
  const ownOnes = clientResources ? callHost('clientResources', () => clientResources(client)) : []
  return andThen(ownOnes, (answer) => {
    const own = hostList('clientResources', answer)
    if (others.some((one) => !own.includes(one))) throw refuseTarget('resource not served')
  })
}

/** RFC 7519 4.1.3: one value is a string, several an array. */
export function audienceClaim(audience: readonly string[]): string | readonly string[] {
  return audience.length === 1 ? audience[0]! : audience
}

function refuseTarget(reason: string): Refusal {
  return new Refusal('invalid_target', 'the resource is invalid, unknown, or beyond the grant', { reason })
}
