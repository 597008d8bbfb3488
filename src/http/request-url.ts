import type { Operation, OperationInput, RequestOptions } from '../lib/api.ts'

export interface UrlOptions {
  readonly baseUrl?: string | URL | undefined
  readonly metadata?: object | undefined
}

/**
 * The URL of an operation: the call's own, else the discovered one, else base URL and path; a query that these
 * have is kept.
 *
 * @throws ConfigurationError missing_metadata
 * @throws TypeError without a base URL, or for a path parameter that would leave its segment
 */
export function buildUrl(
  operation: Operation,
  input: OperationInput,
  init: Pick<RequestOptions, 'baseUrl' | 'url'>,
  options: UrlOptions,
): URL {
  const { id, path, encodings, fillPath, writeQuery, discover, server } = operation
  const whole = init.url ?? (options.metadata && discover?.(operation, options.metadata))
  const base = whole ?? init.baseUrl ?? options.baseUrl ?? server ?? ''
  // RFC 9110 4.2.4: no user information; fetch refuses it too, with a message that quotes the password.
  if (!URL.canParse(base) || /^[^/]*\/\/[^/]*@/.test(`${base}`)) {
    throw new TypeError(`${id}: "baseUrl" must be an absolute URL, without a password`)
  }
  const url = new URL(base)
  if (!whole) url.pathname = url.pathname.replace(/\/$/, '') + (fillPath?.(path, input.path, encodings?.path) ?? path)
  const query = writeQuery?.(input.query ?? {}, encodings?.query)
  if (query) url.search += (url.search && '&') + query
  return url
}
