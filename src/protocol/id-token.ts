import type { TokenCheck } from '../errors/protocol.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { MaybePromise, SignatureAlgorithm } from '../lib/signatures/types.ts'
import type { Decryptor } from './decryption.ts'
import type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from './encryption-algorithms.ts'
import { checkParties, checkRequestedClaims } from './id-token-claims.ts'
import { checkContinuity } from './id-token-continuity.ts'
import { decryptIdToken } from './id-token-encryption.ts'
import { checkAlgorithm, checkHeader } from './id-token-header.ts'
import { checkSignature } from './id-token-signature.ts'
import { checkTimes } from './id-token-times.ts'
import type { KeyQuery, KeySelection } from './jwks.ts'
import { type Jwt, type JwtClaims, type JwtHeader, readJwt } from './jwt.ts'
import type { Quirk, QuirkReporter } from './quirks.ts'
import { TokenChecks } from './token-checks.ts'
import { checkTokenHashes } from './token-hash.ts'

/** The claims of an id_token that was verified (OIDC Core 2). */
export interface IdTokenClaims extends JwtClaims {
  /** The issuer, as it was expected. */
  readonly iss: string
  /** The user, unique at the issuer and never reassigned: 255 characters at most (OIDC Core 2). */
  readonly sub: string
  /** The clients that it is for. */
  readonly aud: string | readonly string[]
  /** Seconds since the epoch. */
  readonly exp: number
  /** Seconds since the epoch. */
  readonly iat: number
  /** Seconds since the epoch. */
  readonly auth_time?: number
  readonly nonce?: string
  /** How strong the login was, in the issuer's own terms. */
  readonly acr?: string
  /** By which means the user logged in: `pwd`, `otp`, ... (RFC 8176). */
  readonly amr?: readonly string[]
  /** The client that asked for it. */
  readonly azp?: string
  /** The issuer's session, which a logout names. */
  readonly sid?: string
}

/** An id_token that passed every check, and the list of them. */
export interface VerifiedIdToken {
  /** The payload, of which every claim that the rules name was judged. */
  readonly claims: IdTokenClaims
  /** The protected header: `alg`, `kid`, ... */
  readonly header: JwtHeader
  /** Every rule that the token was held against, in order; none failed. */
  readonly checks: readonly TokenCheck[]
}

/** What an id_token must be. What is left out is not checked, and reported so. */
export interface IdTokenExpectations {
  /** Compared exactly, a trailing slash included. */
  readonly issuer: string
  /** The client that the token must be made out to: `aud`, and `azp` where there is one. */
  readonly clientId: string
  /** The nonce of the request; `null`: there must be none. @default unchecked */
  readonly nonce?: string | null | undefined
  /** Seconds that the authentication may lie back: `max_age` as requested. @default unchecked */
  readonly maxAge?: number | undefined
  /** What came with the id_token, to be held against `at_hash`. */
  readonly accessToken?: string | undefined
  /** What came with the id_token, to be held against `c_hash`. */
  readonly code?: string | undefined
  /** The state of the request, to be held against `s_hash`. */
  readonly state?: string | undefined
  /** Hashes that must be there: at_hash with a token from the authorization endpoint, c_hash with a code. @default none */
  readonly requiredHashes?: readonly ('at_hash' | 'c_hash' | 's_hash')[] | undefined
  /** As requested in `acr_values`. */
  readonly acrValues?: readonly string[] | undefined
  /** Whether another `acr` than those fails: an essential claim, or a step-up. @default false: reported */
  readonly acrEssential?: boolean | undefined
  /** Other clients whose id_tokens are taken here: accepted in `azp`. @default none */
  readonly authorizedParties?: readonly string[] | undefined
  /** Other audiences that may stand beside the client in `aud`. @default none */
  readonly trustedAudiences?: readonly string[] | undefined
  /**
   * As registered (`id_token_signed_response_alg`). A MAC needs `clientSecret`; `none` needs `receivedFrom`.
   *
   * @default any asymmetric one of the server's list, or RS256 without a list
   */
  readonly idTokenSignedResponseAlg?: SignatureAlgorithm | 'none' | undefined
  /** For HS256, HS384 and HS512, and only where one of them was registered. */
  readonly clientSecret?: string | undefined
  /** As registered (`id_token_encrypted_response_alg`); a plain id_token is then refused. Needs `decryptor`. @default not encrypted */
  readonly idTokenEncryptedResponseAlg?: KeyManagementAlgorithm | undefined
  /** As registered (`id_token_encrypted_response_enc`). @default 'A128CBC-HS256' */
  readonly idTokenEncryptedResponseEnc?: ContentEncryptionAlgorithm | undefined
  /** What opens encrypted id_tokens: `createDecryptor(keys)`. */
  readonly decryptor?: Decryptor | undefined
  /** Where the id_token came from. An unsigned one is believed only straight from the token endpoint. @default authorization_endpoint */
  readonly receivedFrom?: 'token_endpoint' | 'authorization_endpoint' | undefined
  /** Seconds by which the clocks may differ. @default 30 */
  readonly tolerance?: number | undefined
  /** Seconds that `iat` may lie back. @default unchecked */
  readonly maxTokenAge?: number | undefined
  /** On refresh: the claims of the id_token of the login, which the new one must go on from (OIDC Core 12.2). */
  readonly previous?: IdTokenClaims | undefined
  /** What is let pass of a server that is known to break a rule; `checks` say where it was. @default none */
  readonly quirks?: readonly Quirk[] | undefined
}

