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
  const whole = init.url ?? operation.discover?.(operation, options.metadata)
  const base = whole ?? init.baseUrl ?? options.baseUrl ?? operation.server ?? ''
  const url = URL.canParse(base) && new URL(base)
  // RFC 9110 4.2.4: no user information; fetch refuses it too, with a message that quotes the password.
  // `localhost:3000` is a URL, too, whose scheme is localhost.
  if (!url || !/^https?:/.test(url.href) || url.username || url.password) {
    throw new TypeError(`${operation.id}: "baseUrl" must be an http(s) URL with no password`)
  }
  if (!whole)
    url.pathname = url.pathname.replace(/\/$/, '') + (operation.fillPath?.(operation, input) ?? operation.path)
  operation.writeQuery?.(url, operation, input)
  return url
}
