import { ResponseError } from '../errors/response.ts'
import type { Fetch } from '../lib/fetch.ts'
import { excerptOf, isJson, mediaTypeOf } from '../lib/media-type.ts'
import { type JsonFault, parseStrictJson } from '../lib/strict-json.ts'
import { withLimits } from './limits.ts'
import { withoutQuery } from './network-errors.ts'
import { withRedirects } from './redirects.ts'

export interface FetchJsonOptions {
  /** @default application/json */
  readonly accept?: string
  /** Bytes, decoded. @default 524288 */
  readonly maxBytes?: number
  /** Milliseconds for connection, headers and body, redirects included. @default 10000 */
  readonly timeout?: number
  readonly signal?: AbortSignal | undefined
  readonly headers?: HeadersInit
}

export interface FetchedJson {
  /** Parsed, and nothing known of it. */
  readonly body: unknown
  /** For `Cache-Control`, `Age` and `Date`. */
  readonly headers: Headers
}

/**
 * GETs a small JSON document, such as metadata or a key set: status 200, at most three redirects within the origin.
 *
 * @throws ResponseError unexpected_status | unexpected_content_type | invalid_json | body_too_large | redirect_refused
 * @throws TimeoutError | NetworkError, or the signal's reason
 * @see RFC 8414 3.2
 */
export async function fetchJson(fetch: Fetch, url: string | URL, options: FetchJsonOptions = {}): Promise<FetchedJson> {
  const { accept = 'application/json', maxBytes = 512 * 1024, timeout = 10_000, signal = null } = options
  const headers = new Headers(options.headers)
  headers.set('accept', accept)
  const request = new Request(url, { headers, signal, redirect: 'manual' })
  const response = await withLimits(withRedirects(fetch), { maxBytes, timeout })(request)
  const text = await response.text()
  // RFC 8414 3.2: a successful response must use 200.
  if (response.status !== 200) throw unexpected('unexpected_status', response, url, 'status 200', text)
  if (!isJson(mediaTypeOf(response.headers))) throw unexpected('unexpected_content_type', response, url, accept, text)
  // Of a member that comes twice, two readers may take different ones (RFC 8259 4).
  const parsed = parseStrictJson(text, Number.POSITIVE_INFINITY)
  if (!parsed.ok) throw unexpected('invalid_json', response, url, 'JSON', text, parsed.fault)
  return { body: parsed.value, headers: response.headers }
}

function unexpected(
  code: 'unexpected_status' | 'unexpected_content_type' | 'invalid_json',
  response: Response,
  url: string | URL,
  expected: string,
  text: string,
  fault?: JsonFault,
): ResponseError {
  const contentType = mediaTypeOf(response.headers)
  const actual = fault ?? `status ${response.status} with ${contentType || 'no content type'}`
  const where = withoutQuery(url)
  return new ResponseError(code, `GET ${where}: expected ${expected}, got ${actual}`, {
    url: where,
    status: response.status,
    contentType,
    expected,
    actual,
    ...excerptOf(response.status, contentType, text),
    response,
  })
}
