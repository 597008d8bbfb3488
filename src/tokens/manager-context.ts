import type { Lock } from '../lib/lock.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { SerialQueue } from '../lib/serial-queue.ts'
import type { SingleFlight } from '../lib/single-flight.ts'
import type { RefreshBackoff } from '../refresh/refresh-backoff.ts'
import type { RefreshEngine } from '../refresh/refresh-engine.ts'
import type { BackgroundWork } from './background-work.ts'
import type { ClaimsRecords, ClaimsState } from './claims-records.ts'
import type { Connections } from './connections.ts'
import type { TokenManagerSettings } from './manager-options.ts'
import type { TokenEventListener } from './token-events.ts'
import type { TokenMetadata } from './token-metadata.ts'
import type { AllTokenRecords } from './token-records.ts'
import type { AccessTokenState } from './token-state.ts'

/** What everything of one `createTokenManager` shares. */
export interface ManagerContext {
  readonly settings: TokenManagerSettings
  readonly runtime: Runtime
  readonly lock: Lock | undefined
  readonly records: AllTokenRecords
  readonly claims: ClaimsRecords
  readonly connections: Connections
  readonly engine: RefreshEngine
  readonly backoff: RefreshBackoff
  readonly emit: TokenEventListener
  readonly background: BackgroundWork
  /** Grants of clients for themselves that are under way. */
  readonly grants: SingleFlight<AccessTokenState>
  /** Questions about tokens that are under way. */
  readonly introspections: SingleFlight<TokenMetadata>
  /** Questions for userinfo that are under way. */
  readonly userinfoFlights: SingleFlight<ClaimsState>
  /** Registrations of one token, by its record: any number at once would give up on each other's writes. */
  readonly registrations: SerialQueue
}
