import type { OAuthClient } from '../client/oauth-client.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { RefreshBackoff } from '../refresh/refresh-backoff.ts'
import type { RefreshEngine } from '../refresh/refresh-engine.ts'
import type { SessionEventListener } from './session-events.ts'
import type { SessionRecords } from './session-records.ts'
import type { SessionState } from './session-state.ts'

/** What a client does for a session that there is. */
export type SessionClient = Pick<OAuthClient, 'refresh' | 'revoke' | 'createEndSessionUrl'>

/** What every session of one `createSessions` shares. */
export interface SessionContext {
  /** The client that renews and ends a session. */
  readonly clientOf: (state: SessionState) => MaybePromise<SessionClient>
  readonly records: SessionRecords
  readonly engine: RefreshEngine
  readonly backoff: RefreshBackoff
  readonly runtime: Runtime
  readonly emit: SessionEventListener
  /** Milliseconds before expiry. */
  readonly refreshAhead: number
  /** Milliseconds for which the issuer takes a used refresh token again. */
  readonly rotationGrace: number
}

/** The name of a session's refreshes: all of them use one refresh token. */
export const serialOf = (id: string): string => `session:${id}`
