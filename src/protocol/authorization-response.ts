import { AuthorizationResponseError, ProtocolError } from '../errors/protocol.ts'
import { timingSafeEqual } from '../lib/constant-time.ts'
import { jsonType, printable } from '../lib/printable.ts'
import { carrierOf, type ResponseCarrier, type ResponseMode, type ResponseType } from './response-mode.ts'

/**
 * Parameters that mean something in an authorization response. All others are ignored (RFC 6749 4.1.2),
 * repeated or not.
 */
const recognised = [
  'state',
  'code',
  'iss',
  'error',
  'error_description',
  'error_uri',
  /** Of the hybrid flow. */
  'id_token',
  /** Of JARM: all of the others in one signed JWT. */
  'response',
  // Those of other flows, which have no business in any answer that this library asks for.
  'access_token',
  'refresh_token',
] as const

type RecognisedParameter = (typeof recognised)[number]

/** The recognised parameters of a callback, read and not yet judged. */
export interface AuthorizationResponse {
  /** The first value of each that came. */
  readonly parameters: ReadonlyMap<RecognisedParameter, string>
  /** The names of those that came more than once. */
  readonly repeated: readonly RecognisedParameter[]
  /** Where they travelled; `undefined` where only the caller knows. */
  readonly carrier?: ResponseCarrier
}

/** What is expected of the answer; a transaction has these. */
export interface ExpectedAuthorizationResponse {
  readonly issuer: string
  readonly state: string
  /** @default 'code' */
  readonly responseType?: ResponseType
  /** As asked for. @default whatever it came by */
  readonly responseMode?: ResponseMode
}

/** The one field of authorization server metadata that matters here (RFC 9207 3). */
export interface AuthorizationResponseMetadata {
  readonly authorization_response_iss_parameter_supported?: boolean | undefined
}

/**
 * Reads a callback: of a URL its query, or its fragment where nothing of an answer is in the query.
 *
 * @param carrier where parameters that are given by themselves have travelled
 * @throws TypeError for another type of argument; nothing that a browser can send makes it throw
 */
export function parseAuthorizationResponse(
  input: URL | URLSearchParams,
  carrier?: ResponseCarrier,
): AuthorizationResponse {
  if (input instanceof URLSearchParams) return readParameters(input, carrier)
  if (!(input instanceof URL)) throw new TypeError('"input" must be a URL or URLSearchParams')
  const fragment = new URLSearchParams(input.hash.slice(1))
  const inFragment = isAnswer(fragment) && !isAnswer(input.searchParams)
  return inFragment ? readParameters(fragment, 'fragment') : readParameters(input.searchParams, 'query')
}

const isAnswer = (search: URLSearchParams): boolean => search.has('state') || search.has('response')

function readParameters(search: URLSearchParams, carrier: ResponseCarrier | undefined): AuthorizationResponse {
  const parameters = new Map<RecognisedParameter, string>()
  const repeated: RecognisedParameter[] = []
  for (const name of recognised) {
    const [value, ...more] = search.getAll(name)
    if (value !== undefined) parameters.set(name, value)
    if (more.length > 0) repeated.push(name)
  }
  return { parameters, repeated, ...(carrier && { carrier }) }
}

/**
 * The parameters of an answer that came as the claims of a JWT (JARM 2.1).
 *
 * @param outer what the JWT came in; an `iss` there must agree
 * @throws ProtocolError `invalid_authorization_response` for a recognised one that is no string, `issuer_mismatch`
 */
export function responseOfClaims(
  claims: Readonly<Record<string, unknown>>,
  outer: AuthorizationResponse,
): AuthorizationResponse {
  const parameters = new Map<RecognisedParameter, string>()
  for (const name of recognised) {
    const value = claims[name]
    if (value === undefined || name === 'response') continue
    if (typeof value !== 'string') throw refuse(`"${name}" of the authorization response`, 'a string', jsonType(value))
    parameters.set(name, value)
  }
  const beside = outer.parameters.get('iss')
  if (beside !== undefined) assertIssuer(beside, parameters.get('iss') ?? '', {})
  return { parameters, repeated: [], ...(outer.carrier && { carrier: outer.carrier }) }
}

