import { createMemoryStore } from '../stores/memory/index.ts'
import type { SessionsOptions } from './session-options.ts'
import { createSessionsOver, type Sessions } from './sessions.ts'

export type { AccessToken, AccessTokenRequest, TokenSource } from '../http/token-source.ts'
export type { LogoutResult, Session, SessionStatus } from './session.ts'
export type { SessionEvent, SessionEventListener } from './session-events.ts'
export {
  createSessionGroups,
  type SessionGroup,
  type SessionGroups,
  type SessionGroupsOptions,
} from './session-group.ts'
export type { SessionsOptions } from './session-options.ts'
export type { Sessions } from './sessions.ts'

/**
 * Sessions of one client, kept in this process unless `store` says where else.
 *
 * @throws TypeError for an option that is missing or unknown
 * @example
 * const sessions = createSessions({ client, baseUrl: 'https://api.example' })
 * const session = await sessions.handleCallback(request)
 * const me = await session.fetch('/me')
 */
export function createSessions(options: SessionsOptions): Sessions {
  if (!options?.client) throw new TypeError('createSessions: "client" is required; createOAuthClient makes one')
  return createSessionsOver({
    ...options,
    store: options.store ?? createMemoryStore({ runtime: options.client.runtime }),
  })
}
