import { ResponseError } from '../../errors/response.ts'
import { XrpcError } from '../../errors/xrpc.ts'
import { withoutQuery } from '../../http/network-errors.ts'
import { isRedirect, refused } from '../../http/redirects.ts'
import { excerptOf, isJson, mediaTypeOf, parseJson } from '../../lib/media-type.ts'
import { printable } from '../../lib/printable.ts'
import { parseRetryAfter } from '../../lib/retry-after.ts'
import type { Runtime } from '../../lib/runtime.ts'
import type { XrpcResponse } from './xrpc-types.ts'

/** An answer of XRPC: what came, or the error that it is. */
export type XrpcAnswer =
  | { readonly ok: true; readonly response: XrpcResponse }
  | { readonly ok: false; readonly error: XrpcError }

/**
 * What an answer says.
 *
 * @param response whose body has not been read
 * @throws ResponseError `redirect_refused`; `invalid_json` for a success that is called JSON and is none
 */
export async function readXrpcAnswer(
  nsid: string,
  request: Request,
  response: Response,
  runtime: Runtime,
): Promise<XrpcAnswer> {
  if (isRedirect(response)) throw refused(response, request, 'a redirect')
  const { status, headers } = response
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) return { ok: false, error: readError(nsid, response, bytes, runtime) }
  return { ok: true, response: { status, headers, data: readData(nsid, request, response, bytes) } }
}

function readData(nsid: string, request: Request, response: Response, bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined
  const type = mediaTypeOf(response.headers)
  const text = () => new TextDecoder().decode(bytes)
  if (type.startsWith('text/')) return text()
  if (!isJson(type)) return bytes
  const parsed = parseJson(text())
  if (parsed) return parsed.value
  throw new ResponseError('invalid_json', `${nsid}: the answer is called ${type}, but is not JSON`, {
    url: withoutQuery(request.url),
    status: response.status,
    contentType: type,
    clause: 'RFC 8259 2',
    expected: 'JSON',
    actual: 'something else',
    response,
  })
}

/** "Clients should be robust to non-JSON error responses." */
function readError(nsid: string, response: Response, bytes: Uint8Array, runtime: Runtime): XrpcError {
  const { status, headers } = response
  const type = mediaTypeOf(headers)
  const text = new TextDecoder().decode(bytes)
  const body = isJson(type) ? parseJson(text)?.value : undefined
  const said = (typeof body === 'object' && body !== null ? body : {}) as { error?: unknown; message?: unknown }
  // "type name of the error (generic ASCII constant, no whitespace)"
  const isNamed = typeof said.error === 'string' && /^[\x21-\x7e]{1,128}$/.test(said.error)
  const error = isNamed ? (said.error as string) : (names[status] ?? (status < 500 ? 'InvalidRequest' : 'Unknown'))
  const words = typeof said.message === 'string' ? said.message : (excerptOf(status, type, text).excerpt ?? '')
  const message = `${nsid} was answered with ${status} ${error}${words && `: ${printable(words)}`}`
  const retryAfter = parseRetryAfter(headers, runtime.now())
  return new XrpcError(message, {
    nsid,
    error,
    status,
    headers,
    body,
    ...(retryAfter !== undefined && { retryAfter }),
  })
}

/** What the reference implementation calls an error of which only the status is known. */
const names: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  401: 'AuthenticationRequired',
  403: 'Forbidden',
  404: 'XRPCNotSupported',
  406: 'NotAcceptable',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  429: 'RateLimitExceeded',
  500: 'InternalServerError',
  501: 'MethodNotImplemented',
  502: 'UpstreamFailure',
  503: 'NotEnoughResources',
  504: 'UpstreamTimeout',
}
