import type { ClientParts } from '../client/client-parts.ts'
import { ProtocolError } from '../errors/protocol.ts'
import { OAuthResponseError } from '../errors/response.ts'
import { errorCode } from '../lib/emitter.ts'
import { abortable } from '../lib/single-flight.ts'
import type { Refreshable, RefreshOutcome } from '../refresh/refreshable.ts'
import { isGrantRefused } from '../refresh/refused-grant.ts'
import type { ClientInput } from './connections.ts'
import { registerAnsweredIdToken } from './id-tokens.ts'
import type { ManagerContext } from './manager-context.ts'
import type { TokenOverrides } from './manager-options.ts'
import { type AskedFor, requestRefresh } from './refresh-request.ts'
import { revokeLater } from './revoke-stored.ts'
import { toTokenError } from './token-failures.ts'
import { issuedKey, partitionOf, type Stored } from './token-records.ts'
import {
  type AccessTokenState,
  type ActiveRefreshToken,
  endRefreshToken,
  isUsable,
  type RefreshTokenState,
} from './token-state.ts'

/** A refresh token and the access token that is asked of it, which change in one commit. */
export interface GrantState {
  readonly refresh: RefreshTokenState
  /** What stands where the access token of the request is kept. */
  readonly held?: Stored<AccessTokenState>
  /**
   * What refreshes have given, by where it is to be put. What the store could not take for one request is written by the
   * next one of the same refresh token, which may ask for something else.
   */
  readonly issued?: Readonly<Record<string, AccessTokenState>>
  readonly idToken?: string
}

export type RenewedToken =
  | { readonly kind: 'token'; readonly state: AccessTokenState }
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'gone' }

/** The access token that a state has at a place; what it holds may be of another request's. */
function tokenAt(place: string, { issued, held }: GrantState): AccessTokenState | undefined {
  return issued?.[place] ?? (held?.key === place ? held.state : undefined)
}

/** Where the access token stands that this refresh token was asked for with these scopes and this resource. */
export function renewalKey(refresh: Stored<RefreshTokenState>, { scopes, resource }: AskedFor): Promise<string> {
  return issuedKey(partitionOf(refresh.key), scopes, resource)
}

/**
 * Renews once for all who want the same of this refresh token, in this process and, with a lock, in all.
 *
 * @param seen the renewal of the access token that the caller cannot use; `undefined` where it saw none
 * @throws TokenError `http_status`, `http_request`, `illegal_token_response`; the refresh token is kept
 */
export async function renewToken(
  context: ManagerContext,
  parts: ClientParts,
  refresh: Stored<RefreshTokenState>,
  asked: AskedFor & { readonly seen: number | undefined },
  signal: AbortSignal | undefined,
): Promise<RenewedToken> {
  const { engine, backoff } = context
  const failure = backoff.waiting(refresh.key)
  if (failure !== undefined) throw toTokenError(failure, 'token')
  const place = await renewalKey(refresh, asked)
  const target = refreshable(context, parts, refresh, { ...asked, place })
  let outcome: RefreshOutcome<GrantState>
  try {
    await abortable(findServer(parts, target), signal)
    outcome = await engine.refresh(target, signal)
  } catch (error) {
    throw toTokenError(error, 'token')
  }
  if (outcome.kind === 'gone') return outcome
  if (outcome.kind === 'ended') return { kind: 'refused', error: outcome.error }
  await registrations.get(outcome.state)
  const state = tokenAt(place, outcome.state)
  if (state && state.renewal !== asked.seen) return { kind: 'token', state }
  // Another process was told so.
  return outcome.state.refresh.status === 'ended' ? { kind: 'refused', error: undefined } : { kind: 'gone' }
}

/** Before the journal: a server that cannot be found has not seen the refresh token, so no answer of it can be lost. */
async function findServer({ issuer }: ClientParts, { failed }: Refreshable<GrantState>): Promise<void> {
  try {
    await issuer.metadata.get()
  } catch (error) {
    failed(error)
    throw error
  }
}

/** The id_token of a refresh is looked at when its tokens are safe, once for all who wait for them. */
const registrations = new WeakMap<GrantState, Promise<void>>()

