import { digest } from '#signatures'
import { ProtocolError } from '../errors/protocol.ts'
import { StoreError } from '../errors/session.ts'
import { readTextUpTo } from '../http/read-text.ts'
import { responseKeys } from '../issuer/response-jwt.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { mediaTypeOf } from '../lib/media-type.ts'
import { assertKnownOptions } from '../lib/options.ts'
import { type RecordStore, recordKey } from '../lib/record-store.ts'
import { judgeLogoutToken, type LogoutTokenClaims } from '../protocol/logout-token.ts'
import type { ClientSettings } from './client-options.ts'
import { partsOf } from './client-parts.ts'
import type { OAuthClient } from './oauth-client.ts'

/** How a logout token is verified, and where it is kept that it was taken. */
export interface VerifyLogoutTokenOptions {
  /** Remembers each `jti` until its token has expired, for all processes that share it. @default the client's `transactions` */
  readonly replay?: RecordStore
  readonly signal?: AbortSignal
}

/** Milliseconds beyond `exp`, for the tolerance with which it was judged and more. */
const keptAfterExpiry = 10 * 60_000
const mostBytes = 128 * 1024

/**
 * Verifies the provider's word that sessions have ended: with `sid` that one, else all of `sub`. It can be taken once.
 * Answer the provider 200 when the sessions are gone, 400 when this throws a ProtocolError, always with
 * `Cache-Control: no-store`.
 *
 * @param token the logout token, or the request that brought it
 * @throws ProtocolError `invalid_logout_token`, `invalid_jwt`, `replayed_logout_token`, `invalid_logout_request`
 * @throws StoreError where the replay store cannot be reached; nothing is believed then
 * @see OpenID Connect Back-Channel Logout 1.0 2.5, 2.6
 * @example
 * const { sub, sid } = await verifyLogoutToken(client, request)
 */
export async function verifyLogoutToken(
  client: OAuthClient,
  token: string | Request,
  options: VerifyLogoutTokenOptions = {},
): Promise<LogoutTokenClaims> {
  const { settings, issuer } = partsOf(client, 'verifyLogoutToken')
  assertKnownOptions('verifyLogoutToken', options, ['replay', 'signal'])
  const text = typeof token === 'string' ? token : await readLogoutToken(token)
  const init = options.signal ? { signal: options.signal } : {}
  const metadata = await issuer.metadata.get(init)
  const { idTokenSignedResponseAlg: registered, clientSecret } = settings.frontChannel.idToken
  const jwt = await decrypted(text, settings)
  const claims = await judgeLogoutToken(
    jwt,
    {
      issuer: issuer.issuer,
      audience: issuer.clientId,
      // 2.6 item 3: as for id_tokens, and "the alg with the value none MUST NOT be used".
      algorithm: registered === 'none' ? undefined : registered,
      clientSecret,
      serverAlgorithms: metadata.id_token_signing_alg_values_supported,
      tolerance: settings.clockTolerance,
      now: issuer.runtime.now() / 1000,
    },
    responseKeys(issuer, init),
  )
  await takeOnce(options.replay ?? settings.transactions, claims)
  return claims
}

/** 2.6 item 1: encrypted as id_tokens are, and where that was registered a plain one is refused. */
async function decrypted(token: string, { frontChannel }: ClientSettings): Promise<string> {
  const { decryptor, idTokenEncryptedResponseAlg: alg, idTokenEncryptedResponseEnc: enc } = frontChannel.idToken
  return alg && decryptor ? await decryptor.decrypt(token, { alg, enc, noun: 'logout token' }) : token
}

/** 2.5: a POST of a form with `logout_token`. */
async function readLogoutToken(request: Request): Promise<string> {
  if (request.method !== 'POST') throw refuse('a POST', 'another method')
  if (mediaTypeOf(request.headers) !== 'application/x-www-form-urlencoded')
    throw refuse('a form', 'another content type')
  const body = await readTextUpTo(request, mostBytes)
  if (body === undefined) throw refuse(`at most ${mostBytes} bytes`, 'more')
  const tokens = new URLSearchParams(body).getAll('logout_token')
  if (tokens.length !== 1) throw refuse('one "logout_token"', String(tokens.length))
  return tokens[0]!
}

/** 2.6 item 8: "Optionally verify that another Logout Token with the same jti value has not been recently received." */
async function takeOnce(store: RecordStore, { iss, jti, exp }: LogoutTokenClaims): Promise<void> {
  // Hashed, since whoever sends it chooses its length.
  const key = recordKey('logout_jti', encodeBase64url(await digest('SHA-256', `${iss} ${jti}`)))
  const put = { kind: 'put', key, value: true, expect: null, expiresAt: exp * 1000 + keptAfterExpiry } as const
  let taken: boolean
  try {
    taken = (await store.commit([put])).ok
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError('store_unavailable', 'the replay store could not be written; its error is the cause', {
      record: 'logout_jti',
      cause,
    })
  }
  if (taken) return
  throw new ProtocolError('replayed_logout_token', 'the logout token was taken before', {
    clause: 'OpenID Connect Back-Channel Logout 1.0 2.6 item 8',
    expected: 'a "jti" that was not seen before',
    actual: 'one that was',
  })
}

function refuse(expected: string, actual: string): ProtocolError {
  const message = `a back-channel logout request must be ${expected}; it has ${actual}`
  const clause = 'OpenID Connect Back-Channel Logout 1.0 2.5'
  return new ProtocolError('invalid_logout_request', message, { clause, expected, actual })
}
