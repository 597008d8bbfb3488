import { StoreError } from '../errors/session.ts'
import type { StoredSigningKey } from '../lib/signatures/types.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import { splitScope } from '../protocol/scope.ts'
import type { TokenSet } from '../protocol/token-set.ts'

/** Why a session ended: its refresh token was refused, or its access token and there was nothing to refresh with. */
export type SessionEndReason = 'refresh_refused' | 'refresh_mismatch' | 'access_token_expired' | 'access_token_rejected'

/**
 * A session as its record holds it. To end means that the tokens are deleted; the session stays, with its
 * reason, until logout or the record's own expiry.
 */
export type SessionState = SessionBase &
  (
    | { readonly status: 'active'; readonly tokens: TokenSet; readonly dpopKey?: StoredSigningKey }
    | { readonly status: 'expired'; readonly reason: SessionEndReason }
  )

interface SessionBase {
  /** The record format, so that a later version knows what it reads. */
  readonly format: 1
  readonly id: string
  readonly issuer: string
  readonly clientId: string
  /** The `sub` of the id_token; absent where the login asked for no id_token. Unique only with its issuer. */
  readonly subject?: string
  /** The `sid` of the id_token, for back-channel logout. */
  readonly sid?: string
  /** The origin of the userinfo endpoint, which every access token of an OpenID login is for (OpenID Connect Core 5.3). */
  readonly userinfoOrigin?: string
  /** Claims of the last verified id_token. */
  readonly claims?: IdTokenClaims
  /** Counts the token sets that it has had: who refreshed an older one may not overwrite a newer. */
  readonly generation: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** What the application attached at login. */
  readonly data?: unknown
}

export type ActiveSessionState = SessionState & { readonly status: 'active' }

/** @throws StoreError `invalid_record` for what is no session of this format */
export function parseSessionState(value: unknown): SessionState {
  const state = value as Partial<SessionState> | null
  const known =
    typeof state === 'object' &&
    state !== null &&
    state.format === 1 &&
    typeof state.id === 'string' &&
    typeof state.issuer === 'string' &&
    (state.status === 'expired' || (state.status === 'active' && typeof state.tokens?.accessToken === 'string'))
  if (!known) {
    throw new StoreError(
      'invalid_record',
      'a session record is not of a format that this version knows; expected format 1',
      {
        record: 'session',
      },
    )
  }
  return state as SessionState
}

/**
 * When a token set is to be renewed, in milliseconds since the epoch: `ahead` before its expiry, but never
 * more than a quarter of its life, so that five-minute tokens are not renewed on every call.
 */
export function refreshDueAt(tokens: TokenSet, ahead: number): number {
  if (tokens.expiresAt === undefined) return Number.POSITIVE_INFINITY
  return tokens.expiresAt - Math.min(ahead, (tokens.expiresAt - tokens.receivedAt) / 4)
}

/** What is asked for and was not granted: scopes, or the resource. */
export function notGranted(tokens: TokenSet, wanted: { scope?: string; resource?: string }): readonly string[] {
  const granted = splitScope(tokens.scope)
  const scopes = splitScope(wanted.scope ?? '').filter((scope) => !granted.includes(scope))
  const resource = wanted.resource
  return resource === undefined || tokens.resource?.includes(resource) ? scopes : [...scopes, resource]
}

export function endSession(state: SessionState, reason: SessionEndReason): SessionState {
  const { tokens, dpopKey, ...base } = state as ActiveSessionState
  return { ...base, status: 'expired', reason }
}
