import { requireState } from '../protocol/authorization-response.ts'
import { partsOf } from './client-parts.ts'
import type { OAuthClient } from './oauth-client.ts'
import { openResponse } from './open-response.ts'
import { type CallbackInput, readCallback } from './read-callback.ts'
import { findTransaction } from './transactions.ts'

/** A login under way, as far as its callback may know of it before it is handled. */
export interface PendingLogin {
  readonly issuer: string
  readonly clientId: string
  readonly redirectUri: string
  /** What `createAuthorizationUrl` was given as `data`. */
  readonly data?: unknown
}

/**
 * Looks a login up by its callback without using it up: where several issuers share a store, to see whose it is;
 * where a callback fails, to know what the user wanted. A request's body is read, so hand in a clone.
 *
 * @returns `undefined` for a state that was never sent, was used, or is too old
 * @throws ProtocolError for a callback without a state, StoreError
 */
export async function findLogin(client: OAuthClient, callback: CallbackInput): Promise<PendingLogin | undefined> {
  const { settings } = partsOf(client, 'findLogin')
  const { response } = await openResponse(settings, await readCallback(callback))
  const found = await findTransaction(settings.transactions, requireState(response))
  if (!found) return undefined
  const { issuer, clientId, redirectUri, applicationData } = found
  return { issuer, clientId, redirectUri, ...(applicationData !== undefined && { data: applicationData }) }
}
