import type { AuthorizationDetail } from '../../generated/models.ts'
import { ProtocolError, type ProtocolErrorCode } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import { isAuthorizationDetails } from './authorization-details.ts'
import type { Notice } from './notice.ts'
import { compareScopes, hasScope, isScope, splitScope } from './scope.ts'
import type { TokenSet } from './token-set.ts'

/** What was asked of the token endpoint, as far as the answer is judged by it. */
export interface TokenExpectations {
  readonly issuer: string
  /** The `grant_type` sent. */
  readonly grant: string
  /** As sent, at the token or the authorization endpoint; empty or absent: left to the server. */
  readonly requestedScope?: string
  /** As sent. */
  readonly resource?: readonly string[]
  /** Whether the request carried a DPoP proof. */
  readonly dpop: boolean
  /** Refuses an answer that does not say what was granted. @default false: absent means as requested (RFC 6749 5.1) */
  readonly requireScope?: boolean
  /** Takes a Bearer token for a DPoP request, and reports it. @default false */
  readonly allowBearerDowngrade?: boolean
  /** Whether the token is none to be shown to a resource (`N_A`, RFC 8693 2.2.1), so that it may be any text. @default false */
  readonly isForOthers?: boolean
  /** Milliseconds since the epoch: when the answer came. */
  readonly receivedAt: number
}

/** The tokens, and what is to be said about them. */
export interface JudgedTokens {
  readonly tokens: TokenSet
  readonly notices: readonly Notice[]
}

/** A hundred years: a lifetime beyond it is a mistake of unit, and soon a date that cannot be told. */
const longestLifetime = 100 * 366 * 86_400

/**
 * Judges a token response with status 200. No token is ever part of a message.
 *
 * @param body the parsed JSON
 * @throws ProtocolError `invalid_token_response`, `token_type_mismatch`
 * @see RFC 6749 5.1, RFC 9449 5, OpenID Connect Core 3.1.3.3
 */
export function judgeTokenResponse(body: unknown, expected: TokenExpectations): JudgedTokens {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refuse('the token response is no JSON object', 'RFC 6749 5.1', 'object', jsonType(body))
  }
  const answer = body as Readonly<Record<string, unknown>>
  refuseErrorBody(answer.error)
  const notices: Notice[] = []
  const tokens = {
    issuer: expected.issuer,
    receivedAt: expected.receivedAt,
    accessToken: readAccessToken(answer.access_token, expected),
    tokenType: readTokenType(answer.token_type, expected, notices),
    scope: readScope(answer.scope, expected, notices),
    expiresAt: readExpiry(answer.expires_in, expected, notices),
    refreshToken: readRefreshToken(answer.refresh_token, expected, notices),
    idToken: readIdToken(answer.id_token, expected, notices),
    subject: typeof answer.sub === 'string' && answer.sub !== '' ? answer.sub : undefined,
    resource: expected.resource,
    authorizationDetails: readAuthorizationDetails(answer.authorization_details),
    issuedTokenType: readText(answer.issued_token_type, 'issued_token_type', 'RFC 8693 2.2.1'),
  }
  return { tokens: withoutUndefined(tokens), notices }
}

/** RFC 6749 5.2: an error has a status of its own; there are servers that answer 200 all the same. */
function refuseErrorBody(error: unknown): void {
  if (error === undefined) return
  const actual = typeof error === 'string' ? printable(error, 100) : jsonType(error)
  throw refuse(`the token response has status 200 and the error "${actual}"`, 'RFC 6749 5.2', 'no error', actual)
}

function readAccessToken(value: unknown, { isForOthers = false }: TokenExpectations): string {
  const token = readText(value, 'access_token', 'RFC 6749 5.1')
  if (token === undefined) throw refuseMember('access_token', 'RFC 6749 5.1', 'non-empty string', 'absent')
  // RFC 6750 2.1, RFC 9449 7.1: in the Authorization header it must be a b64token, whichever scheme it has.
  if (!isForOthers && !/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) {
    throw refuseMember('access_token', 'RFC 6750 2.1', 'b64token', 'a string with other characters')
  }
  return token
}

function readTokenType(value: unknown, expected: TokenExpectations, notices: Notice[]): 'Bearer' | 'DPoP' {
  const type = readText(value, 'token_type', 'RFC 6749 5.1')
  if (type === undefined) throw refuseMember('token_type', 'RFC 6749 5.1', 'Bearer or DPoP', 'absent')
  const wanted = expected.dpop ? 'DPoP' : 'Bearer'
  // RFC 6749 5.1: the value is case-insensitive.
  switch (type.toLowerCase()) {
    case wanted.toLowerCase():
      return wanted
    case 'bearer': {
      if (expected.allowBearerDowngrade !== true) break
      const message = 'the request carried a DPoP proof, the token is a Bearer token that anyone can use'
      notices.push({ code: 'bearer_downgrade', message, clause: 'RFC 9449 5', expected: 'DPoP', actual: 'Bearer' })
      return 'Bearer'
    }
    default:
  }
  // RFC 6749 7.1: a client must not use a token whose type it does not understand, or did not ask for.
  const actual = printable(type, 50)
  const clause = expected.dpop ? 'RFC 9449 5' : 'RFC 6749 7.1'
  throw refuse(`"token_type" must be ${wanted}; it is "${actual}"`, clause, wanted, actual, 'token_type_mismatch')
}

