import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'

export interface EndpointUrlRules {
  /** The metadata field that the URL stands in, for messages. */
  readonly field: string
  /** `http:` to a loopback address: development, and only when the user asks for it. @default false */
  readonly allowLoopbackHttp?: boolean
}

/** Whether a host, as `URL.hostname` gives it, is the machine itself: `localhost`, `127.0.0.0/8` or `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  // RFC 6761 6.3: localhost and every name below it are loopback.
  if (/^(?:.+\.)?localhost\.?$/i.test(hostname)) return true
  // The WHATWG parser has brought every way of writing an IPv4 address to four decimal numbers.
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname) || hostname === '[::1]'
}

/**
 * Judges the URL of an endpoint: absolute, https, without fragment and user information. A query is kept.
 *
 * @returns the parsed URL
 * @throws ProtocolError `invalid_metadata` for what is no such URL, `insecure_endpoint` for any other scheme
 * @see RFC 6749 3.1, 3.2; RFC 8414 2; RFC 9700 2.6
 */
export function assertEndpointUrl(url: unknown, rules: EndpointUrlRules): URL {
  const clause = 'RFC 8414 2'
  if (typeof url !== 'string') {
    throw new ProtocolError('invalid_metadata', `"${rules.field}" must be a URL; it is ${jsonType(url)}`, {
      clause,
      expected: 'https URL',
      actual: jsonType(url),
    })
  }
  const actual = printable(url)
  const parsed = parseStrictly(url)
  if (!parsed) {
    throw new ProtocolError('invalid_metadata', `"${rules.field}" must be an absolute URL; it is "${actual}"`, {
      clause,
      expected: 'https URL',
      actual,
    })
  }
  if (!isSecure(parsed, rules.allowLoopbackHttp ?? false)) {
    // RFC 9700 2.6: TLS end to end. A `javascript:` or `data:` endpoint would be run by whoever is sent there.
    const advice = isSecure(parsed, true) ? '; for development there is allowLoopbackHttp' : ''
    throw new ProtocolError('insecure_endpoint', `"${rules.field}" must be an https URL; it is "${actual}"${advice}`, {
      clause: 'RFC 6749 3.1',
      expected: rules.allowLoopbackHttp ? 'https URL, or http to a loopback address' : 'https URL',
      actual,
    })
  }
  // RFC 6749 3.1, 3.2: the endpoint URI must not include a fragment. An empty one (`...#`) is one, too.
  if (url.includes('#')) {
    throw new ProtocolError('invalid_metadata', `"${rules.field}" must have no fragment; it is "${actual}"`, {
      clause: 'RFC 6749 3.1',
      expected: 'no fragment',
      actual,
    })
  }
  // RFC 9110 4.2.4: user information in an http(s) URL is an error; fetch refuses it with an untyped one.
  if (parsed.username !== '' || parsed.password !== '') {
    throw new ProtocolError('invalid_metadata', `"${rules.field}" must have no user name or password in it`, {
      clause: 'RFC 9110 4.2.4',
      expected: 'no user information',
      actual: `${parsed.protocol}//...@${parsed.host}`,
    })
  }
  return parsed
}

/**
 * Refuses a redirect URI that no careful server would register: not absolute, with a fragment or user
 * information, plain http beyond loopback, or a private-use scheme without a domain name in it.
 *
 * @throws TypeError since the application itself gives it
 * @see RFC 6749 3.1.2; RFC 8252 7.1, 7.3, 8.4; RFC 9700 4.1
 */
export function assertRedirectUri(uri: string, name = 'redirectUri'): void {
  const parsed = typeof uri === 'string' ? parseStrictly(uri) : undefined
  if (!parsed) throw new TypeError(`"${name}" must be an absolute URI (RFC 6749 3.1.2)`)
  // RFC 3986 2: other letters stand percent-encoded, or in a host as Punycode; no header field could carry them.
  if (!/^[!-~]+$/.test(uri)) throw new TypeError(`"${name}" must be written in ASCII (RFC 3986 2)`)
  if (uri.includes('#')) throw new TypeError(`"${name}" must have no fragment (RFC 6749 3.1.2)`)
  if (parsed.username !== '' || parsed.password !== '') {
    throw new TypeError(`"${name}" must have no user name or password in it (RFC 9110 4.2.4)`)
  }
  if (isSecure(parsed, true)) return
  if (parsed.protocol === 'http:') {
    throw new TypeError(`"${name}" must be https; http only to a loopback address (RFC 8252 7.3)`)
  }
  // RFC 8252 7.1, 8.4: a private-use scheme is a reversed domain name, which keeps `javascript:` and `data:` out, too.
  if (!parsed.protocol.includes('.')) {
    throw new TypeError(`"${name}" must be https, or have a scheme made of a reversed domain name (RFC 8252 7.1)`)
  }
}

function isSecure(url: URL, allowLoopbackHttp: boolean): boolean {
  if (url.protocol === 'https:') return true
  return allowLoopbackHttp && url.protocol === 'http:' && isLoopbackHost(url.hostname)
}

/** Without the repairs that the WHATWG parser makes silently: white space, controls and backslashes are not of RFC 3986. */
function parseStrictly(text: string): URL | undefined {
  if (/[\s\\\p{Cc}]/u.test(text) || !/^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined
  // `https:host` and `https:///host` would be repaired to `https://host/`.
  if (/^https?:/i.test(text) && !/^https?:\/\/[^/]/i.test(text)) return undefined
  return URL.canParse(text) ? new URL(text) : undefined
}
