import { createMemoryStore } from '../stores/memory/index.ts'
import { createSessionsOver, type Sessions, type SessionsOptions } from './sessions.ts'

export type { AccessToken, AccessTokenRequest, TokenSource } from '../http/token-source.ts'
export type { LogoutResult, Session, SessionStatus } from './session.ts'
export type { SessionEvent, SessionEventListener } from './session-events.ts'
export {
  createSessionGroups,
  type SessionGroup,
  type SessionGroups,
  type SessionGroupsOptions,
} from './session-group.ts'
export type { Sessions, SessionsOptions } from './sessions.ts'

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
  return createSessionsOver({
    ...options,
    store: options.store ?? createMemoryStore(options.client && { runtime: options.client.runtime }),
  })
}
