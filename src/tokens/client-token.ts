import { digest, exportSigningKey } from '#signatures'
import type { ClientParts } from '../client/client-parts.ts'
import { requestClientCredentials } from '../client/request-client-credentials.ts'
import { StoreError } from '../errors/session.ts'
import { TokenError } from '../errors/token.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import { abortable } from '../lib/single-flight.ts'
import { withBoundedLock } from '../refresh/bounded-lock.ts'
import type { ManagerContext } from './manager-context.ts'
import type { AskedFor } from './refresh-request.ts'
import { asking } from './token-failures.ts'
import { issuedMetadata } from './token-metadata.ts'
import { issuedKey } from './token-records.ts'
import type { AccessTokenState } from './token-state.ts'

const maxAttempts = 10

/**
 * A token for the client itself: one grant for all who ask for the same at the same time, in this process and, with a
 * lock, in all.
 *
 * @param isGood whether a token that somebody else got meanwhile will do
 * @throws TokenError `http_status`, `http_request`, `illegal_token_response`, `missing_client_metadata`
 * @see RFC 6749 4.4
 */
export async function obtainClientToken(
  context: ManagerContext,
  parts: ClientParts,
  asked: AskedFor,
  isGood: (state: AccessTokenState) => boolean,
  signal: AbortSignal | undefined,
): Promise<AccessTokenState> {
  // RFC 6749 4.4: the grant is for confidential clients only.
  if (parts.issuer.clientAuth.method === 'none') {
    const message =
      'the client has no credentials of its own; its configuration needs a "client_secret" or another method'
    throw new TokenError('missing_client_metadata', message, { field: 'client_secret' })
  }
  const key = await clientTokenKey(parts, asked)
  const flight = async () => {
    const token = await context.grants.run(key, () =>
      withBoundedLock(context.lock, key, 0, () => keepClientToken(context, parts, key, asked, isGood)),
    )
    return token
  }
  const token = await abortable(flight(), signal)
  // The flight that was joined may have begun with another's idea of what is good.
  return isGood(token) || isFresh(context, token) ? token : await abortable(flight(), signal)
}

/** One that was granted just now is as good as any, however short its life. */
const freshFor = 1_000
const isFresh = ({ runtime }: ManagerContext, { registeredAt }: AccessTokenState) =>
  runtime.now() - registeredAt < freshFor

async function keepClientToken(
  context: ManagerContext,
  parts: ClientParts,
  key: string,
  asked: AskedFor,
  isGood: (state: AccessTokenState) => boolean,
): Promise<AccessTokenState> {
  const { records, emit } = context
  let granted: AccessTokenState | undefined
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const held = await records.access.read(key)
    if (held && isGood(held.state)) return held.state
    granted ??= await requestClientToken(parts, asked)
    const next = { ...granted, renewal: (held?.state.renewal ?? 0) + 1 }
    const { ok } = await records.commit([await records.access.put(key, next, held?.version ?? null)])
    if (!ok) continue
    emit({ kind: 'client_token_issued', issuer: next.issuer, clientId: next.clientId })
    return next
  }
  const message = "a client's token was changed by others each time that it was to be written"
  throw new StoreError('version_conflict', message, { record: 'access-token' })
}

async function requestClientToken(parts: ClientParts, { scopes, resource }: AskedFor): Promise<AccessTokenState> {
  const { issuer, settings } = parts
  const options = {
    ...(scopes && { scope: scopes.join(' ') }),
    ...(resource !== undefined && { resource }),
  }
  const { tokens, dpopKey } = await asking('token', () => requestClientCredentials(settings, issuer, options))
  const stored = dpopKey && tokens.tokenType === 'DPoP' ? await exportSigningKey(dpopKey) : undefined
  return {
    format: 1,
    issuer: issuer.issuer,
    clientId: issuer.clientId,
    subject: { kind: 'client_credentials' },
    value: tokens.accessToken,
    tokenType: tokens.tokenType,
    metadata: issuedMetadata({ client_id: issuer.clientId, iss: issuer.issuer }, tokens, issuer.runtime),
    ...(resource !== undefined && { resource }),
    ...(stored && { dpopKey: stored }),
    registeredAt: issuer.runtime.now(),
  }
}

/** Known before the token, so that two processes that ask for the same meet there. */
async function clientTokenKey({ issuer }: ClientParts, { scopes, resource }: AskedFor): Promise<string> {
  const owner = await digest('SHA-256', JSON.stringify([issuer.issuer, issuer.clientId]))
  return await issuedKey(encodeBase64url(owner), scopes, resource)
}