function readScope(value: unknown, expected: TokenExpectations, notices: Notice[]): string {
  const requested = splitScope(expected.requestedScope ?? '').join(' ')
  // RFC 6749 5.1: absent means as requested.
  if (value === undefined) {
    if (expected.requireScope !== true) return requested
    throw refuseMember('scope', 'RFC 6749 5.1', 'what was granted', 'absent')
  }
  if (typeof value !== 'string' || !isScope(value)) {
    const actual = typeof value === 'string' ? 'a string with other characters' : jsonType(value)
    throw refuseMember('scope', 'RFC 6749 A.4', 'scopes separated by spaces', actual)
  }
  const granted = splitScope(value).join(' ')
  if (requested === '') return granted
  const { added, missing } = compareScopes(requested, granted)
  const common = { clause: 'RFC 6749 5.1', expected: requested, actual: printable(granted) }
  if (added.length > 0) {
    const message = `more was granted than was asked for: ${printable(added.join(' '))}`
    notices.push({ code: 'scope_widened', message, ...common })
  }
  if (missing.length > 0) {
    notices.push({ code: 'scope_narrowed', message: `not granted: ${missing.join(' ')}`, ...common })
  }
  return granted
}

function readExpiry(value: unknown, expected: TokenExpectations, notices: Notice[]): number | undefined {
  if (value === undefined) return undefined
  const numeric = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  // RFC 6749 A.14: expires-in = 1*DIGIT
  if (typeof numeric !== 'number' || !Number.isInteger(numeric) || numeric < 0 || numeric > longestLifetime) {
    const actual = typeof value === 'number' ? value : jsonType(value)
    throw refuseMember('expires_in', 'RFC 6749 5.1', 'whole seconds, up to a hundred years', actual)
  }
  if (typeof value === 'string') {
    const message = '"expires_in" is a string; it was read as a number'
    notices.push({ code: 'expires_in_string', message, clause: 'RFC 6749 5.1', expected: 'number', actual: 'string' })
  }
  // A length of time, told by our own clock: how far the server's is from ours makes no difference to a refresh.
  return expected.receivedAt + numeric * 1000
}

function readRefreshToken(value: unknown, { grant }: TokenExpectations, notices: Notice[]): string | undefined {
  const token = readText(value, 'refresh_token', 'RFC 6749 A.17')
  if (token === undefined || grant !== 'client_credentials') return token
  const message = 'a refresh token came for the client itself, which needs none; it was dropped'
  notices.push({ code: 'unexpected_refresh_token', message, clause: 'RFC 6749 4.4.3' })
  return undefined
}

function readIdToken(
  value: unknown,
  { grant, requestedScope }: TokenExpectations,
  notices: Notice[],
): string | undefined {
  const token = readText(value, 'id_token', 'OpenID Connect Core 3.1.3.3')
  if (token === undefined) {
    if (grant !== 'authorization_code' || !hasScope(requestedScope, 'openid')) return undefined
    // OpenID Connect Core 3.1.3.3: without it nobody has logged in.
    throw refuseMember('id_token', 'OpenID Connect Core 3.1.3.3', 'an id_token, for openid was asked for', 'absent')
  }
  if (grant !== 'client_credentials') return token
  const message = 'an id_token came for the client itself, which is no user; it was dropped'
  notices.push({ code: 'unexpected_id_token', message, clause: 'RFC 6749 4.4.3' })
  return undefined
}

function readAuthorizationDetails(value: unknown): readonly AuthorizationDetail[] | undefined {
  if (value === undefined || isAuthorizationDetails(value)) return value
  throw refuseMember('authorization_details', 'RFC 9396 7', 'list of objects, each with a type', jsonType(value))
}

/** A member that, where it is present, is a non-empty string of printable ASCII (RFC 6749 A: 1*VSCHAR). */
function readText(value: unknown, name: string, clause: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)) return value
  const wrong = value === '' ? 'an empty string' : 'a string with other characters'
  throw refuseMember(name, clause, 'non-empty string', typeof value === 'string' ? wrong : jsonType(value))
}

function refuseMember(name: string, clause: string, expected: string, actual: unknown): ProtocolError {
  return refuse(`"${name}" of the token response must be ${expected}; it is ${actual}`, clause, expected, actual)
}

function refuse(
  message: string,
  clause: string,
  expected: unknown,
  actual: unknown,
  code: ProtocolErrorCode = 'invalid_token_response',
): ProtocolError {
  return new ProtocolError(code, message, { clause, expected, actual })
}

/** Because `exactOptionalPropertyTypes` tells an absent member from one that is `undefined`. */
function withoutUndefined(tokens: { readonly [K in keyof Required<TokenSet>]: TokenSet[K] | undefined }): TokenSet {
  return Object.fromEntries(Object.entries(tokens).filter(([, value]) => value !== undefined)) as unknown as TokenSet
}
