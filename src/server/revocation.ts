import { epochSeconds } from '../lib/runtime.ts'
import type { AuthenticatedClient } from './client.ts'
import { type EndpointOutcome, handleClientRequest } from './client-request.ts'
import { commitClaims } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import { createEvent } from './events.ts'
import { readFamily, revokeFamily } from './families.ts'
import { type FoundAccessToken, findAccessToken } from './find-access-token.ts'
import { storeOf } from './guard-store.ts'
import { putAccess } from './mint-access-token.ts'
import { requireParam } from './params.ts'
import { keys, type RefreshRecord, readRecord } from './records.ts'
import type { EndpointRequest } from './request.ts'
import { locateSecret } from './secrets.ts'

/**
 * Revokes a token of the client's own: a refresh token with its whole family, an access token by itself. 200 for
 * everything that is unknown, expired or another client's, which stays untouched; 503 where the store fails.
 *
 * @see RFC 7009 2
 */
export function handleRevocationRequest(
  config: TokenEndpointConfig,
  request: EndpointRequest,
): Promise<EndpointOutcome<null>> {
  return handleClientRequest(config, request, 'revocation', async (client, params) => {
    // RFC 7009 2.1: the hint only speeds up a search, and these texts tell their kind by themselves.
    const token = requireParam(params, 'token')
    await commitClaims(config, client.claims)
    const subject = await revoke(config, client, token)
    const metadata = { clientIp: request.clientIp }
    const events =
      subject === undefined ? [] : [createEvent('token_revoked', { subject, clientId: client.clientId, metadata })]
    return { response: null, events }
  })
}

/** The subject of what was revoked; `undefined` where there was nothing to revoke. */
async function revoke(
  config: TokenEndpointConfig,
  client: AuthenticatedClient,
  token: string,
): Promise<string | undefined> {
  if (!config.store) return undefined
  const secret = await locateSecret('rt', token)
  if (!secret) return revokeAccessToken(config, client, token)
  const stored = await config.store.get(keys.refresh(secret.partition, secret.hash))
  const record = readRecord<RefreshRecord>(stored, 'refresh-1')?.value
  if (!record || record.clientId !== client.clientId) return undefined
  if (record.expiresAt <= epochSeconds(config.runtime)) return undefined
  const family = await readFamily(config, secret.partition)
  const isRevoked = await revokeFamily(config, secret.partition)
  return isRevoked ? family?.value.authorization.subject : undefined
}

async function revokeAccessToken(
  config: TokenEndpointConfig,
  { clientId }: AuthenticatedClient,
  token: string,
): Promise<string | undefined> {
  for (;;) {
    const found = await findAccessToken(config, token)
    if (!found?.isActive || found.record.clientId !== clientId) return undefined
    if (await mark(config, found)) return found.record.subject
    // Somebody else revoked it meanwhile, or is about to: looking again tells.
  }
}

/** A JWT that is not remembered is from now on, as revoked. */
async function mark(config: TokenEndpointConfig, { record, stored }: FoundAccessToken): Promise<boolean> {
  const key = stored?.key ?? keys.access(record.jti, record.jti)
  const change = putAccess(key, { ...record, status: 'revoked' }, stored?.version ?? null)
  return (await storeOf(config).commit([change])).ok
}
