import type { Fetch } from '../lib/fetch.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { authenticateClient } from '../lib/wire/authenticate-client.ts'
import type { ClientAuth } from '../protocol/client-auth.ts'
import type { ServerClocks } from './server-clocks.ts'

export interface ClientAuthOptions {
  readonly clientId: string
  readonly clientAuth: ClientAuth
  /** The issuer: the audience of assertions. */
  readonly issuer: string
  /** The time of each server, for the times in assertions. @default the runtime's */
  readonly clocks?: ServerClocks | undefined
  /** @default systemRuntime */
  readonly runtime?: Runtime
}

/**
 * Lets the client prove itself in every form POST. Assertions are made afresh for each attempt, so what sends
 * again stands outside of it.
 *
 * @throws TypeError for a request with an Authorization field of its own, or with a body that is no form
 * @see RFC 6749 2.3
 */
export function withClientAuth(fetch: Fetch, options: ClientAuthOptions): Fetch {
  const { clocks, runtime = systemRuntime } = options
  return async (request) =>
    fetch(await authenticateClient(request, { ...options, runtime: clocks?.runtimeFor(request.url) ?? runtime }))
}
