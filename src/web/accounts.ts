import { SessionError } from '../errors/session.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionGroup } from '../sessions/session-group.ts'
import { redirect } from './answers.ts'
import { during, storing } from './failures.ts'
import type { WebAccount } from './pages/accounts-page.ts'
import { showAccounts } from './pages.ts'
import { readForm, singleField } from './read-form.ts'
import { ownPage, retryPathOf } from './return-to.ts'
import { assertSameOrigin } from './same-origin.ts'
import type { BrowserSessions, WebContext } from './web-context.ts'
import { WebError } from './web-error.ts'

/** The sessions of a browser; `undefined` where its cookie says nothing. */
export async function groupOf(context: BrowserSessions, request: Request): Promise<SessionGroup | undefined> {
  const id = await context.cookies.session.read(request)
  return id === undefined ? undefined : context.groups.open(id)
}

/** `GET /accounts`: who is logged in in this browser, with what switches and logs out. */
export async function listAccounts(context: WebContext, request: Request): Promise<Response> {
  const group = await groupOf(context, request)
  const accounts = await during(storing, () => accountsOf(group))
  const { logout: logoutPath, switch: switchPath } = context.paths
  const loginPath = retryPathOf(context, { returnTo: context.paths.accounts })
  return await showAccounts(context, request, { accounts, loginPath, logoutPath, switchPath })
}

/** `POST /switch`: makes another account the active one. */
export async function switchAccount(context: WebContext, request: Request): Promise<Response> {
  assertSameOrigin(request, context.origin)
  const form = await readForm(request)
  const group = await groupOf(context, request)
  const wanted = singleField(form, 'account')
  await during(storing, async () => {
    const session = (await group?.listSessions())?.find(({ ref }) => ref === wanted)
    const switched = group && session && (await unlessGone(group.switchSession(session.id)))
    if (!switched) throw new WebError('unknown_account', 'this browser has no such account')
  })
  return redirect(ownPage(context, singleField(form, 'return_to')) ?? context.paths.accounts)
}

/** Nothing for a session that another request, of an impatient user perhaps, has ended in the meantime. */
export async function unlessGone<T>(step: Promise<T>): Promise<T | undefined> {
  try {
    return await step
  } catch (error) {
    if (error instanceof SessionError && error.code === 'session_not_found') return undefined
    throw error
  }
}

/** One entry an account: of several logins of one, the active or else the newest. */
export async function accountsOf(group: SessionGroup | undefined): Promise<readonly WebAccount[]> {
  const active = await group?.activeSession()
  const accounts = new Map<string, WebAccount>()
  for (const session of (await group?.listSessions()) ?? []) {
    const key = accountKey(session)
    if (accounts.get(key)?.active) continue
    const { ref, issuer, subject } = session
    accounts.set(key, { ref, issuer, subject, name: nameOf(session), active: session.id === active?.id })
  }
  return [...accounts.values()]
}

/** A subject is one only with its issuer (OpenID Connect Core 2); without a subject, each session is its own account. */
export function accountKey({ id, issuer, subject }: Session): string {
  return subject === undefined ? id : JSON.stringify([issuer, subject])
}

function nameOf({ claims, subject }: Session): string {
  const named = [claims?.name, claims?.preferred_username, claims?.email, subject]
  return named.find((text): text is string => typeof text === 'string' && text !== '') ?? 'Account'
}
