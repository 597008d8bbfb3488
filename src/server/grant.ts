import type { TokenResponse } from '../../generated/models.ts'
import type { AuthenticatedClient } from './client.ts'
import type { CommitPlan } from './commit.ts'
import type { TokenEndpointConfig } from './config.ts'
import type { ServerEventName } from './events.ts'
import type { SupportedGrant } from './grant-types.ts'
import type { RequestParams } from './params.ts'
import type { SenderConstraint } from './sender-constraint.ts'

/** What every grant is given: the gates are behind it. */
export interface GrantContext {
  readonly config: TokenEndpointConfig
  readonly client: AuthenticatedClient
  readonly grantType: SupportedGrant
  readonly params: RequestParams
  readonly constraint: SenderConstraint
  /** Seconds since the epoch, the same for the whole request. */
  readonly now: number
  readonly clientIp?: string
  /** For the events of a failure: what became known on the way. */
  readonly known: { subject?: string; scope?: string }
}

/** A grant that is proven and minted. Nothing has changed yet; the commit is all that is left. */
export interface PreparedGrant {
  readonly response: TokenResponse
  readonly plan: CommitPlan
  readonly subject: string
  readonly scope: string
  /** In their order: token_issued, refresh_issued, refresh_rotated. */
  readonly events: readonly Extract<ServerEventName, 'token_issued' | 'refresh_issued' | 'refresh_rotated'>[]
}

/** A grant: judges everything and mints, and changes nothing but what a found reuse or a poll has to. */
export type Grant = (context: GrantContext) => Promise<PreparedGrant>
