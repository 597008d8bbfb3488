import {
  handleBackchannelAuthenticationRequest,
  type LoginSession,
  type PendingBackchannelRequest,
} from '../server/index.ts'
import { json, oauthError, seeOther } from './answers.ts'
import { answerBackchannel, deliver, type InboxEntry, readInbox } from './backchannel-inbox.ts'
import { assertGuard, type Browser, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import { endpointUrl, paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { logIn } from './log-in.ts'
import { readLogin } from './logins.ts'
import type { FormFrame } from './pages/forms.ts'
import { type InboxItem, inboxBody } from './pages/inbox-page.ts'
import { page } from './pages/layout.ts'
import { loginBody } from './pages/login-page.ts'
import { endpointRequest, type RequestInfo, readForm, readParameters } from './read-request.ts'
import type { Route } from './token-routes.ts'

/** CIBA Core 7: puts the request before the user whom the hint names. */
export const backchannelAuthentication: Route = async (context, request, info) => {
  const form = await readParameters(request, context.acceptJson)
  const asked = endpointRequest(request, endpointUrl(context, request, paths.backchannelAuthentication), form, info)
  const pending: PendingBackchannelRequest[] = []
  const outcome = await handleBackchannelAuthenticationRequest(context.config, asked, {
    notify: (one) => pending.push(one),
  })
  context.emit(outcome.events)
  if (!outcome.ok) return oauthError(outcome.error)
  for (const one of pending) await deliver(context, one)
  return json(outcome.response, { headers: outcome.headers })
}

interface InboxVisit {
  readonly context: DevContext
  readonly browser: Browser
  readonly session: LoginSession | undefined
  readonly info: RequestInfo
}

/** The page on which a user sees what applications ask of them, and decides: this server's "other device". */
export const inbox: Route = async (context, request, info) => {
  const browser = readBrowser(context, request)
  const session = await readLogin(context, request)
  const visit: InboxVisit = { context, browser, session, info }
  if (request.method === 'POST') return answer(visit, request)
  return session ? showInbox(visit, session) : showLogin(visit)
}

async function answer(visit: InboxVisit, request: DevRequest): Promise<DevAnswer> {
  const { context, session, info } = visit
  const form = await readForm(request)
  await assertGuard(context, request, form, aboutOf(session))
  const act = form.get('act')
  if (act === 'login') {
    const outcome = await logIn(context, request, form, info)
    return outcome.ok ? again(context, outcome.cookies) : showLogin(visit, outcome)
  }
  if (!session || (act !== 'allow' && act !== 'deny')) return again(context)
  const entries = await readInbox(context, session.subject)
  const entry = entries.find(({ entryId }) => entryId === form.get('entry'))
  if (entry) await answerBackchannel(context, entry.authReqId, act === 'allow' ? session : undefined)
  return again(context)
}

async function showInbox({ context, browser }: InboxVisit, session: LoginSession): Promise<DevAnswer> {
  const entries = await readInbox(context, session.subject)
  const items = await Promise.all(entries.map(async (entry) => itemOf(context, entry)))
  const frame = await frameOf(browser, session)
  return inboxPage(browser, 'Requests', inboxBody({ frame, userName: context.accounts.nameOf(session.subject), items }))
}

async function itemOf({ clients }: DevContext, entry: InboxEntry): Promise<InboxItem> {
  const client = await clients.loadClient(entry.clientId)
  const { entryId, scope, bindingMessage } = entry
  return { entryId, scope, bindingMessage, clientName: client?.metadata.client_name ?? entry.clientId }
}

async function showLogin(
  { browser, session }: InboxVisit,
  { problem, username }: { readonly problem?: string; readonly username?: string } = {},
): Promise<DevAnswer> {
  const frame = await frameOf(browser, session)
  return inboxPage(
    browser,
    'Log in',
    loginBody({ frame, problem, username, reason: 'To see what applications ask of you.' }),
  )
}

/** A form for one login. */
function aboutOf(session: LoginSession | undefined): string {
  return `inbox ${session?.sid ?? ''}`
}

async function frameOf(browser: Browser, session: LoginSession | undefined): Promise<FormFrame> {
  return { action: paths.inbox, guard: await guardOf(browser, aboutOf(session)) }
}

function again({ issuer }: DevContext, cookies: readonly string[] = []): DevAnswer {
  return seeOther(`${issuer}${paths.inbox}`, cookies)
}

function inboxPage({ cookies }: Browser, title: string, body: ReturnType<typeof loginBody>): Promise<DevAnswer> {
  return page({ title, about: 'Authentype dev server', body, cookies })
}
