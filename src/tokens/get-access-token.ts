import type { ClientParts } from '../client/client-parts.ts'
import { TokenError, type TokenErrorReason } from '../errors/token.ts'
import type { AccessToken } from '../http/token-source.ts'
import { assertKnownOptions, assertOptions } from '../lib/options.ts'
import { importOnce } from '../lib/stored-key.ts'
import { assertIssuer, assertResource } from './assert-place.ts'
import { obtainClientToken } from './client-token.ts'
import { type ClientInput, clientIdOf } from './connections.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import type { AskedFor } from './refresh-request.ts'
import { renewalKey, renewToken } from './renew-token.ts'
import { covers, type Scopes, scopeSet } from './scope-set.ts'
import { isTokenValid } from './token-metadata.ts'
import type { Stored, TokenOwner } from './token-records.ts'
import {
  type AccessTokenState,
  clockOf,
  isOfClient,
  isUsable,
  ownExpiry,
  type RefreshTokenState,
} from './token-state.ts'
import { assertSubject, type TokenSubject } from './token-subject.ts'

/** Which access token is wanted. */
export interface AccessTokenWish {
  /** The issuer identifier. */
  readonly issuer: string
  /** A client id of the manager's `clients`, or a whole registration. */
  readonly client: ClientInput
  /** A user by `sub`, or the client itself. */
  readonly subject: TokenSubject
  /** The token has exactly these. @default any token will do that is for no resource of its own */
  readonly scopes?: Scopes
  /** The token was asked for this resource (RFC 8707). @default it was asked for none */
  readonly resource?: string
}

/** A misspelt `scopes` must not mean that any will do. */
const wishNames: readonly string[] = ['issuer', 'client', 'subject', 'scopes', 'resource']

const caller = 'accessTokens.get'

/** One call of `get`, with every default filled in. */
interface Search extends AskedFor {
  readonly context: ManagerContext
  readonly owner: TokenOwner
  /** Milliseconds. */
  readonly minRemainingLife: number
  /** The value of a token that was seen to be refused. */
  readonly rejected: string | undefined
  readonly signal: AbortSignal | undefined
  readonly connect: () => ClientParts
}

/**
 * An access token that is good now: a stored one, or one that a refresh or the client's own grant gives.
 *
 * @throws TokenError `no_suitable_access_token`, `no_suitable_refresh_token`, `scope_not_granted`, `http_status`,
 *   `http_request`, `illegal_token_response`, `missing_client_metadata`, `missing_server_metadata`
 * @throws StoreError
 */
export async function getAccessToken(
  context: ManagerContext,
  wish: AccessTokenWish,
  overrides: TokenOverrides | undefined,
  rejected?: string,
): Promise<AccessToken> {
  assertOptions(caller, wish)
  assertKnownOptions(caller, wish, wishNames)
  const { issuer, client, subject, resource } = wish
  assertSubject(subject, caller)
  const { minRemainingLife, signal } = withOverrides(context.settings, overrides, caller)
  signal?.throwIfAborted()
  const search: Search = {
    context,
    owner: { issuer, clientId: clientIdOf(client, caller), subject },
    scopes: wish.scopes === undefined ? undefined : scopeSet(wish.scopes),
    resource,
    minRemainingLife,
    rejected,
    signal,
    connect: () => context.connections.open(issuer, client, overrides),
  }
  const stored = await findStored(search)
  return await giveToken(stored ?? (await obtain(search)))
}

/** The newest of those that suit: a server that gave another one means that. */
async function findStored(search: Search): Promise<AccessTokenState | undefined> {
  const { context, owner, scopes, resource } = search
  const { access } = context.records
  const found = scopes ? await access.findExact(owner, scopes, resource) : await access.findByOwner(owner)
  let best: AccessTokenState | undefined
  for (const { state } of found) {
    if (state.resource !== resource || !isGood(search, state)) continue
    if (!best || state.registeredAt > best.registeredAt) best = state
  }
  return best
}

function isGood({ context, minRemainingLife, rejected }: Search, state: AccessTokenState): boolean {
  const { metadata, value } = state
  if (value === rejected || !isOfClient(state)) return false
  return isTokenValid(metadata, { minRemainingLife, runtime: clockOf(state, context.runtime) })
}

/** @throws TypeError for an issuer or a resource that is no URI, before anything is sent */
async function obtain(search: Search): Promise<AccessTokenState> {
  const { context, owner, resource, scopes, signal } = search
  assertIssuer(owner.issuer, caller)
  assertResource(resource, caller)
  if (owner.subject.kind === 'sub') return await refreshForUser(search)
  const isEnough = (state: AccessTokenState) =>
    isGood(search, state) && (isExact(state, scopes) || isRecent(search, state))
  return assertGranted(await obtainClientToken(context, search.connect(), search, isEnough, signal), scopes)
}

