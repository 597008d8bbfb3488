import type { OAuthClient } from '../client/oauth-client.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { RefreshBackoff } from '../refresh/refresh-backoff.ts'
import type { RefreshEngine } from '../refresh/refresh-engine.ts'
import type { SessionEventListener } from './session-events.ts'
import type { SessionRecords } from './session-records.ts'

/** What every session of one `createSessions` shares. */
export interface SessionContext {
  readonly client: OAuthClient
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
