import { createScreenedFetch } from '../../http/screened-fetch.ts'
import { createIssuer, type Issuer } from '../../issuer/issuer.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertOptions } from '../../lib/options.ts'
import { type Runtime, systemRuntime } from '../../lib/runtime.ts'
import { none } from '../../protocol/client-auth.ts'
import type { AtprotoKey } from '../atproto-client-types.ts'
import { createClientKeys } from '../client/client-keys.ts'
import { requireNonces } from '../require-nonces.ts'

/** Whose request it is and how it travels: what the functions that work alone are given each time. */
export interface ServerOptions {
  readonly clientId: string
  /** @default none: a public client */
  readonly key?: AtprotoKey
  /** @default createScreenedFetch() */
  readonly fetch?: Fetch
  readonly runtime?: Runtime
  /** Milliseconds. @default 10_000 */
  readonly timeout?: number
  /** `http:` to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
  readonly signal?: AbortSignal
}

const serverOptionNames: readonly string[] = [
  ...['clientId', 'key', 'fetch', 'runtime', 'timeout', 'allowLoopbackHttp', 'signal'],
]

/** What must be known of a server; all of its metadata may be given. */
export interface ServerFacts {
  readonly issuer: string
  readonly authorization_endpoint?: string
  readonly token_endpoint?: string
  readonly pushed_authorization_request_endpoint?: string
  readonly revocation_endpoint?: string
}

/**
 * The server as the generic layers see it.
 *
 * @param more options that only the caller knows
 * @throws TypeError for options that are missing or unknown
 */
export async function connectToServer(
  name: string,
  server: ServerFacts,
  options: ServerOptions,
  more: readonly string[] = [],
): Promise<Issuer> {
  assertOptions(name, options)
  assertKnownOptions(name, options, [...serverOptionNames, ...more])
  assertNumbers(name, options, ['timeout'])
  const { clientId, key, runtime = systemRuntime, timeout = 10_000, allowLoopbackHttp = false } = options
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError(`${name}: "clientId" is required`)
  if (typeof server?.issuer !== 'string') throw new TypeError(`${name}: "issuer" is required`)
  const fetch = options.fetch ?? createScreenedFetch({ allowLoopbackHttp, timeout })
  return createIssuer({
    issuer: server.issuer,
    clientId,
    clientAuth: key ? (await createClientKeys([key]).newest()).clientAuth : none(),
    fetch: requireNonces(fetch),
    runtime,
    timeout,
    allowLoopbackHttp,
    // The profile demands both of every server, whose list may not be among what is given.
    metadata: { token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'], ...server },
    discover: false,
  })
}