/** The smallest refresh token that suffices; where it was refused, the next. */
async function refreshForUser(search: Search): Promise<AccessTokenState> {
  const { context, owner, scopes } = search
  const all = await context.records.refresh.findByOwner(owner)
  let refusal: { readonly error: unknown } | undefined
  for (const refresh of suitable(search, all)) {
    const renewed = await renewSuitable(search, refresh)
    if (renewed.kind === 'token') return assertGranted(renewed.state, scopes)
    if (renewed.kind === 'refused') refusal = { error: renewed.error }
  }
  throw await noneSuits(search, all, refusal)
}

function suitable({ context, scopes }: Search, all: readonly Stored<RefreshTokenState>[]) {
  const size = ({ state }: Stored<RefreshTokenState>) => state.metadata.scope?.length ?? Number.POSITIVE_INFINITY
  return all
    .filter(({ state }) => isOfClient(state) && isUsable(state, context.runtime))
    .filter(({ state }) => !scopes || covers(state.metadata.scope, scopes))
    .toSorted((one, other) => size(one) - size(other) || other.state.registeredAt - one.state.registeredAt)
}

async function renewSuitable(search: Search, refresh: Stored<RefreshTokenState>) {
  const { context, scopes, signal } = search
  const held = (await context.records.access.read(await renewalKey(refresh, search)))?.state
  // Another call was faster; or the server has just said that it grants less.
  if (held && isGood(search, held) && (isExact(held, scopes) || isRecent(search, held))) {
    return { kind: 'token', state: held } as const
  }
  return await renewToken(context, search.connect(), refresh, { ...search, seen: held?.renewal }, signal)
}

/** Milliseconds for which a server that granted less than was asked for is not asked again. */
const narrowedFor = 30_000

function isRecent({ context }: Search, { registeredAt }: AccessTokenState): boolean {
  const age = context.runtime.now() - registeredAt
  return age >= 0 && age < narrowedFor
}

/** What is asked for without a scope has whatever it has. */
function isExact({ metadata }: AccessTokenState, scopes: readonly string[] | undefined): boolean {
  if (!scopes) return true
  return metadata.scope?.length === scopes.length && covers(metadata.scope, scopes)
}

/** Nobody gets a token for other scopes than asked for: neither for fewer nor for more. */
function assertGranted(state: AccessTokenState, scopes: readonly string[] | undefined): AccessTokenState {
  if (isExact(state, scopes)) return state
  const [expected, actual] = [scopes!.join(' '), state.metadata.scope?.join(' ') ?? '']
  const message = `asked for the scopes "${expected}", the server granted "${actual}"; what it granted is stored`
  throw new TokenError('scope_not_granted', message, { expected, actual })
}

async function noneSuits(
  { context, owner, scopes }: Search,
  all: readonly Stored<RefreshTokenState>[],
  refusal: { readonly error: unknown } | undefined,
): Promise<TokenError> {
  const wanted = scopes ? ` with the scopes "${scopes.join(' ')}"` : ''
  if (refusal || (all.length > 0 && all.every(({ state }) => state.status === 'ended'))) {
    return none(
      'refresh',
      `the server refused the refresh token; the user must log in again`,
      'refresh_refused',
      refusal?.error,
    )
  }
  if (all.length > 0) {
    return none('refresh', `no stored refresh token is good and covers what is asked for${wanted}`, 'none_with_scope')
  }
  const access = await context.records.access.findByOwner(owner)
  if (access.length > 0) {
    return none('access', `no stored access token is good${wanted}, and there is no refresh token`, 'none_with_scope')
  }
  return none(
    'access',
    'nothing is stored for this issuer, client and subject; refreshTokens.register keeps what a login gave',
    'none_stored',
  )
}

function none(token: 'access' | 'refresh', message: string, reason: TokenErrorReason, cause?: unknown): TokenError {
  const code = `no_suitable_${token}_token` as const
  return new TokenError(code, message, { reason, ...(cause !== undefined && { cause }) })
}

/** What is needed to use a token goes with it. */
export async function giveToken(state: AccessTokenState): Promise<AccessToken> {
  const { value, metadata, resource, dpopKey } = state
  const { scope = [] } = metadata
  const expiresAt = ownExpiry(state)
  const common = {
    value,
    scope: scope.join(' '),
    ...(resource !== undefined && { resource: [resource] }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
  return dpopKey ? { ...common, kind: 'dpop', key: await importOnce(dpopKey, 'token') } : { ...common, kind: 'bearer' }
}