/** What the rules cannot know by themselves. */
export interface IdTokenSources {
  /** `id_token_signing_alg_values_supported`; asked for once the token has the shape of one. */
  readonly signingAlgs: () => MaybePromise<readonly string[] | undefined>
  readonly selectKeys: (query: KeyQuery) => MaybePromise<KeySelection>
  readonly runtime: Runtime
  /** Told of each quirk that took effect. */
  readonly onQuirk?: QuirkReporter
}

/**
 * Holds an id_token against every rule, in order. Awaits only what is a promise: on Node, with keys in memory, nothing is,
 * and each turn of the loop would cost.
 *
 * @throws IdTokenError `invalid_id_token`, with the checks up to the one that failed
 * @see OIDC Core 3.1.3.7, 3.2.2.11, 3.3.2.12, 12.2
 */
export async function judgeIdToken(
  token: string,
  expectations: IdTokenExpectations,
  sources: IdTokenSources,
): Promise<VerifiedIdToken> {
  const checks = new TokenChecks(undefined, sources.onQuirk)
  const opened = decryptIdToken(token, expectations, checks)
  const jwt = checkShape(opened instanceof Promise ? await opened : opened, checks)
  checkHeader(jwt.header, checks)
  const listed = sources.signingAlgs()
  const alg = checkAlgorithm(jwt.header, expectations, listed instanceof Promise ? await listed : listed, checks)
  const verifying = checkSignature(jwt, alg, expectations, sources, checks)
  if (verifying) await verifying
  const claims = checkParties(jwt.claims, expectations, checks)
  checkTimes(claims, expectations, sources.runtime.now() / 1000, checks)
  checkRequestedClaims(claims, expectations, checks)
  const hashing = checkTokenHashes(claims, alg, expectations, checks)
  if (hashing) await hashing
  checkContinuity(claims, expectations.previous, checks)
  return { claims, header: jwt.header, checks: checks.list }
}

function checkShape(token: string, checks: TokenChecks): Jwt {
  const { jwt, fault } = readJwt(token)
  const { what = '', expected = 'a signed JWT', actual = expected, clause = 'RFC 7519 7.2' } = fault ?? {}
  checks.expect(!fault, 'shape', clause, expected, actual, () => `${what} is ${actual}; expected ${expected}`.trim())
  return jwt!
}
