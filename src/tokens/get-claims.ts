import { TokenError } from '../errors/token.ts'
import type { AccessToken } from '../http/token-source.ts'
import { fetchUserInfo } from '../issuer/fetch-user-info.ts'
import { abortable } from '../lib/single-flight.ts'
import type { UserInfoClaims } from '../protocol/userinfo-response.ts'
import type { ClaimsState } from './claims-records.ts'
import { type ClientInput, clientIdOf } from './connections.ts'
import { getAccessToken } from './get-access-token.ts'
import type { ManagerContext } from './manager-context.ts'
import { type TokenOverrides, withOverrides } from './manager-options.ts'
import { mergeClaims, type SubjectClaims } from './merge-claims.ts'
import { asking } from './token-failures.ts'
import { isTokenValid } from './token-metadata.ts'
import { isUsable } from './token-state.ts'

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
  if (typeof subject !== 'string' || subject === '') throw new TypeError('claims.get: "subject" must be a "sub"')
  const { minUserinfoRefreshInterval, signal } = withOverrides(context.settings, overrides, 'claims.get')
  const { runtime, userinfoFlights } = context
  const known = await context.claims.read(issuer, subject)
  const age = runtime.now() - (known?.userinfo?.fetchedAt ?? Number.NEGATIVE_INFINITY)
  if (known && age >= 0 && age < minUserinfoRefreshInterval) return mergeClaims(known)
  const flight = userinfoFlights.run(JSON.stringify([issuer, subject]), () =>
    renewUserInfo(context, issuer, subject, client, overrides),
  )
  return mergeClaims(await abortable(flight, signal))
}

async function renewUserInfo(
  context: ManagerContext,
  issuer: string,
  subject: string,
  client: ClientInput | undefined,
  { signal, ...overrides }: TokenOverrides,
): Promise<ClaimsState> {
  const chosen = client ?? (await findClient(context, issuer, subject))
  const parts = context.connections.open(issuer, chosen, overrides)
  // Before a token is looked for, which might cost a refresh.
  const metadata = await asking('userinfo', async () => parts.issuer.metadata.get())
  if (metadata.userinfo_endpoint === undefined) {
    const [endpoint, field] = ['userinfo', 'userinfo_endpoint'] as const
    throw new TokenError('missing_server_metadata', `the server's metadata has no "${field}"`, { endpoint, field })
  }
  const token = await tokenForUserInfo(context, issuer, subject, chosen, overrides)
  const protection = { ...parts.settings.userinfo, registeredOnly: true }
  const claims = await asking('userinfo', () => fetchUserInfo(parts.issuer, token, subject, {}, protection))
  return await context.claims.update(issuer, subject, (state) => withUserInfo(state, claims, context.runtime.now()))
}

function withUserInfo(state: ClaimsState, claims: UserInfoClaims, fetchedAt: number): ClaimsState {
  return { ...state, userinfo: { claims, fetchedAt } }
}

/** The client of a token that userinfo can be asked with; one that the manager knows how to speak for. */
async function findClient({ records, connections, runtime }: ManagerContext, issuer: string, sub: string) {
  const owner = { issuer, subject: { kind: 'sub', sub } } as const
  const access = await records.access.findByOwner(owner)
  const refresh = await records.refresh.findByOwner(owner)
  const candidates = [
    ...access.filter(({ state }) => state.resource === undefined && isTokenValid(state.metadata, { runtime })),
    ...refresh.filter(({ state }) => isUsable(state, runtime)),
  ].filter(({ state }) => mayAskUserInfo(state.metadata.scope))
  const [first] = candidates.filter(({ state }) => connections.knows(issuer, state.clientId))
  if (first) return first.state.clientId
  if (candidates[0]) return candidates[0].state.clientId
  const reason = access.length + refresh.length === 0 ? 'none_stored' : 'none_with_scope'
  const message = 'no stored token of the subject can ask for userinfo, which takes one with the scope "openid"'
  throw new TokenError('no_suitable_access_token', message, { reason })
}

/** OpenID Connect Core 5.3: an access token of an OpenID login. Of an unknown scope the server will tell. */
const mayAskUserInfo = (scope: readonly string[] | undefined) => scope === undefined || scope.includes('openid')

/** A stored one with `openid`, whatever else it has; else one that a refresh gives. */
async function tokenForUserInfo(
  context: ManagerContext,
  issuer: string,
  sub: string,
  client: ClientInput,
  overrides: TokenOverrides,
): Promise<AccessToken> {
  const subject = { kind: 'sub', sub } as const
  const clientId = clientIdOf(client, 'claims.get')
  const { minRemainingLife } = withOverrides(context.settings, overrides, 'claims.get')
  const stored = await context.records.access.findByOwner({ issuer, clientId, subject })
  const scopes = stored
    .filter(({ state: { metadata, resource } }) => {
      const isGood = isTokenValid(metadata, { runtime: context.runtime, minRemainingLife })
      return isGood && resource === undefined && metadata.scope?.includes('openid')
    })
    .map(({ state }) => state.metadata.scope!)
  return await getAccessToken(context, { issuer, client, subject, ...(scopes[0] && { scopes: scopes[0] }) }, overrides)
}
