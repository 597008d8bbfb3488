import { StoreError } from '../errors/session.ts'
import type { Runtime } from '../lib/runtime.ts'
import type { StoredSigningKey } from '../lib/signatures/types.ts'
import type { RefreshAttempt } from '../refresh/refreshable.ts'
import { isTokenValid, type TokenMetadata } from './token-metadata.ts'
import type { TokenSubject } from './token-subject.ts'

interface TokenStateBase {
  /** The record format, so that a later version knows what it reads. */
  readonly format: 1
  readonly issuer: string
  readonly clientId: string
  /** Absent: nobody has said yet whose it is, so that it is found by its value alone. */
  readonly subject?: TokenSubject
  readonly metadata: TokenMetadata
  /** Milliseconds since the epoch. */
  readonly registeredAt: number
  /** Milliseconds since the epoch: when the server said what `metadata` says. */
  readonly introspectedAt?: number
  /**
   * Milliseconds by which the server's clock was ahead of ours when it gave the times in `metadata`. Absent: they are of
   * our own clock, as what is reckoned from `expires_in` is.
   */
  readonly clockSkew?: number
  /** The key that the token is bound to (RFC 9449). */
  readonly dpopKey?: StoredSigningKey
}

/** An access token as its record holds it. */
export interface AccessTokenState extends TokenStateBase {
  readonly value: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** The resource that it was asked for (RFC 8707). */
  readonly resource?: string
  /** Which of its refresh token's answers it came with, or which of the client's grants. */
  readonly renewal?: number
}

/**
 * A refresh token as its record holds it, through all rotations: the record is the grant, `value` what stands for it
 * now. To end means that the value goes; that it was refused is remembered for a while.
 */
export type RefreshTokenState = TokenStateBase & {
  /** Counts the refreshes: who used an older token may not overwrite a newer. */
  readonly generation: number
} & (
    | {
        readonly status: 'active'
        readonly value: string
        /** `metadata` was said of an earlier token of this grant: its expiry is not this one's. */
        readonly isRotated?: true
        /** A refresh that was begun and whose outcome is not known yet. */
        readonly attempt?: RefreshAttempt
      }
    | {
        readonly status: 'ended'
        readonly reason: 'refused' | 'outcome_unknown' | 'mismatch'
        readonly value?: never
      }
  )

export type ActiveRefreshToken = RefreshTokenState & { readonly status: 'active' }

/** @throws StoreError `invalid_record` */
export function parseAccessToken(value: unknown): AccessTokenState {
  const state = value as Partial<AccessTokenState> | null
  if (isKnown(state) && typeof state.value === 'string' && typeof state.tokenType === 'string') {
    return state as AccessTokenState
  }
  throw invalid('access-token')
}

/** @throws StoreError `invalid_record` */
export function parseRefreshToken(value: unknown): RefreshTokenState {
  const state = value as Partial<ActiveRefreshToken> | null
  const isWhole = isKnown(state) && typeof state.generation === 'number'
  if (isWhole && ((state.status as string) === 'ended' || typeof state.value === 'string')) {
    return state as RefreshTokenState
  }
  throw invalid('refresh-token')
}

function isKnown<State extends Partial<TokenStateBase>>(state: State | null): state is State {
  return (
    typeof state === 'object' &&
    state !== null &&
    state.format === 1 &&
    typeof state.issuer === 'string' &&
    typeof state.clientId === 'string' &&
    typeof state.metadata === 'object'
  )
}

function invalid(record: string): StoreError {
  const message = `a ${record} record is not of a format that this version knows; expected format 1`
  return new StoreError('invalid_record', message, { record })
}

/** A token that was issued to another client never suits, whoever registered it (RFC 7662 2.2, `client_id`). */
export function isOfClient({ clientId, metadata }: AccessTokenState | RefreshTokenState): boolean {
  return metadata.client_id === undefined || metadata.client_id === clientId
}

/** Whether a refresh token may be sent. Of a rotated one nothing is known that could say no. */
export function isUsable(state: RefreshTokenState, runtime: Pick<Runtime, 'now'>): state is ActiveRefreshToken {
  if (state.status === 'ended') return false
  return isTokenValid(knownOf(state), { runtime: clockOf(state, runtime) })
}

/** The clock by which the times in a state's metadata were written. */
export function clockOf({ clockSkew = 0 }: TokenStateBase, runtime: Pick<Runtime, 'now'>): Pick<Runtime, 'now'> {
  return clockSkew === 0 ? runtime : { now: () => runtime.now() + clockSkew }
}

/** When a token ends by our own clock, in milliseconds since the epoch; nothing where that is unknown. */
export function ownExpiry(state: AccessTokenState | RefreshTokenState): number | undefined {
  const { exp } = knownOf(state)
  return exp === undefined ? undefined : exp * 1000 - (state.clockSkew ?? 0)
}

/** What is known of the token itself, leaving out what was said of its predecessor alone. */
export function knownOf(state: AccessTokenState | RefreshTokenState): TokenMetadata {
  if (!('isRotated' in state) || !state.isRotated) return state.metadata
  const { exp, nbf, active, ...lasting } = state.metadata
  return lasting
}

/** The refresh token goes, why stays. */
export function endRefreshToken(
  state: RefreshTokenState,
  reason: (RefreshTokenState & { readonly status: 'ended' })['reason'],
): RefreshTokenState {
  const { value, attempt, dpopKey, isRotated, ...rest } = state as ActiveRefreshToken
  return { ...rest, status: 'ended', reason }
}
