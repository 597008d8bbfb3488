import { createIdentityResolver, type IdentityEvent, type IdentityResolverOptions } from '../../src/atproto/index.ts'
import { alice, createFakeNetwork } from '../support/atproto/fake-network.ts'

export const wellKnown = `https://${alice.handle}/.well-known/atproto-did`

export const bob = 'did:plc:z72i7hdynmk6r22z27h6tvur'

/** A resolver over a network of the test's own, with what it told. */
export function aResolver(options: Partial<IdentityResolverOptions> = {}) {
  const network = createFakeNetwork()
  const events: IdentityEvent[] = []
  const resolver = createIdentityResolver({
    fetch: network.fetch,
    resolveTxt: network.resolveTxt,
    runtime: network.clock,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { network, resolver, events, clock: network.clock }
}
