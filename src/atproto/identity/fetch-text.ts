import { ResponseError } from '../../errors/response.ts'
import { withLimits } from '../../http/limits.ts'
import { withoutQuery } from '../../http/network-errors.ts'
import { withoutRedirects } from '../../http/redirects.ts'
import type { Fetch } from '../../lib/fetch.ts'
import { mediaTypeOf } from '../../lib/media-type.ts'

export interface FetchTextOptions {
  readonly accept: string
  /** Bytes, decoded. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/**
 * GETs a short text: status 200 exactly, no redirect.
 *
 * @throws ResponseError `unexpected_status`, `redirect_refused`, `body_too_large`; NetworkError, TimeoutError, RequestError
 */
export async function fetchText(fetch: Fetch, url: string, options: FetchTextOptions): Promise<string> {
  const { accept, maxBytes, timeout, signal = null } = options
  const send = withoutRedirects(withLimits(fetch, { maxBytes, timeout }))
  const response = await send(new Request(url, { headers: { accept }, signal }))
  if (response.status === 200) return await response.text()
  const where = withoutQuery(url)
  throw new ResponseError('unexpected_status', `GET ${where}: expected status 200, got ${response.status}`, {
    url: where,
    status: response.status,
    contentType: mediaTypeOf(response.headers),
    expected: 'status 200',
    response,
  })
}

/** A server's word that there is nothing: what was there may be gone for good, too. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ResponseError && (error.status === 404 || error.status === 410)
}
