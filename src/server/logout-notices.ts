import { epochSeconds } from '../lib/runtime.ts'
import { createRandomToken } from '../protocol/random-token.ts'
import { loadClient } from './authenticate-client.ts'
import type { TokenEndpointConfig } from './config.ts'
import { revokeFamily } from './families.ts'
import { storeOf } from './guard-store.ts'
import { idTokenKey } from './mint-id-token.ts'
import { type FamilyRecord, findRecords, indexes, partitionOf } from './records.ts'
import { signJwt } from './sign-jwt.ts'
import { wireSubject } from './wire-subject.ts'

/** Whom to tell that a login has ended, and how. Sending is the host's. */
export interface LogoutNotice {
  readonly clientId: string
  /** A POST of `logout_token` to this address (Back-Channel Logout 2.5). */
  readonly backchannel?: { readonly url: string; readonly logoutToken: string }
  /** A page for an iframe (Front-Channel Logout 2). */
  readonly frontchannelUrl?: string
}

/** Seconds; Back-Channel Logout 2.4 recommends at most two minutes. */
const tokenLifetime = 120
const event = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * The notices to the clients that took part in a login, or in any of a user's, each once for a session: a notice with
 * a `sid` ends that session alone (Back-Channel Logout 1.0 2.4).
 *
 * @see OpenID Connect Back-Channel Logout 1.0 2; Front-Channel Logout 1.0 2
 */
export async function buildLogoutNotices(
  config: TokenEndpointConfig,
  ended: { readonly sid: string } | { readonly subject: string },
): Promise<readonly LogoutNotice[]> {
  const now = epochSeconds(config.runtime)
  const bySession = new Map<string, FamilyRecord>()
  const found = 'sid' in ended ? findFamilies(config, ended.sid) : findFamilies(config, ended.subject, indexes.subject)
  for (const { record } of await found) {
    const { clientId, sid } = record.authorization
    const session = JSON.stringify([clientId, sid])
    if (!record.logout || record.logout.until <= now) continue
    if ((bySession.get(session)?.logout?.until ?? 0) < record.logout.until) bySession.set(session, record)
  }
  const notices = await Promise.all([...bySession.values()].map((record) => buildNotice(config, record)))
  return notices.filter((notice) => notice !== undefined)
}

/**
 * Ends what a login gave: revokes its families, but for those that the user granted beyond it (offline_access).
 *
 * @returns how many were revoked
 */
export async function revokeLogin(config: TokenEndpointConfig, sid: string): Promise<number> {
  let revoked = 0
  for (const { family, record } of await findFamilies(config, sid)) {
    if (record.authorization.scope.includes('offline_access')) continue
    if (await revokeFamily(config, family)) revoked++
  }
  return revoked
}

/** Revokes everything of a user, or everything that one client has of them. @returns how many families */
export async function revokeSubject(config: TokenEndpointConfig, subject: string, clientId?: string): Promise<number> {
  let revoked = 0
  for (const { family, record } of await findFamilies(config, subject, indexes.subject)) {
    if (clientId !== undefined && record.authorization.clientId !== clientId) continue
    if (await revokeFamily(config, family)) revoked++
  }
  return revoked
}

async function findFamilies(config: TokenEndpointConfig, value: string, index: string = indexes.sid) {
  const found = await findRecords<FamilyRecord>(storeOf(config), 'family', [index, value], 'family-1')
  return found.map(({ key, value: record }) => ({ family: partitionOf(key), record }))
}

async function buildNotice(config: TokenEndpointConfig, record: FamilyRecord): Promise<LogoutNotice | undefined> {
  const { clientId } = record.authorization
  const { sid, frontchannelUri, frontchannelSessionRequired, backchannelUri } = record.logout!
  const token = backchannelUri === undefined ? undefined : await buildLogoutToken(config, record)
  const backchannel = token !== undefined && { backchannel: { url: backchannelUri!, logoutToken: token } }
  const page = frontchannelUri && withSession(config.issuer, frontchannelUri, sid, frontchannelSessionRequired ?? false)
  if (!backchannel && !page) return undefined
  return { clientId, ...backchannel, ...(page && { frontchannelUrl: page }) }
}

/** Back-Channel Logout 2.4: never a nonce, so that it cannot pass as an id_token. */
async function buildLogoutToken(config: TokenEndpointConfig, record: FamilyRecord): Promise<string | undefined> {
  const { clientId, subject } = record.authorization
  const client = await loadClient(config, clientId)
  if (!client) return undefined
  const now = epochSeconds(config.runtime)
  return signJwt(idTokenKey(config, client), 'logout+jwt', {
    iss: config.issuer,
    sub: await wireSubject(config, client, subject),
    aud: clientId,
    iat: now,
    exp: now + tokenLifetime,
    jti: createRandomToken(config.runtime),
    events: { [event]: {} },
    sid: record.logout!.sid,
  })
}

/** Front-Channel Logout 2: `iss` and `sid` together, where the client needs them. */
function withSession(issuer: string, uri: string, sid: string | undefined, isRequired: boolean): string {
  if (!isRequired || sid === undefined) return uri
  const url = new URL(uri)
  url.searchParams.set('iss', issuer)
  url.searchParams.set('sid', sid)
  return url.href
}
