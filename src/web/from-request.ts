import { SessionError } from '../errors/session.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionGroup } from '../sessions/session-group.ts'
import { accountsOf, groupOf } from './accounts.ts'
import type { WebAccount } from './pages/accounts-page.ts'
import type { BrowserSessions } from './web-context.ts'

/** Who makes a request. */
export type RequestSession =
  /** Somebody who is logged in. */
  | {
      readonly ok: true
      /** The active session: `client.fetch` calls with its token. */
      readonly client: Session
      /** All sessions of this browser. */
      readonly group: SessionGroup
      /** All accounts of this browser, one of them active. */
      accounts(): Promise<readonly WebAccount[]>
    }
  /** `reauth`: the issuer takes the session no more, and the user must log in again. `none`: nobody is logged in. */
  | { readonly ok: false; readonly reason: 'reauth' | 'none' }

/**
 * The session of the active account, its token renewed where it is due. That the issuer cannot be reached is no reason
 * to send a user away: only its refusal is.
 *
 * @throws StoreError
 */
export async function fromRequest(context: BrowserSessions, request: Request): Promise<RequestSession> {
  const group = await groupOf(context, request)
  const client = await group?.activeSession()
  if (!group || !client) return { ok: false, reason: 'none' }
  try {
    await client.getAccessToken({ signal: request.signal })
  } catch (error) {
    if (!(error instanceof SessionError)) throw error
    if (error.code === 'session_not_found') return { ok: false, reason: 'none' }
    if (error.code === 'session_expired') return { ok: false, reason: 'reauth' }
    // The token may be good or not, the login is: whatever needs the token says so when it is called.
  }
  return { ok: true, client, group, accounts: () => accountsOf(group) }
}
