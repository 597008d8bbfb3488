import { type EndpointError, errorBody, noStore } from '../server/index.ts'
import type { DevAnswer } from './exchange.ts'

type Fields = Readonly<Record<string, string>>

export function json(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Fields } = {},
): DevAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}

/** A signed answer. */
export function jwt(text: string, type: string, headers: Fields): DevAnswer {
  return { status: 200, headers: { 'content-type': type, ...headers }, body: text }
}

/** Read by programs in other origins, so any page may see it (Fetch, CORS protocol); no cookie is asked for. */
export function shareWithAnyOrigin(answer: DevAnswer): DevAnswer {
  return { ...answer, headers: { ...anyOrigin, ...answer.headers } }
}

const anyOrigin: Fields = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'DPoP-Nonce, WWW-Authenticate, Retry-After',
}

/** A document that caches may keep for so many seconds. */
export function publicJson(body: unknown, maxAge: number): DevAnswer {
  // Caches give it to everybody, whoever asked first.
  return shareWithAnyOrigin(json(body, { headers: { 'cache-control': `public, max-age=${maxAge}` } }))
}

export function oauthError(error: EndpointError): DevAnswer {
  return json(errorBody(error), { status: error.status, headers: error.headers })
}

export function invalidRequest(description: string, status = 400): DevAnswer {
  return json({ error: 'invalid_request', error_description: description }, { status, headers: noStore })
}

/** RFC 6749 5.2 */
export function invalidGrant(): DevAnswer {
  return json(
    { error: 'invalid_grant', error_description: 'the grant is not valid' },
    { status: 400, headers: noStore },
  )
}

export function empty(status: number, headers: Fields = {}): DevAnswer {
  return { status, headers: { ...noStore, ...headers } }
}

/** RFC 9110 15.6.4 */
export function unavailable(): DevAnswer {
  return empty(503, { 'retry-after': '1' })
}

export function tooMany(seconds: number): DevAnswer {
  return empty(429, { 'retry-after': String(seconds) })
}

/** RFC 9700 4.12: 303 makes the browser drop a form's body; 307 would send a password on. */
export function seeOther(location: string, cookies: readonly string[] = []): DevAnswer {
  return { status: 303, headers: { location, ...noStore, 'referrer-policy': 'no-referrer' }, cookies }
}
