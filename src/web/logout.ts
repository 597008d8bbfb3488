import { handleLogoutReturn } from '../client/logout-request.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionGroup } from '../sessions/session-group.ts'
import { accountKey, groupOf, unlessGone } from './accounts.ts'
import { applicationAnswer, redirect, withCookies } from './answers.ts'
import { during, storing } from './failures.ts'
import { readForm, singleField } from './read-form.ts'
import { ownPage } from './return-to.ts'
import { assertSameOrigin } from './same-origin.ts'
import type { WebContext } from './web-context.ts'
import { WebError } from './web-error.ts'

/** What a logout ends: one account in this browser, all accounts in it, or one account wherever it is logged in. */
type LogoutScope = 'account' | 'browser' | 'everywhere'

/** What is kept with the browser while it is at the issuer's logout page. */
interface PendingLogout {
  readonly state: string
  readonly returnTo: string | undefined
}

/** `POST /logout`: ends sessions here, then at the issuer where that is wanted. */
export async function logOut(context: WebContext, request: Request): Promise<Response> {
  assertSameOrigin(request, context.origin)
  const form = await readForm(request)
  const scope = scopeOf(singleField(form, 'scope'))
  const returnTo = ownPage(context, singleField(form, 'return_to'))
  const group = await groupOf(context, request)
  const pending: PendingLogout = { state: encodeBase64url(context.runtime.randomBytes(32)), returnTo }
  const done = await during(storing, () =>
    endSessions(context, group, { scope, account: singleField(form, 'account'), state: pending.state }),
  )
  const cookies = done.isEmpty ? [context.cookies.session.clear()] : []
  if (!done.endSessionUrl) return await finish(context, request, returnTo, cookies)
  cookies.push(await context.cookies.logout.write(JSON.stringify(pending)))
  return redirect(done.endSessionUrl, cookies)
}

/** Where the issuer's logout page leads back to: judged, since anybody can send a browser there. */
export async function returnFromLogout(context: WebContext, request: Request, url: URL): Promise<Response> {
  const kept = await context.cookies.logout.read(request)
  if (kept === undefined) throw new WebError('invalid_logout_request', 'this browser is not logging out')
  const { state, returnTo } = JSON.parse(kept) as PendingLogout
  const message = 'the return from logout is not the one expected'
  await during({ reason: 'invalid_logout_request', message }, async () =>
    handleLogoutReturn(url, { state, postLogoutRedirectUri: context.options.postLogoutRedirectUri! }),
  )
  return await finish(context, request, returnTo, [context.cookies.logout.clear()])
}

async function finish(
  context: WebContext,
  request: Request,
  wanted: string | undefined,
  cookies: readonly string[],
): Promise<Response> {
  const returnTo = wanted ?? '/'
  return withCookies(
    await applicationAnswer(context, context.options.onLogout?.({ returnTo, request }), returnTo),
    cookies,
  )
}

function scopeOf(scope: string | undefined): LogoutScope {
  if (scope === undefined || scope === 'account') return 'account'
  if (scope === 'browser' || scope === 'everywhere') return scope
  throw new WebError('invalid_logout_request', '"scope" must be account, browser or everywhere')
}

interface EndedSessions {
  /** Nobody is left in this browser. */
  readonly isEmpty: boolean
  readonly endSessionUrl: URL | undefined
}

async function endSessions(
  context: WebContext,
  group: SessionGroup | undefined,
  wanted: { readonly scope: LogoutScope; readonly account: string | undefined; readonly state: string },
): Promise<EndedSessions> {
  const sessions = (await group?.listSessions()) ?? []
  const named =
    wanted.account === undefined
      ? await group?.activeSession()
      : sessions.find((session) => session.ref === wanted.account)
  if (!group || !named) {
    if (wanted.account !== undefined) throw new WebError('unknown_account', 'this browser has no such account')
    // Logged out already: as good as done now.
    return { isEmpty: sessions.length === 0, endSessionUrl: undefined }
  }
  const { postLogoutRedirectUri } = context.options
  const options = postLogoutRedirectUri === undefined ? {} : { postLogoutRedirectUri, state: wanted.state }
  const { endSessionUrl } = await named.logout(options)
  const meant = sessions.filter((other) => wanted.scope === 'browser' || accountKey(other) === accountKey(named))
  const elsewhere = wanted.scope === 'everywhere' ? await otherDevices(context, named) : []
  await Promise.all([...meant, ...elsewhere].map((session) => session.logout()))
  for (const { id } of meant) await unlessGone(group.revokeSession(id))
  return {
    isEmpty: meant.length === sessions.length,
    // Without a page to come back to, the user would be left standing at the issuer.
    endSessionUrl: postLogoutRedirectUri === undefined ? undefined : endSessionUrl,
  }
}

async function otherDevices(context: WebContext, { issuer, subject }: Session): Promise<readonly Session[]> {
  const sessions = context.all.find(({ client }) => client.issuer === issuer)
  return subject === undefined || !sessions ? [] : await sessions.findBySubject(subject)
}
