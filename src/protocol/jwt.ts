import { ProtocolError } from '../errors/protocol.ts'
import { decodeBase64url, decodeBase64urlText } from '../lib/base64url.ts'
import { jsonType } from '../lib/printable.ts'
import { parseStrictJson } from '../lib/strict-json.ts'

/** A JOSE header (RFC 7515 4), without a prototype. */
export interface JwtHeader {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
  readonly [parameter: string]: unknown
}

/** A JWT claims set (RFC 7519 4), without a prototype. NumericDates are in range, nothing else is judged. */
export interface JwtClaims {
  /** Seconds since the epoch. */
  readonly exp?: number
  /** Seconds since the epoch. */
  readonly nbf?: number
  /** Seconds since the epoch. */
  readonly iat?: number
  readonly [claim: string]: unknown
}

/** A signed JWT, taken apart and believed in nothing yet. */
export interface Jwt {
  readonly header: JwtHeader
  readonly claims: JwtClaims
  /** What was signed: header and payload as they came. */
  readonly signingInput: string
  /** Empty for an unsigned one. */
  readonly signature: Uint8Array
}

/** Why a text is no JWT. Never holds any of the text. */
export interface JwtFault {
  readonly message: string
  readonly clause: string
  readonly expected: string
  readonly actual: string
}

export type JwtReading = { readonly ok: true; readonly jwt: Jwt } | { readonly ok: false; readonly fault: JwtFault }

/** Characters of the longest JWT that is looked at. */
const mostLength = 65_536
/** Seconds; the last that a `Date` can hold. */
const lastDate = 8_640_000_000_000
const stringParameters = ['kid', 'typ', 'cty']
const dateClaims = ['exp', 'nbf', 'iat']

/**
 * Takes a compact JWS with a claims set apart, strictly: size, three parts, canonical base64url, UTF-8, JSON
 * objects without duplicate members, header parameters and dates of the right type.
 *
 * @param noun what to call it in messages, for example `id_token`
 * @throws ProtocolError `invalid_jwt`
 * @see RFC 7515 5.2, RFC 7519 7.2
 */
export function parseJwt(token: unknown, noun = 'JWT'): Jwt {
  const reading = readJwt(token, noun)
  if (reading.ok) return reading.jwt
  const { message, clause, expected, actual } = reading.fault
  throw new ProtocolError('invalid_jwt', message, { clause, expected, actual })
}

/** `parseJwt` for callers that report the fault in their own way. */
export function readJwt(token: unknown, noun: string): JwtReading {
  if (typeof token !== 'string') return refuse(`${noun} is not a string`, 'RFC 7519 3', 'a string', jsonType(token))
  if (token.length > mostLength) {
    const actual = `${token.length} characters`
    return refuse(
      `${noun} has ${actual}; expected at most ${mostLength}`,
      'RFC 8725 3.1',
      `at most ${mostLength} characters`,
      actual,
    )
  }
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 0 || second < 0 || token.indexOf('.', second + 1) >= 0) return refuseParts(token, noun)
  const header = readObject(token.slice(0, first), `${noun} header`)
  if (!header.ok) return header
  const claims = readObject(token.slice(first + 1, second), `${noun} payload`)
  if (!claims.ok) return claims
  const signature = decodeBase64url(token.slice(second + 1))
  if (!signature) return refuseEncoding(`${noun} signature`)
  const fault = findHeaderFault(header.value, noun) ?? findDateFault(claims.value, noun)
  if (fault) return { ok: false, fault }
  const signingInput = token.slice(0, second)
  return { ok: true, jwt: { header: header.value as JwtHeader, claims: claims.value, signingInput, signature } }
}

/** Whether a value is a NumericDate that a clock can be held against (RFC 7519 2). */
export function isNumericDate(value: unknown): value is number {
  // Infinity, which 1e999 becomes, would make a token that never expires.
  return typeof value === 'number' && value >= 0 && value <= lastDate
}

type Refusal = { readonly ok: false; readonly fault: JwtFault }

function refuse(message: string, clause: string, expected: string, actual: string): Refusal {
  return { ok: false, fault: { message, clause, expected, actual } }
}

function refuseParts(token: string, noun: string): Refusal {
  const parts = token.split('.', 7).length
  const hint = parts === 5 ? ' (an encrypted one, which nobody registered)' : ''
  return refuse(`${noun} has ${parts} parts${hint}; expected 3`, 'RFC 7515 7.1', '3 parts', `${parts} parts`)
}

function refuseEncoding(part: string): Refusal {
  const expected = 'canonical base64url without padding'
  return refuse(`${part} is not ${expected}`, 'RFC 7515 2', expected, 'not canonical base64url')
}

function readObject(
  encoded: string,
  part: string,
): { readonly ok: true; readonly value: Record<string, unknown> } | Refusal {
  const text = decodeBase64urlText(encoded)
  if (text === undefined) return refuseText(encoded, part)
  const json = parseStrictJson(text)
  const expected = 'a JSON object without duplicate members'
  if (!json.ok) return refuse(`${part} is ${json.fault}; expected ${expected}`, 'RFC 7519 4', expected, json.fault)
  const { value } = json
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { ok: true, value: value as Record<string, unknown> }
  }
  return refuse(`${part} is a JSON ${jsonType(value)}; expected ${expected}`, 'RFC 7519 7.2', expected, jsonType(value))
}

function refuseText(encoded: string, part: string): Refusal {
  if (!decodeBase64url(encoded)) return refuseEncoding(part)
  return refuse(`${part} is not valid UTF-8`, 'RFC 7519 7.2', 'valid UTF-8', 'invalid UTF-8')
}

function findHeaderFault(header: Record<string, unknown>, noun: string): JwtFault | undefined {
  if (typeof header.alg !== 'string') return typeFault(`${noun} header "alg"`, 'a string', header.alg, 'RFC 7515 4.1.1')
  for (const name of stringParameters) {
    const value = header[name]
    if (value !== undefined && typeof value !== 'string') {
      return typeFault(`${noun} header "${name}"`, 'a string', value, 'RFC 7515 4.1')
    }
  }
  return undefined
}

function findDateFault(claims: Record<string, unknown>, noun: string): JwtFault | undefined {
  for (const name of dateClaims) {
    const value = claims[name]
    if (value !== undefined && !isNumericDate(value)) {
      return typeFault(`${noun} claim "${name}"`, 'a NumericDate in range', value, 'RFC 7519 2')
    }
  }
  return undefined
}

function typeFault(what: string, expected: string, value: unknown, clause: string): JwtFault {
  const actual = typeof value === 'number' ? String(value) : jsonType(value)
  return { message: `${what} is ${actual}; expected ${expected}`, clause, expected, actual }
}
