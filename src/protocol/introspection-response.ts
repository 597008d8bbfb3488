import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import { isNumericDate } from './jwt.ts'
import { isScope } from './scope.ts'

/** A token that is good, with its claims by their registered names. */
export interface ActiveToken {
  readonly active: true
  readonly scope?: string
  readonly client_id?: string
  readonly username?: string
  readonly token_type?: string
  /** Seconds since the epoch. */
  readonly exp?: number
  /** Seconds since the epoch. */
  readonly iat?: number
  /** Seconds since the epoch. */
  readonly nbf?: number
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly iss?: string
  readonly jti?: string
  /** The key that the token is bound to; the caller has it proven (RFC 9449 6.2, RFC 8705 3.2). */
  readonly cnf?: Readonly<Record<string, unknown>>
  readonly [claim: string]: unknown
}

/** What the server says of a token. Of one that is not good, nothing else is told (RFC 7662 2.2). */
export type Introspection = ActiveToken | { readonly active: false }

export interface IntrospectionExpectations {
  /** Refuses the word of a server about another's token. @default not compared */
  readonly issuer?: string
}

const clause = 'RFC 7662 2.2'
const isText = (value: unknown): boolean => typeof value === 'string'

const rules: Readonly<Record<string, { readonly expected: string; readonly fits: (value: unknown) => boolean }>> = {
  scope: { expected: 'scopes separated by spaces', fits: (value) => typeof value === 'string' && isScope(value) },
  client_id: { expected: 'string', fits: isText },
  username: { expected: 'string', fits: isText },
  token_type: { expected: 'string', fits: isText },
  exp: { expected: 'NumericDate', fits: isNumericDate },
  iat: { expected: 'NumericDate', fits: isNumericDate },
  nbf: { expected: 'NumericDate', fits: isNumericDate },
  sub: { expected: 'string', fits: isText },
  aud: {
    expected: 'string or list of strings',
    fits: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  },
  iss: { expected: 'string', fits: isText },
  jti: { expected: 'string', fits: isText },
  cnf: { expected: 'object', fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value) },
}

/**
 * Judges an introspection response in plain JSON.
 *
 * @param body the parsed JSON
 * @throws ProtocolError `invalid_introspection_response`
 * @see RFC 7662 2.2
 */
export function judgeIntrospectionResponse(body: unknown, expected: IntrospectionExpectations = {}): Introspection {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the introspection response', 'JSON object', jsonType(body))
  }
  const { active } = body as Record<string, unknown>
  // A server that says "true" or 1 has not said true.
  if (typeof active !== 'boolean') throw refuse('"active" of the introspection response', 'boolean', jsonType(active))
  if (!active) return { active: false }
  for (const [name, { expected: type, fits }] of Object.entries(rules)) {
    const value = (body as Record<string, unknown>)[name]
    if (value === undefined || fits(value)) continue
    const actual = typeof value === 'number' ? value : jsonType(value)
    throw refuse(`"${name}" of the introspection response`, type, actual)
  }
  const token = body as ActiveToken
  if (expected.issuer !== undefined && token.iss !== undefined && token.iss !== expected.issuer) {
    throw refuse('"iss" of the introspection response', `"${expected.issuer}"`, `"${printable(token.iss)}"`)
  }
  return token
}

function refuse(what: string, expected: string, actual: unknown): ProtocolError {
  return new ProtocolError('invalid_introspection_response', `${what} must be ${expected}; it is ${actual}`, {
    clause,
    expected,
    actual,
  })
}
