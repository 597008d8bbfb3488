import {
  buildLogoutNotices,
  type EndSessionData,
  type LoginSession,
  revokeLogin,
  validateEndSessionRequest,
} from '../server/index.ts'
import { seeOther } from './answers.ts'
import { assertGuard, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { endLogin, readLogin } from './logins.ts'
import { donePage, errorPage, loggingOutPage, logoutPage } from './pages/message-pages.ts'
import { readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

/** A client's back-channel logout endpoint that is slower is not waited for. */
const noticeTimeout = 5_000

/**
 * A hint that names the very login of this browser ends it at once; all else is asked of the user first.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 2
 */
export const endSession: Route = async (context, request, { clientIp }) => {
  const params = request.method === 'POST' ? await readForm(request) : new URL(request.url).searchParams
  const input = { params, ...(clientIp !== undefined && { clientIp }) }
  const outcome = await validateEndSessionRequest(context.config, input)
  if (!outcome.ok) {
    context.emit(outcome.events)
    const { error, errorDescription, status } = outcome.error
    return errorPage(`The application sent a request that is not accepted: ${errorDescription}.`, {
      code: error,
      status,
    })
  }
  // A form of another site brings no cookies; a redirect to ourselves does.
  if (request.method === 'POST') {
    return seeOther(`${context.issuer}${paths.endSession}?${params}`)
  }
  const session = await readLogin(context, request)
  if (!session) return goOn(outcome.request)
  if (outcome.request.sid === session.sid) return end(context, request, { session, data: outcome.request })
  const browser = readBrowser(context, request)
  const action = `${paths.logout}?${params}`
  const guard = await guardOf(context, browser, aboutOf(session, params))
  const { redirectTo } = outcome.request
  return logoutPage(
    { action, guard },
    {
      userName: context.accounts.nameOf(session.subject),
      cookies: browser.cookies,
      ...(redirectTo !== undefined && { formTarget: redirectTo }),
    },
  )
}

/** What the user answered. */
export const logout: Route = async (context, request) => {
  const params = new URL(request.url).searchParams
  const session = await readLogin(context, request)
  const form = await readForm(request)
  await assertGuard(context, request, form, aboutOf(session, params))
  const outcome = await validateEndSessionRequest(context.config, { params })
  if (!outcome.ok) return errorPage('The logout request is no longer valid.')
  if (form.get('act') !== 'logout') return donePage('Still logged in', 'Nothing was changed.')
  return session ? end(context, request, { session, data: outcome.request }) : goOn(outcome.request)
}

async function end(
  context: DevContext,
  request: DevRequest,
  { session, data }: { readonly session: LoginSession; readonly data: EndSessionData },
): Promise<DevAnswer> {
  await revokeLogin(context.config, session.sid)
  const cookie = await endLogin(context, request)
  // Behind the end of the login: a notice that cannot be made must keep nobody logged in.
  const notices = await buildLogoutNotices(context.config, { sid: session.sid })
  await Promise.all(notices.flatMap(({ backchannel }) => (backchannel ? [notify(backchannel)] : [])))
  const frames = notices.flatMap(({ frontchannelUrl }) => frontchannelUrl ?? [])
  return frames.length > 0 ? loggingOutPage({ frames, cookie, redirectTo: data.redirectTo }) : goOn(data, [cookie])
}

/** Back-Channel Logout 2.5. A client that cannot be reached does not keep the user logged in. */
async function notify({ url, logoutToken }: { readonly url: string; readonly logoutToken: string }): Promise<void> {
  try {
    const body = new URLSearchParams({ logout_token: logoutToken })
    const signal = AbortSignal.timeout(noticeTimeout)
    const response = await fetch(url, { method: 'POST', body, redirect: 'error', signal })
    await response.body?.cancel()
  } catch {
    // Nothing hangs on the answer: the login has ended here.
  }
}

function goOn({ redirectTo }: EndSessionData, cookies: readonly string[] = []): DevAnswer | Promise<DevAnswer> {
  if (redirectTo !== undefined) return seeOther(redirectTo, cookies)
  return donePage('Logged out', 'You are logged out. You can close this page.', cookies)
}

function aboutOf(session: LoginSession | undefined, params: URLSearchParams): string {
  return `logout ${session?.sid ?? ''} ${params}`
}
