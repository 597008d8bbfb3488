import { IdTokenError, ProtocolError } from '../errors/protocol.ts'
import type { Issuer } from '../issuer/issuer.ts'
import { verifyIdTokenWith } from '../issuer/verify-id-token.ts'
import type { IdTokenClaims, IdTokenExpectations, VerifiedIdToken } from '../protocol/id-token.ts'
import type { TokenSet } from '../protocol/token-set.ts'
import type { Transaction } from '../protocol/transaction.ts'
import type { ClientSettings } from './client-options.ts'

/** Ends a wait for the issuer's keys. */
type Wait = { readonly signal?: AbortSignal | undefined }

/** What any id_token from the token endpoint is held against. */
function expectationsOf(settings: ClientSettings, tokens: TokenSet): IdTokenExpectations {
  return { ...settings.frontChannel.idToken, accessToken: tokens.accessToken, receivedFrom: 'token_endpoint' }
}

/**
 * The id_token of a login, held against everything that the login knows; `undefined` where none came and none
 * was asked for.
 *
 * @throws IdTokenError
 */
export async function verifyLoginToken(
  settings: ClientSettings,
  issuer: Issuer,
  tokens: TokenSet,
  { code, transaction }: { readonly code: string; readonly transaction: Transaction },
  wait: Wait,
): Promise<VerifiedIdToken | undefined> {
  if (tokens.idToken === undefined) return undefined
  const { nonce, state, maxAge, acrValues, acrEssential } = transaction
  const expectations = {
    ...expectationsOf(settings, tokens),
    // Without openid in the scope no nonce was sent, so none may come back (OpenID Connect Core 3.1.3.7 item 11).
    nonce: nonce ?? null,
    code,
    state,
    maxAge,
    acrValues,
    acrEssential,
  }
  return await verifyIdTokenWith(issuer, tokens.idToken, expectations, wait)
}

/**
 * The id_token that came with the code in the hybrid flow: it vouches for the code before that is used.
 *
 * @throws IdTokenError
 * @see OpenID Connect Core 3.3.2.10, 3.3.2.12
 */
export async function verifyFrontChannelToken(
  settings: ClientSettings,
  issuer: Issuer,
  { code, idToken }: { readonly code: string; readonly idToken?: string },
  { nonce, state, maxAge, acrValues, acrEssential }: Transaction,
  wait: Wait,
): Promise<VerifiedIdToken | undefined> {
  if (idToken === undefined) return undefined
  const expectations = {
    ...settings.frontChannel.idToken,
    receivedFrom: 'authorization_endpoint' as const,
    nonce: nonce ?? null,
    code,
    state,
    // OpenID Connect Core 3.3.2.11: without c_hash the code could be anybody's.
    requiredHashes: ['c_hash'] as const,
    maxAge,
    acrValues,
    acrEssential,
  }
  return await verifyIdTokenWith(issuer, idToken, expectations, wait)
}

/** The checks whose failure means that the answer is about somebody else, or from somebody else. */
const identityChecks: readonly string[] = ['iss', 'refresh_iss', 'refresh_sub', 'refresh_aud']

/**
 * The id_token of a refresh, where one came, held against the one of the login.
 *
 * @throws ProtocolError `refresh_mismatch` where it is about another user, client or issuer
 * @throws IdTokenError for any other failure
 * @see OpenID Connect Core 12.2
 */
export async function verifyRefreshedToken(
  settings: ClientSettings,
  issuer: Issuer,
  tokens: TokenSet,
  previous: IdTokenClaims | undefined,
): Promise<VerifiedIdToken | undefined> {
  if (tokens.idToken === undefined) return undefined
  try {
    const expectations = { ...expectationsOf(settings, tokens), previous }
    return await verifyIdTokenWith(issuer, tokens.idToken, expectations)
  } catch (error) {
    if (!(error instanceof IdTokenError) || !identityChecks.includes(error.check)) throw error
    const { clause, expected, actual } = error
    throw new ProtocolError('refresh_mismatch', 'the refresh was answered with an id_token of another login', {
      clause,
      expected,
      actual,
      cause: error,
    })
  }
}
