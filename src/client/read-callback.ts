import { ProtocolError } from '../errors/protocol.ts'
import { mediaTypeOf } from '../lib/media-type.ts'
import { printable } from '../lib/printable.ts'
import { readUpTo } from '../lib/read-bytes.ts'
import { type AuthorizationResponse, parseAuthorizationResponse } from '../protocol/authorization-response.ts'

/** How a callback is handed in: as the web framework has it, or the parameters of a fragment that a page has sent. */
export type CallbackInput = Request | URL | URLSearchParams | string

/** Bytes of a form: an encrypted response of the greatest size, and room. */
const mostBytes = 256 * 1024
const clause = 'OAuth 2.0 Form Post Response Mode 2'

/**
 * Reads the answer from where it travelled: query, fragment or form.
 *
 * @throws TypeError for what is no callback at all
 * @throws ProtocolError `invalid_authorization_response` for a POST that is no form, or too large, and for any other
 *   method than GET and POST: nobody logs in by it, so it uses no login up
 */
export async function readCallback(input: CallbackInput): Promise<AuthorizationResponse> {
  if (input instanceof URLSearchParams || input instanceof URL) return parseAuthorizationResponse(input)
  if (typeof input === 'object' && input) {
    const { method } = input
    if (method === 'POST') return parseAuthorizationResponse(await readForm(input), 'form_post')
    if (method !== 'GET') throw refuseMethod(method)
  }
  const text = typeof input === 'string' ? input : input?.url
  if (URL.canParse(text)) return parseAuthorizationResponse(new URL(text))
  throw new TypeError('handleCallback: "request" must be a Request, a URL, an absolute URL as text, or URLSearchParams')
}

async function readForm(request: Request): Promise<URLSearchParams> {
  if (request.bodyUsed) throw new TypeError('handleCallback: the body of "request" was read before; give a clone')
  const mediaType = mediaTypeOf(request.headers)
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw refuse('application/x-www-form-urlencoded', mediaType || 'no content type')
  }
  const bytes = request.body ? await readUpTo(request.body.getReader(), mostBytes) : new Uint8Array()
  if (!bytes) throw refuse(`at most ${mostBytes} bytes`, 'more')
  return new URLSearchParams(new TextDecoder().decode(bytes))
}

/** RFC 6749 3.1.2: the browser is sent here, which is a GET; or it brings a form. A HEAD may be a scanner's. */
function refuseMethod(method: unknown): ProtocolError {
  const [expected, actual] = ['GET or POST', printable(String(method), 20)]
  const message = `the callback came by ${actual}; expected ${expected}, so the login is not used up`
  return new ProtocolError('invalid_authorization_response', message, { clause: 'RFC 6749 3.1.2', expected, actual })
}

function refuse(expected: string, actual: string): ProtocolError {
  const message = `the authorization response was posted as ${actual}; expected ${expected}`
  return new ProtocolError('invalid_authorization_response', message, { clause, expected, actual })
}
