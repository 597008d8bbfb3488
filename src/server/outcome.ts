import type { AuthenticatedClient } from './client.ts'
import { createEndpointError, type EndpointError } from './errors.ts'
import { createEvent, type SenderConstraintKind, type ServerEvent, type ServerEventName } from './events.ts'
import { toRefusal } from './refusal.ts'

/** What is known of an attempt when it fails. */
export interface Attempt {
  readonly request: { readonly clientIp?: string }
  readonly client?: AuthenticatedClient | undefined
  /** Of a known client that was not authenticated: it is attempted, and not proven. */
  readonly clientId?: string | undefined
  readonly grantType?: string | undefined
  readonly subject?: string | undefined
  readonly scope?: string | undefined
  readonly senderConstraint?: SenderConstraintKind | undefined
  /** @default token */
  readonly endpoint?: string
  /** Header fields that go out whatever the outcome: a fresh nonce. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Whatever was thrown, as an error for the wire and the events: those of what was found, then one denial. */
export function denial(
  name: Extract<ServerEventName, 'token_denied' | 'auth_denied' | 'authorization_denied' | 'authorization_failed'>,
  thrown: unknown,
  attempt: Attempt,
): { readonly error: EndpointError; readonly events: readonly ServerEvent[] } {
  const refusal = toRefusal(thrown)
  const headers = { ...attempt.headers, ...refusal.headers }
  const error = createEndpointError(refusal.error, refusal.description, headers, attempt.endpoint)
  const event = createEvent(name, {
    subject: attempt.subject,
    clientId: attempt.client?.clientId,
    scope: attempt.scope,
    grantType: attempt.grantType,
    metadata: {
      clientIp: attempt.request.clientIp,
      clientId: attempt.client?.clientId ?? refusal.clientId ?? attempt.clientId,
      reason: refusal.reason,
      error: error.error,
      errorDescription: error.errorDescription,
      httpStatus: error.status,
      senderConstraint: attempt.senderConstraint,
    },
    cause: refusal.cause,
  })
  return { error, events: [...refusal.events, event] }
}