function refreshable(
  context: ManagerContext,
  parts: ClientParts,
  { key, state: { issuer } }: Stored<RefreshTokenState>,
  { place, seen, ...asked }: AskedFor & { readonly place: string; readonly seen: number | undefined },
): Refreshable<GrantState> {
  const { records, settings, runtime } = context
  return {
    key: `${place} ${seen ?? ''}`,
    serial: key,
    async read() {
      // The access token second: it is written with the refresh token, so it is never older than that.
      const refresh = await records.refresh.read(key)
      if (!refresh) return undefined
      const held = await records.access.read(place)
      return { state: { refresh: refresh.state, ...(held && { held }) }, version: refresh.version }
    },
    needsRefresh(state) {
      const token = tokenAt(place, state)
      // The one that was seen may have expired while others were waited for.
      return isUsable(state.refresh, runtime) && (token === undefined || token.renewal === seen)
    },
    // What is asked for could not be used as it is, so there is nothing to go on with.
    canWait: () => false,
    refreshToken: ({ refresh }) => (refresh.status === 'active' ? refresh.value : ''),
    attempt: ({ refresh }) => (refresh.status === 'active' ? refresh.attempt : undefined),
    withAttempt(state, attempt) {
      if (state.refresh.status === 'ended') return state
      const { attempt: before, ...rest } = state.refresh
      return { ...state, refresh: attempt ? { ...rest, attempt } : rest }
    },
    grace: settings.issuers[issuer]?.rotationGrace ?? 0,
    async request({ refresh, held, issued: before }) {
      const answer = await requestRefresh(parts, refresh as ActiveRefreshToken, asked)
      const { access, idToken } = answer
      const issued = { ...before, [place]: access }
      return { refresh: answer.refresh, issued, ...(held && { held }), ...(idToken !== undefined && { idToken }) }
    },
    async write({ refresh, held, issued }, version) {
      // One commit: the old refresh token is forgotten in the moment in which the new one and its access token are stored.
      const changes = [await records.refresh.put(key, refresh, version)]
      for (const [where, state] of Object.entries(issued ?? {})) {
        const there = where === place ? held : await records.access.read(where)
        changes.push(await records.access.put(where, state, there?.version ?? null))
      }
      return (await records.commit(changes)).ok
    },
    isSameGeneration: (current, from) =>
      current.refresh.status === 'active' && current.refresh.generation === from.refresh.generation,
    rebase(next, { refresh: { metadata }, held }) {
      const { held: before, ...rest } = next
      return { ...rest, refresh: { ...next.refresh, metadata }, ...(held && { held }) }
    },
    abandon: async (next) => revokeGrant(context, next, undefined),
    ...outcomes(context, parts, { key, place }),
  }
}

/** Revokes tokens that were never stored, in the background: a refresh token, and the access tokens that came with it. */
export function revokeGrant(
  context: ManagerContext,
  { refresh, issued = {} }: GrantState,
  client: ClientInput | undefined,
  overrides?: TokenOverrides,
): void {
  if (refresh.status === 'active') revokeLater(context, refresh, 'refresh_token', client, overrides)
  for (const state of Object.values(issued)) revokeLater(context, state, 'access_token', client, overrides)
}

/** What becomes of the refresh token, and who is told. */
function outcomes(
  context: ManagerContext,
  parts: ClientParts,
  { key, place }: { readonly key: string; readonly place: string },
): Pick<Refreshable<GrantState>, 'afterFailure' | 'settled' | 'failed'> {
  const { backoff, emit } = context
  const { issuer, clientId } = parts.issuer
  const about = { issuer, clientId }
  return {
    afterFailure(error, state, outcomeUnknown) {
      if (isGrantRefused(error)) {
        return { ...state, refresh: endRefreshToken(state.refresh, outcomeUnknown ? 'outcome_unknown' : 'refused') }
      }
      const isMismatch = error instanceof ProtocolError && error.code === 'refresh_mismatch'
      return isMismatch ? { ...state, refresh: endRefreshToken(state.refresh, 'mismatch') } : undefined
    },
    settled(outcome) {
      backoff.succeeded(key)
      if (outcome.kind === 'refreshed') {
        emit({ kind: 'token_refreshed', ...about, stored: outcome.stored })
        const { idToken, refresh, issued } = outcome.state
        const registering = registerAnsweredIdToken(context, parts, idToken, { refresh, issued: issued?.[place] })
        registrations.set(outcome.state, registering)
      }
      if (outcome.kind === 'ended') emit({ kind: 'refresh_refused', ...about, error: errorCode(outcome.error) })
    },
    failed(error) {
      // One scope or resource that is refused says nothing of the others (RFC 6749 5.2, RFC 8707 2).
      const isAboutRequest =
        error instanceof OAuthResponseError && ['invalid_scope', 'invalid_target'].includes(error.error)
      if (!isAboutRequest) backoff.failed(key, error)
      emit({ kind: 'refresh_failed', ...about, error: errorCode(error) })
    },
  }
}
