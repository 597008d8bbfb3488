import { ProtocolError } from '../errors/protocol.ts'
import { jsonType } from '../lib/printable.ts'
import { metadataUrls } from './metadata.ts'
import { isLoopbackHost } from './url-rules.ts'

/** The relation of an issuer to a user's identifier (OpenID Connect Discovery 2). */
export const issuerRelation = 'http://openid.net/specs/connect/1.0/issuer'

/** What is asked, and whom. */
export interface WebFingerQuery {
  /** The identifier, normalised to a URI. */
  readonly resource: string
  /** `https://` and the identifier's host. */
  readonly origin: string
}

/**
 * Normalises what a user typed: an e-mail address or a host name, or one of their URIs.
 *
 * @throws TypeError for what is none
 * @see OpenID Connect Discovery 1.0 2.1
 */
export function buildWebFingerQuery(identifier: string, allowLoopbackHttp = false): WebFingerQuery {
  const text = typeof identifier === 'string' ? identifier.trim() : ''
  // 2.1: XRIs ("=", "@", "!" at the start) are not supported. White space and controls are of no URI, and half a
  // character is of none either.
  if (text === '' || /^[=@!]/.test(text) || /[\s\\\p{Cc}\p{Cs}]/u.test(text)) throw unusable()
  if (/^acct:/i.test(text)) return forAccount(text.slice(5))
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d+(?:[/?#]|$))/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    // 2.1.2 item 3: user and host, and neither path, query nor port, makes it an account.
    return /^[^/?#:]+@[^@/?#:]+$/.test(text) ? forAccount(text) : forUrl(`https://${text}`, false)
  }
  // RFC 7033 4.2 asks over https alone, whatever the scheme of the identifier.
  if (scheme === 'https' || scheme === 'http') return forUrl(text, allowLoopbackHttp)
  throw unusable()
}

/**
 * Finds the issuer in the answer.
 *
 * @param body the parsed descriptor
 * @throws ProtocolError `invalid_webfinger_response`; `invalid_metadata`, `insecure_endpoint` for an issuer that can be none
 * @see OpenID Connect Discovery 1.0 2.2, RFC 7033 4.4
 */
export function judgeWebFingerResponse(body: unknown, allowLoopbackHttp = false): string {
  const links = typeof body === 'object' && body !== null ? (body as { links?: unknown }).links : undefined
  if (!Array.isArray(links)) throw refuse('an array "links"', jsonType(links))
  const hrefs = links
    .map((link: unknown) => (typeof link === 'object' && link !== null ? (link as Record<string, unknown>) : {}))
    .filter(({ rel }) => rel === issuerRelation)
    .map(({ href }) => href)
  const [issuer] = hrefs
  // RFC 7033 4.4.4: the order is a preference; so the first issuer is the one.
  if (typeof issuer !== 'string') throw refuse(`a link with "rel" ${issuerRelation} and "href"`, jsonType(issuer))
  // 2.2: "using the https scheme with no query or fragment component".
  metadataUrls(issuer, 'openid', allowLoopbackHttp)
  return issuer
}

function forAccount(account: string): WebFingerQuery {
  const at = account.lastIndexOf('@')
  const host = account.slice(at + 1)
  if (at < 1 || !/^[^/?#@:]+$/.test(host) || !URL.canParse(`https://${host}`)) throw unusable()
  const { origin, hostname } = new URL(`https://${host}`)
  return { resource: `acct:${encodeUserpart(account.slice(0, at))}@${hostname}`, origin }
}

/**
 * RFC 7565 4: `unreserved / pct-encoded / sub-delims`, so an "@" of the user's own is "%40", and what is beyond ASCII goes
 * by its UTF-8. What is encoded already stays as it is.
 */
function encodeUserpart(user: string): string {
  return user.replace(/(%[\dA-Fa-f]{2})|[^\w.~!$&'()*+,;=-]/gu, (found, encoded?: string) =>
    encoded === undefined ? encodeURIComponent(found) : encoded,
  )
}

function forUrl(text: string, allowLoopbackHttp: boolean): WebFingerQuery {
  if (!URL.canParse(text)) throw unusable()
  const url = new URL(text)
  if (url.hostname === '' || url.password !== '') throw unusable()
  // 2.1.2 item 4: "the fragment component, if present, MUST be stripped".
  // RFC 7033 4.1: the resource is a URI, so what is beyond ASCII is encoded, as the platform does it.
  const resource = (/[^\x21-\x7e]/.test(text) ? url.href : text).replace(/#.*$/s, '')
  const isOwn = allowLoopbackHttp && url.protocol === 'http:' && isLoopbackHost(url.hostname)
  return { resource, origin: isOwn ? url.origin : `https://${url.host}` }
}

function unusable(): TypeError {
  return new TypeError('"identifier" must be an e-mail address, an acct: URI, a host name or an http(s) URL')
}

function refuse(expected: string, actual: string): ProtocolError {
  const message = `the WebFinger descriptor must have ${expected}; it is ${actual}`
  return new ProtocolError('invalid_webfinger_response', message, {
    clause: 'OpenID Connect Discovery 1.0 2.2',
    expected,
    actual,
  })
}
