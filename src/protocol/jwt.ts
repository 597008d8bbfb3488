import { ProtocolError } from '../errors/protocol.ts'
import { decodeBase64url, decodeBase64urlText } from '../lib/base64url.ts'
import { allocateShared } from '../lib/byte-slab.ts'
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
  /** The part at fault: empty for the whole, else `header`, `payload`, `header "alg"`, ... */
  readonly what: string
  readonly expected: string
  readonly actual: string
  readonly clause: string
}

export type JwtReading =
  | { readonly jwt: Jwt; readonly fault?: undefined }
  | { readonly jwt?: undefined; readonly fault: JwtFault }

/** Characters of the longest JWT that is looked at. */
export const mostJwtLength = 65_536
/** Seconds; the last that a `Date` can hold. */
const lastDate = 8_640_000_000_000
const stringParameters = ['alg', 'kid', 'typ', 'cty']
const dateClaims = ['exp', 'nbf', 'iat']

/**
 * Takes a compact JWS with a claims set apart, strictly: size, three parts, canonical base64url, UTF-8, JSON
 * objects without duplicate members, header parameters and dates of the right type.
 *
 * @param noun what to call it in messages, for example `logout token`
 * @throws ProtocolError `invalid_jwt`
 * @see RFC 7515 5.2, RFC 7519 7.2
 */
export function parseJwt(token: unknown, noun = 'JWT'): Jwt {
  const { jwt, fault } = readJwt(token)
  if (jwt) return jwt
  const { what, expected, actual, clause } = fault
  const subject = what === '' ? noun : `${noun} ${what}`
  throw new ProtocolError('invalid_jwt', `${subject} is ${actual}; expected ${expected}`, { clause, expected, actual })
}

/** `parseJwt` for callers that report the fault in their own way. */
export function readJwt(token: unknown): JwtReading {
  if (typeof token !== 'string') return refuse('', 'a string', jsonType(token), 'RFC 7519 3')
  if (token.length > mostJwtLength) return refuse('', `at most ${mostJwtLength} characters`, 'longer', 'RFC 8725 3.1')
  const parts = token.split('.', 6)
  // Five parts are an encrypted one, which nobody registered.
  if (parts.length !== 3)
    return refuse('', '3 parts', `${parts.length} part${parts.length === 1 ? '' : 's'}`, 'RFC 7515 7.1')
  const header = readHeader(parts[0]!)
  if (header.fault) return header
  const claims = readObject(parts[1]!, 'payload')
  if (claims.fault) return claims
  const signature = decodeBase64url(parts[2]!, allocateShared)
  if (!signature) return refuse('signature', 'canonical base64url', 'something else', 'RFC 7515 2')
  const fault = findDateFault(claims.value)
  if (fault) return fault
  const signingInput = token.slice(0, parts[0]!.length + 1 + parts[1]!.length)
  return { jwt: { header: header.value, claims: claims.value, signingInput, signature } }
}

/** Whether a value is a NumericDate that a clock can be held against (RFC 7519 2). */
export function isNumericDate(value: unknown): value is number {
  // Infinity, which 1e999 becomes, would make a token that never expires.
  return typeof value === 'number' && value >= 0 && value <= lastDate
}

interface Refusal {
  readonly jwt?: undefined
  readonly fault: JwtFault
}

function refuse(what: string, expected: string, actual: string, clause: string): Refusal {
  return { fault: { what, expected, actual, clause } }
}

function readObject(
  encoded: string,
  what: string,
): { readonly value: Record<string, unknown>; readonly fault?: undefined } | Refusal {
  const text = decodeBase64urlText(encoded)
  if (text === undefined) return refuse(what, 'UTF-8 in canonical base64url', 'something else', 'RFC 7519 7.2')
  const json = parseStrictJson(text)
  const actual = json.ok ? jsonType(json.value) : json.fault
  if (!json.ok || actual !== 'object') {
    return refuse(what, 'a JSON object without duplicate members', actual, 'RFC 7519 7.2')
  }
  return { value: json.value as Record<string, unknown> }
}

/** Characters of the longest header that is remembered. */
const mostRememberedLength = 256
/** The header that was read last: an issuer's tokens begin with the same text until it changes its key. */
let last: { readonly encoded: string; readonly header: JwtHeader } | undefined

function readHeader(encoded: string): { readonly value: JwtHeader; readonly fault?: undefined } | Refusal {
  // Each reader gets a header of its own, so that nobody sees it changed by another.
  if (encoded === last?.encoded) return { value: { __proto__: null, ...last.header } as unknown as JwtHeader }
  const read = readObject(encoded, 'header')
  if (read.fault) return read
  const fault = findHeaderFault(read.value)
  if (fault) return fault
  const header = read.value as JwtHeader
  // A member that is an object would be shared by all who read it.
  const isFlat = Object.values(header).every((value) => typeof value === 'string')
  if (isFlat && encoded.length <= mostRememberedLength) last = { encoded, header: { ...header } }
  return { value: header }
}

function findHeaderFault(header: Record<string, unknown>): Refusal | undefined {
  for (const name of stringParameters) {
    const value = header[name]
    if (typeof value !== 'string' && (value !== undefined || name === 'alg')) {
      return refuse(`header "${name}"`, 'a string', jsonType(value), 'RFC 7515 4.1')
    }
  }
  return undefined
}

function findDateFault(claims: Record<string, unknown>): Refusal | undefined {
  for (const name of dateClaims) {
    const value = claims[name]
    if (value !== undefined && !isNumericDate(value)) {
      const actual = typeof value === 'number' ? String(value) : jsonType(value)
      return refuse(`claim "${name}"`, 'a NumericDate in range', actual, 'RFC 7519 2')
    }
  }
  return undefined
}
