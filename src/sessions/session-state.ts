import { StoreError } from '../errors/session.ts'
import type { StoredSigningKey } from '../lib/signatures/types.ts'
import type { ClientKey } from '../protocol/client-auth.ts'
import type { IdTokenClaims } from '../protocol/id-token.ts'
import { splitScope } from '../protocol/scope.ts'
import type { TokenSet } from '../protocol/token-set.ts'
import type { RefreshAttempt } from '../refresh/refreshable.ts'
import { isSessionState } from './session-shape.ts'

/** Why a session ended; the user must log in again. */
export type SessionEndReason =
  /** The server refused the refresh token (`invalid_grant`). */
  | 'refresh_refused'
  /** The server refused the refresh token after an answer was lost, so perhaps for having been used by that request. */
  | 'refresh_outcome_unknown'
  /** A refresh was answered for another user or issuer. */
  | 'refresh_mismatch'
  /** There was nothing to refresh with. */
  | 'access_token_expired'
  /** An API refused the token that had just been renewed, too, or there was nothing to renew it with. */
  | 'access_token_rejected'

/** An access token beside the login's own: for a resource of its own, by the same refresh token (RFC 8707 2.2). */
export interface AdditionalToken {
  readonly value: string
  readonly scope: string
  readonly resource: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
  readonly receivedAt: number
  /** The session's generation that it came with. */
  readonly renewal: number
}

/**
 * A session as its record holds it. To end means that the tokens are deleted; the session stays, with its
 * reason, until logout or the record's own expiry.
 */
export type SessionState = SessionBase &
  (
    | {
        readonly status: 'active'
        readonly tokens: TokenSet
        /** The generation that `tokens` came with; a server may well give the same token text again. */
        readonly renewal: number
        readonly dpopKey?: StoredSigningKey
        /** By `additionalKey`. */
        readonly additional?: Readonly<Record<string, AdditionalToken>>
        /** A refresh that was begun and whose outcome is not known yet. */
        readonly attempt?: RefreshAttempt
        /** The refresh token was refused after a lost answer: the access token is used to its end. */
        readonly outcomeUnknown?: true
      }
    | { readonly status: 'expired'; readonly reason: SessionEndReason }
  )

interface SessionBase {
  /** The record format, so that a later version knows what it reads. */
  readonly format: 1
  readonly id: string
  /** Names the session in events and logs, and opens nothing. */
  readonly ref: string
  readonly issuer: string
  readonly clientId: string
  /** Who logged in: the `sub` of the id_token, or what else the login was held to. Unique only with its issuer. */
  readonly subject?: string
  /** The client's key that it began with, where the client has several. */
  readonly clientKey?: ClientKey
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
  if (isSessionState(value)) return value
  const message = 'a session record is not of a format that this version knows; expected format 1'
  throw new StoreError('invalid_record', message, { record: 'session' })
}

/**
 * When a token set is to be renewed, in milliseconds since the epoch: `ahead` before its expiry, but never
 * more than a quarter of its life, so that five-minute tokens are not renewed on every call.
 */
export function refreshDueAt(tokens: Pick<TokenSet, 'expiresAt' | 'receivedAt'>, ahead: number): number {
  if (tokens.expiresAt === undefined) return Number.POSITIVE_INFINITY
  return tokens.expiresAt - Math.min(ahead, (tokens.expiresAt - tokens.receivedAt) / 4)
}

/** Scopes that are asked for and were not granted: a refresh cannot widen (RFC 6749 6). */
export function missingScopes(tokens: TokenSet, scope = ''): readonly string[] {
  const granted = splitScope(tokens.scope)
  return splitScope(scope).filter((wanted) => !granted.includes(wanted))
}

/** Whether the login's own access token is good for a resource. */
export function servesResource(tokens: TokenSet, resource: string | undefined): boolean {
  return resource === undefined || tokens.resource?.includes(resource) === true
}

/** Where an additional token is kept: another scope makes another token. */
export function additionalKey(resource: string, scope: string | undefined): string {
  return JSON.stringify([resource, ...splitScope(scope ?? '').toSorted()])
}

/** To end means: the tokens go, the reason stays. */
export function endSession(state: SessionState, reason: SessionEndReason): SessionState {
  const { tokens, renewal, dpopKey, additional, attempt, outcomeUnknown, ...base } = state as ActiveSessionState
  return { ...base, status: 'expired', reason }
}

/** The refresh token may be used up by a request of our own: without it, the access token is good to its end. */
export function withoutRefreshToken(state: ActiveSessionState): ActiveSessionState {
  const { refreshToken, ...tokens } = state.tokens
  return { ...state, tokens, outcomeUnknown: true }
}
