import type { AuthorizationServerMetadata } from '../../generated/models.ts'
import type { OAuthClient } from '../client/oauth-client.ts'
import { AuthentypeError } from '../errors/base.ts'
import { AuthorizationResponseError, ProtocolError } from '../errors/protocol.ts'
import { StoreError } from '../errors/session.ts'
import { WebError, type WebErrorReason } from './web-error.ts'

/** Errors of an authorization response that mean no, rather than that the request was at fault (OpenID Connect Core 3.1.2.6). */
const refusals: readonly string[] = [
  ...['access_denied', 'login_required', 'consent_required', 'interaction_required', 'account_selection_required'],
]

/** Faults of the callback itself: whoever brought it can begin again, and nothing is wrong with the issuer. */
const callbackFaults: readonly string[] = [
  ...['invalid_authorization_response', 'state_mismatch', 'unknown_transaction', 'expired_transaction'],
  'browser_mismatch',
]

/** What a step that fails is called. */
interface Step {
  readonly reason: WebErrorReason
  readonly message: string
  readonly retryPath?: string
}

/**
 * Runs one step of a request; what this library throws in it becomes a WebError of that reason. Anything else is a
 * mistake in a program, which belongs to the application's own error handling.
 */
export async function during<T>({ reason, message, retryPath }: Step, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    if (cause instanceof WebError || !(cause instanceof AuthentypeError)) throw cause
    if (cause instanceof StoreError) throw storeFailed(cause, retryPath)
    throw new WebError(reason, message, { cause, retryPath })
  }
}

export function storeFailed(cause: StoreError, retryPath?: string): WebError {
  return new WebError('session_store_failed', 'the session store failed', { cause, retryPath })
}

/** A step that is the store's alone. */
export const storing: Step = { reason: 'session_store_failed', message: 'the session store failed' }

/** Apart from what needs it, since it has a reason of its own. */
export async function readMetadata(client: OAuthClient, retryPath: string): Promise<AuthorizationServerMetadata> {
  const message = `the metadata of ${client.issuer} cannot be had`
  return await during({ reason: 'authorization_server_metadata_failed', message, retryPath }, () => client.metadata())
}

/** Which of the typed reasons the failure of a callback is. */
export function callbackFailure(cause: unknown, retryPath: string): unknown {
  if (cause instanceof WebError || !(cause instanceof AuthentypeError)) return cause
  if (cause instanceof StoreError) return storeFailed(cause, retryPath)
  const reason = callbackReason(cause)
  return new WebError(reason, `the login was not completed: ${cause.message}`, { cause, retryPath })
}

function callbackReason(cause: AuthentypeError): WebErrorReason {
  if (cause instanceof AuthorizationResponseError) {
    return refusals.includes(cause.error) ? 'access_denied' : 'authorization_url_failed'
  }
  if (!(cause instanceof ProtocolError)) return 'token_validation_failed'
  if (cause.code === 'issuer_mismatch') return 'issuer_mismatch'
  return callbackFaults.includes(cause.code) ? 'invalid_callback_request' : 'token_validation_failed'
}
