import { generateSigningKey } from '#signatures'
import { AtprotoError } from '../../errors/atproto.ts'
import type { Issuer } from '../../issuer/issuer.ts'
import { requestTokens } from '../../issuer/request-tokens.ts'
import type { SigningKey } from '../../lib/signatures/types.ts'
import { isCodeVerifier } from '../../protocol/pkce.ts'
import { hasScope } from '../../protocol/scope.ts'
import { buildAuthorizationCodeRequest, buildRefreshRequest } from '../../protocol/token-request.ts'
import { parseDid } from '../identity/did.ts'
import { connectToServer, type ServerFacts, type ServerOptions } from './server-connection.ts'

/** The tokens of an account. */
export interface AtprotoTokens {
  readonly accessToken: string
  /** Absent where the server gave none. */
  readonly refreshToken: string | undefined
  /** Whose they are, as the server says: whether it may speak for the account is to be looked up. */
  readonly did: string
  /** Milliseconds since the epoch; absent where the server did not say. */
  readonly expiresAt: number | undefined
}

/** What the token endpoint gave, and the nonce for the next proof. */
export interface AtprotoTokenResult {
  readonly tokens: AtprotoTokens
  /** The last nonce of the server. */
  readonly dpopNonce: string | undefined
}

/** Which client exchanges a code. */
export interface ValidateCodeOptions extends ServerOptions {
  readonly redirectUri: string
}

/** A key for one login, to bind its tokens to. */
export async function generateDpopKey(): Promise<SigningKey> {
  return await generateSigningKey('ES256', { extractable: true })
}

/** Without a proof a server may give tokens that anybody can use. @throws TypeError */
export function assertDpopKey(name: string, key: SigningKey | undefined): void {
  if (!key?.thumbprint) throw new TypeError(`${name}: "dpopKey" is required; generateDpopKey() makes one`)
}

/**
 * Exchanges a code. That the issuer may speak for the account, `verifyAccount` of the client looks up; whoever uses
 * this alone does it by `createIdentityResolver` and `getAuthorizationServer`.
 *
 * @throws TypeError for what is missing or unknown
 * @throws AtprotoError `invalid_did`, `invalid_permission`, `missing_dpop_nonce`; OAuthResponseError, ProtocolError, ...
 * @see RFC 6749 4.1.3, RFC 9449 5; AT Protocol OAuth, "Authorization Scopes"
 */
export async function validateAuthorizationCode(
  metadata: ServerFacts,
  dpopKey: SigningKey,
  code: string,
  codeVerifier: string,
  options: ValidateCodeOptions,
): Promise<AtprotoTokenResult> {
  const name = 'validateAuthorizationCode'
  const issuer = await connectToServer(name, metadata, options, ['redirectUri'])
  assertDpopKey(name, dpopKey)
  if (typeof code !== 'string' || code === '') throw new TypeError(`${name}: "code" is required`)
  if (!isCodeVerifier(codeVerifier)) throw new TypeError(`${name}: "codeVerifier" must be one of RFC 7636 4.1`)
  const { redirectUri, signal } = options
  const parameters = buildAuthorizationCodeRequest(code, { redirectUri, codeVerifier })
  const request = { parameters, dpopKey, requireScope: true, ...(signal && { signal }) }
  return toResult(issuer, await requestTokens(issuer, request), metadata, options)
}

/**
 * Trades a refresh token, at the server that it came from and with the key that it is bound to.
 *
 * @throws TypeError for what is missing or unknown
 * @throws AtprotoError, OAuthResponseError `invalid_grant` when the login is over, ProtocolError, ...
 * @see RFC 6749 6, RFC 9449 5
 */
export async function refreshToken(
  token: string,
  dpopKey: SigningKey,
  issuer: string,
  tokenEndpoint: string,
  options: ServerOptions,
): Promise<AtprotoTokenResult> {
  const server = { issuer, token_endpoint: tokenEndpoint }
  const connection = await connectToServer('refreshToken', server, options)
  assertDpopKey('refreshToken', dpopKey)
  const { signal } = options
  const request = { parameters: buildRefreshRequest(token), dpopKey, requireScope: true, ...(signal && { signal }) }
  return toResult(connection, await requestTokens(connection, request), server, options)
}

function toResult(
  issuer: Issuer,
  { tokens }: Awaited<ReturnType<typeof requestTokens>>,
  { token_endpoint: endpoint = issuer.issuer }: ServerFacts,
  { allowLoopbackHttp = false }: ServerOptions,
): AtprotoTokenResult {
  const { accessToken, refreshToken: renewal, expiresAt, subject, scope } = tokens
  const { did } = parseDid(subject, { allowLoopbackHttp })
  if (!hasScope(scope, 'atproto')) {
    throw new AtprotoError('invalid_permission', 'the scope "atproto" was not granted', {
      clause: 'AT Protocol OAuth, "Authorization Scopes"',
      expected: 'atproto',
      actual: scope,
    })
  }
  return {
    tokens: { accessToken, refreshToken: renewal, did, expiresAt },
    dpopNonce: issuer.nonces.get('authorization_server', endpoint),
  }
}
