import { TokenError } from '../errors/token.ts'
import type { AccessToken } from '../http/token-source.ts'
import { fetchUserInfo } from '../issuer/fetch-user-info.ts'
import { abortable } from '../lib/single-flight.ts'
import type { UserInfoClaims } from '../protocol/userinfo-response.ts'
import { assertIssuer } from './assert-place.ts'
import type { ClaimsState } from './claims-records.ts'
import { type ClientInput, clientIdOf } from './connections.ts'
import { getAccessToken, giveToken } from './get-access-token.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import { mergeClaims, type SubjectClaims } from './merge-claims.ts'
import { asking } from './token-failures.ts'
import { isTokenValid } from './token-metadata.ts'
import { type AccessTokenState, clockOf, isOfClient, isUsable, type RefreshTokenState } from './token-state.ts'

/** What one call for claims does otherwise than the manager. */
export interface ClaimsOverrides extends TokenOverrides {
  /** Whose access token userinfo is asked with. @default any of the issuer's that has one for the subject */
  readonly client?: ClientInput
}

/**
 * What the issuer says of a subject: userinfo, asked at most once an interval, and the last id_token.
 *
 * @throws TokenError `no_suitable_access_token`, `userinfo_content_type`, `userinfo_decryption`,
 *   `userinfo_verification`, `missing_server_metadata`, `missing_client_metadata`, `http_status`, `http_request`
 * @see OpenID Connect Core 5.3
 */
export async function getClaims(
  context: ManagerContext,
  issuer: string,
  subject: string,
  { client, ...overrides }: ClaimsOverrides = {},
): Promise<SubjectClaims> {
  assertIssuer(issuer, 'claims.get')
  if (typeof subject !== 'string' || subject === '') throw new TypeError('claims.get: "subject" must be a "sub"')
  const { minUserinfoRefreshInterval, signal } = withOverrides(context.settings, overrides, 'claims.get')
  const { runtime, userinfoFlights } = context
  const known = await context.claims.read(issuer, subject)
  const age = runtime.now() - (known?.userinfo?.fetchedAt ?? Number.NEGATIVE_INFINITY)
  if (known && age >= 0 && age < minUserinfoRefreshInterval) return mergeClaims(known)
  const renew = () => renewUserInfo(context, issuer, subject, client, overrides)
  // What only this call has is nobody else's answer.
  if (overrides.metadata || overrides.decorators) return mergeClaims(await abortable(renew(), signal))
  const clientId = client === undefined ? null : clientIdOf(client, 'claims.get')
  const flight = userinfoFlights.run(JSON.stringify([issuer, subject, clientId]), renew)
  return mergeClaims(await abortable(flight, signal))
}

async function renewUserInfo(
  context: ManagerContext,
  issuer: string,
  subject: string,
  client: ClientInput | undefined,
  { signal, ...overrides }: TokenOverrides,
): Promise<ClaimsState> {
  const source = await findSource(context, issuer, subject, client, overrides)
  const parts = context.connections.open(issuer, client ?? source.state.clientId, overrides)
  // Before a refresh, which would be for nothing.
  const metadata = await asking('userinfo', async () => parts.issuer.metadata.get())
  if (metadata.userinfo_endpoint === undefined) {
    const [endpoint, field] = ['userinfo', 'userinfo_endpoint'] as const
    throw new TokenError('missing_server_metadata', `the server's metadata has no "${field}"`, { endpoint, field })
  }
  const protection = { ...parts.settings.userinfo, registeredOnly: true }
  const ask = (token: AccessToken) =>
    asking('userinfo', () => fetchUserInfo(parts.issuer, token, subject, {}, protection))
  const claims = await askWith(ask, (rejected) => tokenOf(context, source, client, overrides, rejected))
  return await context.claims.update(issuer, subject, (state) => withUserInfo(state, claims, context.runtime.now()))
}

/** A token that the server has forgotten is good by all that is stored, so another one is asked with, once. */
async function askWith(
  ask: (token: AccessToken) => Promise<UserInfoClaims>,
  give: (rejected?: string) => Promise<AccessToken>,
): Promise<UserInfoClaims> {
  const token = await give()
  try {
    return await ask(token)
  } catch (error) {
    // RFC 6750 3.1: the client may ask for a new token and try again.
    if (!(error instanceof TokenError && error.status === 401)) throw error
    const another = await give(token.value).catch((failure: unknown) => {
      const isNone = failure instanceof TokenError && failure.code.startsWith('no_suitable_')
      throw isNone ? error : failure
    })
    return await ask(another)
  }
}

function withUserInfo(state: ClaimsState, claims: UserInfoClaims, fetchedAt: number): ClaimsState {
  return { ...state, userinfo: { claims, fetchedAt } }
}

/** What userinfo can be asked with. */
type Source =
  | { readonly kind: 'access'; readonly state: AccessTokenState }
  | { readonly kind: 'refresh'; readonly state: RefreshTokenState }

/**
 * An access token of an OpenID login (OpenID Connect Core 5.3), or a refresh token that gives one; of several the one
 * with the most scopes, since these say which claims come (5.4).
 */
async function findSource(
  { records, connections, runtime, settings }: ManagerContext,
  issuer: string,
  sub: string,
  client: ClientInput | undefined,
  overrides: TokenOverrides,
): Promise<Source> {
  const { minRemainingLife } = withOverrides(settings, overrides, 'claims.get')
  const subject = { kind: 'sub', sub } as const
  const owner = { issuer, subject, ...(client !== undefined && { clientId: clientIdOf(client, 'claims.get') }) }
  const access = await records.access.findByOwner(owner)
  const refresh = await records.refresh.findByOwner(owner)
  const sources: Source[] = [
    ...access
      .filter(
        ({ state }) =>
          state.resource === undefined &&
          isOfClient(state) &&
          isTokenValid(state.metadata, { runtime: clockOf(state, runtime), minRemainingLife }),
      )
      .map(({ state }) => ({ kind: 'access', state }) as const),
    ...refresh
      .filter(({ state }) => isOfClient(state) && isUsable(state, runtime))
      .map(({ state }) => ({ kind: 'refresh', state }) as const),
  ]
  // What comes first is taken: a client that can be spoken for, an access token, many scopes.
  const rank = ({ kind, state: { clientId, metadata } }: Source) =>
    (client !== undefined || connections.knows(issuer, clientId) ? 2_000 : 0) +
    (kind === 'access' && metadata.scope ? 1_000 : 0) +
    Math.min(metadata.scope?.length ?? 0, 999)
  // Of an unknown scope the server will tell.
  const able = sources.filter(({ state: { metadata } }) => metadata.scope?.includes('openid') ?? true)
  const [best] = able.toSorted((one, other) => rank(other) - rank(one))
  if (best) return best
  const reason = access.length + refresh.length === 0 ? 'none_stored' : 'none_with_scope'
  const message = 'no stored token of the subject can ask for userinfo, which takes one with the scope "openid"'
  throw new TokenError('no_suitable_access_token', message, { reason })
}

async function tokenOf(
  context: ManagerContext,
  { kind, state }: Source,
  client: ClientInput | undefined,
  overrides: TokenOverrides,
  rejected: string | undefined,
): Promise<AccessToken> {
  if (kind === 'access' && rejected === undefined) return await giveToken(state)
  const { issuer, clientId, metadata, subject } = state
  const wish = { issuer, client: client ?? clientId, subject: subject! }
  return await getAccessToken(
    context,
    { ...wish, ...(metadata.scope && { scopes: metadata.scope }) },
    overrides,
    rejected,
  )
}
