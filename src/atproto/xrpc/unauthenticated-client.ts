import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions, assertOptions } from '../../lib/options.ts'
import { systemRuntime } from '../../lib/runtime.ts'
import { createXrpcMethods, exchange } from './xrpc-client.ts'
import { normaliseXrpcOptions, serviceOrigin, xrpcOptionNames } from './xrpc-options.ts'
import type { AnyXrpcMethods, XrpcClient, XrpcClientOptions, XrpcMethods } from './xrpc-types.ts'

/** What `createUnauthenticatedXrpcClient` takes. */
export interface UnauthenticatedXrpcClientOptions extends XrpcClientOptions {
  /** The origin of the server, a PDS, an AppView, a relay: https, or http on this machine. */
  readonly service: string | URL
  /** @default the global fetch */
  readonly fetch?: Fetch
}

const name = 'createUnauthenticatedXrpcClient'

/**
 * Calls that need no account.
 *
 * @throws TypeError for an option that is missing, unknown or of the wrong form
 * @example
 * const xrpc = createUnauthenticatedXrpcClient({ service: 'https://public.api.example' })
 * const { data } = await xrpc.get('com.atproto.identity.resolveHandle', { params: { handle: 'alice.example' } })
 */
export function createUnauthenticatedXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods>(
  options: UnauthenticatedXrpcClientOptions,
): XrpcClient<Methods> {
  assertOptions(name, options)
  assertKnownOptions(name, options, ['service', 'fetch', ...xrpcOptionNames])
  const { fetch = (request) => globalThis.fetch(request) } = options
  const via = {
    service: serviceOrigin(name, 'service', options.service),
    settings: normaliseXrpcOptions(name, options),
    runtime: systemRuntime,
    send: ({ url, init, signal }: { url: URL; init: RequestInit; signal: AbortSignal }) =>
      fetch(new Request(url, { ...init, signal, redirect: 'manual' })),
  }
  return createXrpcMethods<Methods>((call) => exchange(call, via))
}