/**
 * The JWT of a JARM answer, or `undefined` for a plain one.
 *
 * @throws ProtocolError `invalid_authorization_response` when it, or anything beside it, is not as it should be
 * @see JARM 2.3
 */
export function findResponseJwt({ parameters, repeated: twice }: AuthorizationResponse): string | undefined {
  const jwt = parameters.get('response')
  if (jwt === undefined) return undefined
  if (twice[0] !== undefined) throw repeated(twice[0])
  // What stands beside the JWT is not signed. RFC 9207 2 lets an iss be there; it is compared like any other.
  const beside = [...parameters.keys()].find((name) => name !== 'response' && name !== 'iss')
  if (beside === undefined) return jwt
  throw refuse(`the authorization response has "response" and "${beside}" beside it`, 'response alone', beside)
}

/**
 * The state, by which the transaction is found.
 *
 * @throws ProtocolError `invalid_authorization_response` when it is missing, empty or repeated
 * @see RFC 6749 4.1.2
 */
export function requireState(response: AuthorizationResponse): string {
  if (response.repeated.includes('state')) throw repeated('state')
  const state = response.parameters.get('state')
  if (state) return state
  throw refuse('the authorization response has no "state"', 'state', state === undefined ? 'absent' : 'empty')
}

/**
 * Judges an authorization response of the code or hybrid flow. The order matters: until `state` and `iss` are right,
 * nothing else in it can be believed to come from the server that was asked.
 *
 * @returns the code, and in the hybrid flow the id_token, which is not verified yet
 * @throws ProtocolError `state_mismatch`, `issuer_mismatch`, `invalid_authorization_response`
 * @throws AuthorizationResponseError for an error response
 * @see RFC 6749 4.1.2, RFC 9207 2.4, OAuth 2.0 Form Post Response Mode 2
 */
export function judgeAuthorizationResponse(
  response: AuthorizationResponse,
  expected: ExpectedAuthorizationResponse,
  metadata: AuthorizationResponseMetadata,
): { readonly code: string; readonly idToken?: string } {
  assertState(requireState(response), expected.state)
  assertCarrier(response, expected)
  // RFC 6749 3.1: request and response parameters must not be included more than once.
  const [first] = response.repeated
  if (first !== undefined) throw repeated(first)
  const { responseType = 'code' } = expected
  const idToken = response.parameters.get('id_token')
  // RFC 9207 2.4: the iss of an id_token from the front channel serves as well; it is verified with the id_token.
  const isVouched = responseType === 'code id_token' && idToken !== undefined
  assertIssuer(response.parameters.get('iss'), expected.issuer, isVouched ? {} : metadata)
  assertNothingOfOtherFlows(response, responseType)
  const code = response.parameters.get('code')
  const error = response.parameters.get('error')
  if (code !== undefined && error !== undefined) {
    throw refuse('the authorization response has both "code" and "error"', 'one of them', 'both')
  }
  if (error !== undefined) throw errorResponse(error, response, expected.issuer)
  if (responseType === 'code') return { code: requireCode(code) }
  return { code: requireCode(code), idToken: requireIdToken(idToken) }
}

function assertState(actual: string, expected: string): void {
  if (timingSafeEqual(expected, actual)) return
  // RFC 6749 10.12: whoever began this login is not who comes back. Neither value is shown.
  throw new ProtocolError('state_mismatch', 'the "state" of the authorization response is not the one sent', {
    clause: 'RFC 6749 10.12',
    expected: 'the state of the request',
    actual: 'another',
  })
}

function assertIssuer(iss: string | undefined, expected: string, metadata: AuthorizationResponseMetadata): void {
  const clause = 'RFC 9207 2.4'
  if (iss === undefined) {
    // RFC 9207 2.4: must be there where the server supports it. That another server answered is then likely.
    if (metadata.authorization_response_iss_parameter_supported !== true) return
    throw new ProtocolError(
      'issuer_mismatch',
      `the authorization response has no "iss", which ${expected} says it sends`,
      { clause, expected, actual: 'absent' },
    )
  }
  // RFC 9207 2.4: simple string comparison, present always means compared.
  if (iss === expected) return
  const actual = printable(iss)
  throw new ProtocolError(
    'issuer_mismatch',
    `the authorization response comes from "${actual}"; expected "${expected}"`,
    {
      clause,
      expected,
      actual,
    },
  )
}

