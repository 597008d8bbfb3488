import type { TokenExchangeRequest } from '../../generated/models.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { jsonType, printable } from '../lib/printable.ts'
import {
  assertText,
  buildCommonParameters,
  buildExtraParameters,
  grantTypes,
  type TokenRequestOptions,
} from './grant-request.ts'
import type { Notice } from './notice.ts'
import { judgeTokenResponse, type TokenExpectations } from './token-response.ts'
import type { TokenSet } from './token-set.ts'

/** A kind of token: one that RFC 8693 3 names, by its last word, or any URI. */
export type TokenTypeName =
  | 'access_token'
  | 'refresh_token'
  | 'id_token'
  | 'saml1'
  | 'saml2'
  | 'jwt'
  | (`${string}:${string}` & {})

export interface TokenExchangeOptions extends TokenRequestOptions {
  /** The token of the party on whose behalf the request is made. */
  readonly subjectToken: string
  readonly subjectTokenType: TokenTypeName
  /** The token of the party that acts. Needs `actorTokenType`. */
  readonly actorToken?: string
  readonly actorTokenType?: TokenTypeName
  /** @default left to the server */
  readonly requestedTokenType?: TokenTypeName
  /** Services by the names under which the server knows them. */
  readonly audience?: string | readonly string[]
}

/** What came of an exchange. */
export interface ExchangedToken {
  /** As a URI (RFC 8693 3). */
  readonly issuedTokenType: string
  /** The issued token, whatever it is. */
  readonly token: string
  /** Where the token can be used as an access token; absent for `token_type` N_A. */
  readonly tokens?: TokenSet
  readonly notices: readonly Notice[]
}

const named = ['access_token', 'refresh_token', 'id_token', 'saml1', 'saml2', 'jwt']
const ownParameters = [
  ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type', 'audience'],
]

/**
 * @throws TypeError
 * @see RFC 8693 2.1
 */
export function buildTokenExchangeRequest(options: TokenExchangeOptions): TokenExchangeRequest {
  const { subjectToken, subjectTokenType, actorToken, actorTokenType, requestedTokenType, audience } = options
  assertText(subjectToken, 'subjectToken')
  // RFC 8693 2.1: actor_token_type "is REQUIRED when the actor_token parameter is present [...] but MUST NOT be
  // included otherwise".
  if ((actorToken === undefined) !== (actorTokenType === undefined)) {
    throw new TypeError('"actorToken" and "actorTokenType" go together (RFC 8693 2.1)')
  }
  if (actorToken !== undefined) assertText(actorToken, 'actorToken')
  const audiences = audience === undefined ? [] : [audience].flat()
  for (const one of audiences) assertText(one, 'audience')
  return {
    ...buildExtraParameters(options.extraParameters, ownParameters),
    grant_type: grantTypes.tokenExchange,
    subject_token: subjectToken,
    subject_token_type: tokenTypeUri(subjectTokenType, 'subjectTokenType'),
    ...(actorToken !== undefined && { actor_token: actorToken }),
    ...(actorTokenType !== undefined && { actor_token_type: tokenTypeUri(actorTokenType, 'actorTokenType') }),
    ...(requestedTokenType !== undefined && {
      requested_token_type: tokenTypeUri(requestedTokenType, 'requestedTokenType'),
    }),
    ...(audiences.length > 0 && { audience: [...new Set(audiences)] }),
    ...buildCommonParameters(options),
  }
}

export interface ExchangeExpectations extends TokenExpectations {
  /** As sent. */
  readonly requestedTokenType?: string | undefined
  /** Takes a token of another type than the one asked for. @default false */
  readonly allowOtherTokenType?: boolean | undefined
}

/**
 * Judges the answer to an exchange.
 *
 * @throws ProtocolError `invalid_token_response`, `token_type_mismatch`
 * @see RFC 8693 2.2.1
 */
export function judgeTokenExchangeResponse(body: unknown, expected: ExchangeExpectations): ExchangedToken {
  const answer = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  // RFC 8693 2.2.1: N_A says that the token is none to be used as an access token; nothing is bound then.
  const isOther = typeof answer.token_type === 'string' && answer.token_type.toLowerCase() === 'n_a'
  const { tokens, notices } = isOther
    ? judgeTokenResponse({ ...answer, token_type: 'Bearer' }, { ...expected, dpop: false, isForOthers: true })
    : judgeTokenResponse(body, expected)
  const { issuedTokenType, accessToken: token } = tokens
  if (issuedTokenType === undefined) {
    throw refuse('invalid_token_response', '"issued_token_type" is absent', 'a token type URI', jsonType(undefined))
  }
  const { requestedTokenType, allowOtherTokenType = false } = expected
  if (requestedTokenType !== undefined && issuedTokenType !== requestedTokenType && !allowOtherTokenType) {
    const actual = printable(issuedTokenType, 100)
    const message = `a token of type "${requestedTokenType}" was asked for and one of type "${actual}" issued`
    throw refuse('token_type_mismatch', message, requestedTokenType, actual)
  }
  return { issuedTokenType, token, notices, ...(!isOther && { tokens }) }
}

/** @throws TypeError */
function tokenTypeUri(type: string, name: string): string {
  if (named.includes(type)) return `urn:ietf:params:oauth:token-type:${type}`
  if (typeof type === 'string' && /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(type)) return type
  throw new TypeError(`"${name}" must be one of ${named.join(', ')}, or a URI (RFC 8693 3)`)
}

function refuse(
  code: 'invalid_token_response' | 'token_type_mismatch',
  message: string,
  expected: string,
  actual: string,
): ProtocolError {
  return new ProtocolError(code, message, { clause: 'RFC 8693 2.2.1', expected, actual })
}
