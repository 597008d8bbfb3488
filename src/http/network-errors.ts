import { AuthentypeError } from '../errors/base.ts'
import { NetworkError } from '../errors/network.ts'

/** Origin and path: a query may hold a code, a state or a token. */
export function withoutQuery(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/**
 * What a fetch threw, as one of our own. The caller's abort comes back as its reason, our errors as they are.
 * Of the platform's message nothing is repeated, since some quote the whole URL; it is in `cause`.
 */
export function toNetworkError(error: unknown, request: Request): unknown {
  if (error instanceof AuthentypeError) return error
  if (request.signal.aborted) return request.signal.reason
  const url = withoutQuery(request.url)
  return new NetworkError(`${request.method} ${url} got no complete answer${reasonOf(error)}`, { url, cause: error })
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`, ... where the platform has such a code. */
function reasonOf(error: unknown): string {
  const { code } = ((error as { cause?: unknown } | undefined)?.cause ?? error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? ` (${code})` : ''
}
