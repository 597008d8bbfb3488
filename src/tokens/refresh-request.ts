import { exportSigningKey, generateSigningKey } from '#signatures'
import type { ClientParts } from '../client/client-parts.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { requestTokens } from '../issuer/request-tokens.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { importOnce } from '../lib/stored-key.ts'
import { assertDpopSupported } from '../protocol/dpop-support.ts'
import { readJwt } from '../protocol/jwt.ts'
import { buildRefreshRequest } from '../protocol/token-request.ts'
import type { TokenSet } from '../protocol/token-set.ts'
import { issuedMetadata } from './token-metadata.ts'
import type { AccessTokenState, ActiveRefreshToken } from './token-state.ts'

/** What one access token is asked for with. */
export interface AskedFor {
  /** Sorted; absent: whatever the grant has. */
  readonly scopes: readonly string[] | undefined
  readonly resource: string | undefined
}

/** What a refresh gave: both tokens, and an id_token that is not verified yet. */
export interface RefreshAnswer {
  readonly refresh: ActiveRefreshToken
  readonly access: AccessTokenState
  readonly idToken?: string
}

/**
 * Trades a refresh token. The rotated one inherits what was known of the old one, the access token what is the same
 * for both.
 *
 * @throws ProtocolError `refresh_mismatch` where the answer is about another subject, and whatever a request throws
 * @see RFC 6749 6, OpenID Connect Core 12.2
 */
export async function requestRefresh(
  parts: ClientParts,
  from: ActiveRefreshToken,
  { scopes, resource }: AskedFor,
): Promise<RefreshAnswer> {
  const { issuer, settings } = parts
  const scope = scopes?.join(' ')
  const dpopKey = await keyFor(parts, from)
  const { tokens } = await requestTokens(issuer, {
    // RFC 6749 6: without a scope the server gives all that was granted.
    parameters: buildRefreshRequest(from.value, {
      ...(scope !== undefined && { scope }),
      ...(resource !== undefined && { resource }),
    }),
    requestedScope: scope ?? from.metadata.scope?.join(' ') ?? '',
    allowBearerDowngrade: settings.allowBearerDowngrade,
    ...(resource !== undefined && { resource: [resource] }),
    ...(dpopKey && { dpopKey }),
  })
  await assertSameSubject(parts, tokens, from)
  const stored = dpopKey && (from.dpopKey ?? (await exportSigningKey(dpopKey)))
  const generation = from.generation + 1
  const { runtime } = issuer
  const rotated = tokens.refreshToken !== undefined && tokens.refreshToken !== from.value
  const { issuer: iss, clientId, subject } = from
  return {
    refresh: {
      ...from,
      generation,
      ...(rotated && { value: tokens.refreshToken, isRotated: true as const }),
      ...(stored && { dpopKey: stored }),
    },
    access: {
      format: 1,
      issuer: iss,
      clientId,
      ...(subject && { subject }),
      value: tokens.accessToken,
      tokenType: tokens.tokenType,
      metadata: issuedMetadata(from.metadata, tokens, runtime),
      ...(resource !== undefined && { resource }),
      ...(stored && tokens.tokenType === 'DPoP' && { dpopKey: stored }),
      registeredAt: runtime.now(),
      renewal: generation,
    },
    ...(tokens.idToken !== undefined && { idToken: tokens.idToken }),
  }
}

/** The key that the refresh token is bound to; else, where the client binds its tokens, a new one (RFC 9449 5). */
async function keyFor({ settings, issuer }: ClientParts, from: ActiveRefreshToken): Promise<SigningKey | undefined> {
  if (from.dpopKey) return await importOnce(from.dpopKey, 'token')
  if (settings.dpop === undefined) return undefined
  assertDpopSupported(await issuer.metadata.get(), settings.dpop)
  return await generateSigningKey(settings.dpop, { extractable: true })
}

/**
 * Before anything is stored: tokens of somebody else must not be. The signature is looked at after the tokens are
 * safe, since a lie here can only make us refuse them.
 */
async function assertSameSubject(parts: ClientParts, { idToken }: TokenSet, from: ActiveRefreshToken): Promise<void> {
  const sub = from.subject?.kind === 'sub' ? from.subject.sub : from.metadata.sub
  if (idToken === undefined || sub === undefined) return
  // One that cannot be read says nothing of anybody; that it is not stored is told later.
  const { jwt } = readJwt(await plainIdToken(parts, idToken).catch(() => undefined))
  if (!jwt || (jwt.claims.sub === sub && jwt.claims.iss === from.issuer)) return
  throw new ProtocolError(
    'refresh_mismatch',
    'the refresh was answered with an id_token of another subject or issuer',
    {
      clause: 'OpenID Connect Core 12.2',
      expected: 'the same "iss" and "sub" as before',
      actual: 'another',
    },
  )
}

async function plainIdToken({ settings }: ClientParts, idToken: string): Promise<string> {
  const {
    idTokenEncryptedResponseAlg: alg,
    idTokenEncryptedResponseEnc: enc,
    decryptor,
  } = settings.frontChannel.idToken
  return alg && decryptor ? await decryptor.decrypt(idToken, { alg, enc, noun: 'id_token' }) : idToken
}
