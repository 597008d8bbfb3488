import { StoreError } from '../errors/session.ts'
import { parseTransaction, transactionKey } from '../protocol/transaction.ts'
import { partsOf } from './client-parts.ts'
import type { OAuthClient } from './oauth-client.ts'

/** A login under way, as far as its callback may know of it before it is handled. */
export interface PendingLogin {
  readonly issuer: string
  readonly clientId: string
  readonly redirectUri: string
  /** What `createAuthorizationUrl` was given as `data`. */
  readonly data?: unknown
}

/**
 * Looks up a login by the `state` of its callback without using it up: where several issuers share a store, to see
 * whose it is; where a callback fails, to know what the user wanted.
 *
 * @returns `undefined` for a state that was never sent, was used, or is too old
 * @throws StoreError
 */
export async function findLogin(client: OAuthClient, state: string): Promise<PendingLogin | undefined> {
  const { settings } = partsOf(client, 'findLogin')
  const key = await transactionKey(state)
  const record = await settings.transactions.get(key).catch((cause: unknown) => {
    if (cause instanceof StoreError) throw cause
    const message = 'the transaction store could not be read; its error is the cause'
    throw new StoreError('store_unavailable', message, { record: 'transaction', cause })
  })
  if (!record) return undefined
  const { issuer, clientId, redirectUri, applicationData } = parseTransaction(record.value)
  return { issuer, clientId, redirectUri, ...(applicationData !== undefined && { data: applicationData }) }
}