/** OAuth 2.0 Multiple Response Type Encoding Practices 2.1: an answer comes as it was asked for, or not from who was asked. */
function assertCarrier({ carrier }: AuthorizationResponse, expected: ExpectedAuthorizationResponse): void {
  const { responseMode: mode, responseType = 'code' } = expected
  if (mode === undefined || carrier === undefined || carrierOf(mode, responseType) === carrier) return
  const wanted = carrierOf(mode, responseType)
  throw new ProtocolError(
    'invalid_authorization_response',
    `the authorization response came by ${carrier}; ${wanted} was asked for`,
    { clause: 'OAuth 2.0 Multiple Response Type Encoding Practices 2.1', expected: wanted, actual: carrier },
  )
}

function assertNothingOfOtherFlows({ parameters }: AuthorizationResponse, responseType: ResponseType): void {
  for (const name of ['access_token', 'refresh_token', 'id_token', 'response'] as const) {
    if (!parameters.has(name) || (name === 'id_token' && responseType === 'code id_token')) continue
    // RFC 9700 2.1.2: tokens in a front channel can be injected; JARM would have to be asked for.
    const what = `the authorization response has "${name}", which a "${responseType}" request cannot have`
    throw refuse(what, `only ${responseType}`, name)
  }
}

function requireIdToken(idToken: string | undefined): string {
  if (idToken) return idToken
  throw new ProtocolError('invalid_authorization_response', 'the authorization response has no "id_token"', {
    clause: 'OpenID Connect Core 3.3.2.5',
    expected: 'an id_token beside the code',
    actual: idToken === undefined ? 'absent' : 'empty',
  })
}

function requireCode(code: string | undefined): string {
  if (code === undefined) {
    throw refuse('the authorization response has neither "code" nor "error"', 'code or error', 'neither')
  }
  // RFC 6749 A.11: code = 1*VSCHAR
  if (!/^[\x20-\x7e]+$/.test(code)) {
    const actual = code === '' ? 'empty' : 'other characters'
    throw refuse('the "code" of the authorization response must be printable ASCII', '1*VSCHAR', actual)
  }
  return code
}

function errorResponse(
  error: string,
  { parameters }: AuthorizationResponse,
  issuer: string,
): AuthorizationResponseError | ProtocolError {
  // RFC 6749 A.7: error = 1*NQSCHAR
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(error)) {
    return refuse('the "error" of the authorization response is no error code', '1*NQSCHAR', printable(error, 50))
  }
  // RFC 6749 A.8 allows ASCII only; servers write in the user's language. It is shown, so it is cleaned.
  const description = printable(parameters.get('error_description') ?? '', 300)
  const uri = cleanUri(parameters.get('error_uri'))
  return new AuthorizationResponseError(
    `${issuer} answered the login with "${error}"${description === '' ? '' : `: ${description}`}`,
    {
      error,
      issuer,
      ...(description === '' ? {} : { errorDescription: description }),
      ...(uri === undefined ? {} : { errorUri: uri }),
    },
  )
}

/** Somebody may make a link of it: nothing but http(s). */
function cleanUri(uri: string | undefined): string | undefined {
  if (uri === undefined || uri.length > 2000 || !URL.canParse(uri)) return undefined
  const { protocol, href } = new URL(uri)
  return protocol === 'https:' || protocol === 'http:' ? href : undefined
}

function repeated(name: string): ProtocolError {
  return new ProtocolError(
    'invalid_authorization_response',
    `the authorization response has "${name}" more than once`,
    {
      clause: 'RFC 6749 3.1',
      expected: 'once',
      actual: 'repeated',
    },
  )
}

function refuse(message: string, expected: string, actual: string): ProtocolError {
  return new ProtocolError('invalid_authorization_response', message, { clause: 'RFC 6749 4.1.2', expected, actual })
}
