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
  /** Where the document's form is specified, for the error of one that has another. @default RFC 8414 3.2 */
  readonly clause?: string
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
  const { clause = 'RFC 8414 3.2' } = options
  const headers = new Headers(options.headers)
  headers.set('accept', accept)
  const request = new Request(url, { headers, signal, redirect: 'manual' })
  const response = await withLimits(withRedirects(fetch), { maxBytes, timeout })(request)
  const text = await response.text()
  // RFC 8414 3.2: a successful response must use 200.
  if (response.status !== 200)
    throw unexpected('unexpected_status', response, url, text, { clause, expected: 'status 200' })
  if (!isJson(mediaTypeOf(response.headers))) {
    throw unexpected('unexpected_content_type', response, url, text, { clause, expected: accept })
  }
  const parsed = parseStrictJson(text, Number.POSITIVE_INFINITY)
  if (!parsed.ok) throw unexpected('invalid_json', response, url, text, faulty(parsed.fault))
  return { body: parsed.value, headers: response.headers }
}

interface Rule {
  readonly clause: string
  readonly expected: string
  readonly actual?: string
}

/** Of a member that comes twice, two readers may take different ones. */
function faulty(fault: JsonFault): Rule {
  return { clause: fault === 'not JSON' ? 'RFC 8259 2' : 'RFC 8259 4', expected: 'JSON', actual: fault }
}

function unexpected(
  code: 'unexpected_status' | 'unexpected_content_type' | 'invalid_json',
  response: Response,
  url: string | URL,
  text: string,
  { clause, expected, actual = describe(response) }: Rule,
): ResponseError {
  const contentType = mediaTypeOf(response.headers)
  const where = withoutQuery(url)
  return new ResponseError(code, `GET ${where}: expected ${expected}, got ${actual}`, {
    url: where,
    status: response.status,
    contentType,
    clause,
    expected,
    actual,
    ...excerptOf(response.status, contentType, text),
    response,
  })
}

function describe({ status, headers }: Response): string {
  return `status ${status} with ${mediaTypeOf(headers) || 'no content type'}`
}
