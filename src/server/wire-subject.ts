import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import type { RegisteredClient } from './client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { callHost, refuseHost } from './refusal.ts'

/** The subject as this client sees it (OIDC Core 8). */
export function wireSubject(
  { resolveSubject }: TokenEndpointConfig,
  client: RegisteredClient,
  subject: string,
): MaybePromise<string> {
  if (!resolveSubject) return subject
  return andThen(
    callHost('resolveSubject', () => resolveSubject(subject, client)),
    (sub) => {
      if (typeof sub === 'string' && sub !== '') return sub
      throw refuseHost('resolveSubject gave no text')
    },
  )
}
