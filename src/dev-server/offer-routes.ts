import { isScope } from '../protocol/scope.ts'
import { issuePreAuthorizedCode, type LoginSession } from '../server/index.ts'
import { seeOther } from './answers.ts'
import { assertGuard, type Browser, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { logIn } from './log-in.ts'
import { readLogin } from './logins.ts'
import type { FormFrame } from './pages/forms.ts'
import { page } from './pages/layout.ts'
import { loginBody } from './pages/login-page.ts'
import { madeOfferBody, offerBody } from './pages/offer-page.ts'
import { type RequestInfo, readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

interface OfferVisit {
  readonly context: DevContext
  readonly browser: Browser
  readonly session: LoginSession | undefined
  readonly info: RequestInfo
}

/** Digits of a transaction code: what a wallet's user types. */
const txCodeLength = 6

/** The page on which a user makes a pre-authorized code, as an issuer's own site would (OpenID4VCI 1.0 4.1). */
export const offer: Route = async (context, request, info) => {
  const browser = readBrowser(context, request)
  const session = await readLogin(context, request)
  const visit: OfferVisit = { context, browser, session, info }
  if (request.method === 'POST') return answer(visit, request)
  return session ? showForm(visit, session) : showLogin(visit)
}

async function answer(visit: OfferVisit, request: DevRequest): Promise<DevAnswer> {
  const { context, session, info } = visit
  const form = await readForm(request)
  await assertGuard(context, request, form, aboutOf(session))
  if (form.get('act') === 'login') {
    const outcome = await logIn(context, request, form, info)
    return outcome.ok ? again(context, outcome.cookies) : showLogin(visit, outcome)
  }
  return session ? make(visit, session, form) : again(context)
}

async function make(visit: OfferVisit, session: LoginSession, form: URLSearchParams): Promise<DevAnswer> {
  const { context, browser } = visit
  const text = form.get('scope') ?? ''
  const scope = text.split(' ').filter((one) => one !== '')
  if (!scope.every(isScope)) return showForm(visit, session, 'This is no list of scopes.')
  const txCode = form.has('with_tx_code') ? createTxCode(context) : undefined
  const { code, expiresIn, events } = await issuePreAuthorizedCode(context.config, {
    subject: session.subject,
    scope,
    ...(txCode !== undefined && { txCode }),
  })
  context.emit(events)
  return offerPage(browser, 'The code', madeOfferBody({ code, txCode, expiresIn }))
}

/** Digits, each as likely as the other. */
function createTxCode({ runtime }: DevContext): string {
  const digits: number[] = []
  while (digits.length < txCodeLength) {
    for (const byte of runtime.randomBytes(txCodeLength)) if (byte < 250) digits.push(byte % 10)
  }
  return digits.slice(0, txCodeLength).join('')
}

async function showForm({ context, browser }: OfferVisit, session: LoginSession, problem?: string): Promise<DevAnswer> {
  const frame = await frameOf(browser, session)
  const userName = context.accounts.nameOf(session.subject)
  return offerPage(browser, 'Make a code', offerBody({ frame, userName, problem }))
}

async function showLogin(
  { browser, session }: OfferVisit,
  { problem, username }: { readonly problem?: string; readonly username?: string } = {},
): Promise<DevAnswer> {
  const frame = await frameOf(browser, session)
  return offerPage(browser, 'Log in', loginBody({ frame, problem, username, reason: 'The code will be good for you.' }))
}

/** A form for one login. */
function aboutOf(session: LoginSession | undefined): string {
  return `offer ${session?.sid ?? ''}`
}

async function frameOf(browser: Browser, session: LoginSession | undefined): Promise<FormFrame> {
  return { action: paths.offer, guard: await guardOf(browser, aboutOf(session)) }
}

function again({ issuer }: DevContext, cookies: readonly string[] = []): DevAnswer {
  return seeOther(`${issuer}${paths.offer}`, cookies)
}

function offerPage({ cookies }: Browser, title: string, body: ReturnType<typeof loginBody>): Promise<DevAnswer> {
  return page({ title, about: 'Authentype dev server', body, cookies })
}
