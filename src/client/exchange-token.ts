import { sendTokenRequest, tokenExpectations } from '../issuer/request-tokens.ts'
import { assertKnownOptions } from '../lib/options.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import {
  buildTokenExchangeRequest,
  type ExchangedToken,
  judgeTokenExchangeResponse,
  type TokenExchangeOptions,
} from '../protocol/token-exchange.ts'
import { partsOf } from './client-parts.ts'
import { grantKey } from './grant-key.ts'
import type { OAuthClient } from './oauth-client.ts'
import { type GrantOptions, grantOptionNames, toTokenRequest } from './request-grant.ts'

/** Which token is exchanged, and for what (RFC 8693 2.1). */
export interface ExchangeTokenOptions extends TokenExchangeOptions, GrantOptions {
  /** Takes a token of another type than `requestedTokenType`. @default false */
  readonly allowOtherTokenType?: boolean
}

/** What a token was exchanged for (RFC 8693 2.2.1). */
export interface ExchangeTokenResult extends ExchangedToken {
  readonly issuer: string
  readonly clientId: string
  /** The key that the token is bound to. */
  readonly dpopKey?: SigningKey
}

const optionNames = [
  ...grantOptionNames,
  ...['subjectToken', 'subjectTokenType', 'actorToken', 'actorTokenType', 'requestedTokenType', 'audience'],
  'allowOtherTokenType',
]

/**
 * Exchanges a token for another: impersonation, or with an actor delegation. An id_token that comes of it is not
 * verified here: `verifyIdToken` does it, for whomever it is meant.
 *
 * @throws ProtocolError `invalid_token_response`, `token_type_mismatch`, and whatever a token request throws
 * @throws TypeError
 * @see RFC 8693
 * @example
 * const { tokens } = await exchangeToken(client, { subjectToken, subjectTokenType: 'access_token', audience: 'orders' })
 */
export async function exchangeToken(client: OAuthClient, options: ExchangeTokenOptions): Promise<ExchangeTokenResult> {
  const parts = partsOf(client, 'exchangeToken')
  assertKnownOptions('exchangeToken', options, optionNames)
  const parameters = buildTokenExchangeRequest(options)
  const dpopKey = await grantKey(parts, options)
  const request = toTokenRequest(parts, parameters, options, dpopKey)
  const exchanged = await parts.issuer.observer.watch('token_request', async () => {
    const answer = await sendTokenRequest(parts.issuer, request)
    return judgeTokenExchangeResponse(answer, {
      ...tokenExpectations(parts.issuer, request),
      requestedTokenType: parameters.requested_token_type,
      allowOtherTokenType: options.allowOtherTokenType,
    })
  })
  parts.issuer.observer.notices(exchanged.notices)
  return {
    issuer: parts.issuer.issuer,
    clientId: parts.issuer.clientId,
    ...exchanged,
    ...(dpopKey && exchanged.tokens?.tokenType === 'DPoP' && { dpopKey }),
  }
}
