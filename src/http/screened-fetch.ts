import { RequestError } from '../errors/network.ts'
import type { Fetch } from '../lib/fetch.ts'
import { assertKnownOptions, assertNumbers, assertSwitches } from '../lib/options.ts'
import { isPublicAddress, isPublicHost } from '../protocol/special-addresses.ts'
import { isLoopbackHost } from '../protocol/url-rules.ts'
import { withLimits } from './limits.ts'
import { withoutQuery } from './network-errors.ts'
import { type Connect, nodeConnect } from './pinned-connection.ts'
import { sendManually } from './redirects.ts'

/** How far a fetch of other parties' addresses may go. */
export interface ScreenedFetchOptions {
  /**
   * Sends to an address that it has checked. Give one for a runtime that has none, a proxy that screens for example.
   *
   * @default Node's, where the runtime is Node
   */
  readonly connect?: Connect
  /**
   * Sends where there is no `connect`: the URL is then screened and the address is not, so a name that points to
   * the own network is not noticed. @default the global fetch
   */
  readonly fetch?: Fetch
  /** Milliseconds for connection, headers and body together. @default 10000 */
  readonly timeout?: number
  /** Bytes of the body, decoded. @default 1048576 */
  readonly maxBytes?: number
  /** `http:` and https to loopback addresses, for development. @default false */
  readonly allowLoopbackHttp?: boolean
}

const knownOptions = ['connect', 'fetch', 'timeout', 'maxBytes', 'allowLoopbackHttp']
const defaults = { timeout: 10_000, maxBytes: 1024 * 1024 } as const

/**
 * A fetch for URLs that other parties supply: https alone, to hosts and addresses of the public internet alone, within
 * limits of time and size. Redirects are not followed; whoever follows one comes here again, and is screened again.
 *
 * Give it to `createOAuthClient` for an issuer that a user typed in or a resource named, and all that its
 * metadata names is screened, too.
 *
 * @throws RequestError `insecure_url`, `address_not_allowed`
 * @throws TimeoutError, NetworkError, ResponseError body_too_large
 * @see RFC 9728 7.7, RFC 7591 5, RFC 9700 4.13
 * @example
 * const client = createOAuthClient({ issuer: await findIssuer(userInput), fetch: createScreenedFetch(), clientId: 'app' })
 */
export function createScreenedFetch(options: ScreenedFetchOptions = {}): Fetch {
  assertKnownOptions('createScreenedFetch', options, knownOptions)
  assertSwitches('createScreenedFetch', options, ['allowLoopbackHttp'])
  assertNumbers('createScreenedFetch', options, ['timeout', 'maxBytes'])
  const { allowLoopbackHttp = false, timeout = defaults.timeout, maxBytes = defaults.maxBytes } = options
  // A fetch of one's own without a `connect` is a wish to send by it.
  const connect = options.connect ?? (options.fetch ? undefined : nodeConnect())
  const fetch = options.fetch ?? ((request: Request) => globalThis.fetch(request))
  const isAllowed = (address: string) => isPublicAddress(address) || (allowLoopbackHttp && isLoopbackAddress(address))
  const send: Fetch = connect ? (request) => connect(request, isAllowed) : (request) => sendManually(fetch, request)
  const limited = withLimits(send, { timeout, maxBytes })
  return async (request) => {
    assertScreened(new URL(request.url), allowLoopbackHttp)
    return await limited(request)
  }
}

/** @throws RequestError */
function assertScreened(url: URL, allowLoopbackHttp: boolean): void {
  const shown = withoutQuery(url)
  const isOwn = allowLoopbackHttp && isLoopbackHost(url.hostname)
  if (url.protocol !== 'https:' && !(isOwn && url.protocol === 'http:')) {
    const message = `a URL that another party supplies must be https; it is ${url.protocol}//${url.host}`
    throw new RequestError('insecure_url', message, { url: shown })
  }
  if (isOwn || isPublicHost(url.hostname)) return
  const message = `a URL that another party supplies must not name a private or special address; it names ${url.host}`
  throw new RequestError('address_not_allowed', message, { url: shown })
}

function isLoopbackAddress(address: string): boolean {
  // A dual-stack socket writes IPv4 in the mapped notation.
  return isLoopbackHost(address.replace(/^::ffff:/i, '')) || address === '::1'
}
