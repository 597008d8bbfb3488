import type { AuthorizationDetail, ClaimsRequest } from '../../generated/models.ts'

/**
 * What a user, or whoever may speak for them, has granted to a client: frozen when the code (or device code, or
 * family) is made, and the ceiling of every token that follows from it.
 */
export interface Authorization {
  readonly clientId: string
  /** The subject as the host knows it; on the wire it may be pairwise. */
  readonly subject: string
  readonly scope: readonly string[]
  /** The resources for which tokens may be had; empty: the configured audience. */
  readonly resources: readonly string[]
  /** Seconds since the epoch. */
  readonly authTime?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** The login session at this server. */
  readonly sid?: string
  readonly nonce?: string
  /** The `claims` parameter (OIDC Core 5.5). */
  readonly claims?: ClaimsRequest
  readonly authorizationDetails?: readonly AuthorizationDetail[]
}
