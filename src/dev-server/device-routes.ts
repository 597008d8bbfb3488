import { timingSafeEqual } from '../lib/constant-time.ts'
import {
  decideDeviceGrant,
  findDeviceGrant,
  type LoginSession,
  loadClient,
  type PendingDeviceGrant,
} from '../server/index.ts'
import { seeOther, tooMany } from './answers.ts'
import { assertGuard, type Browser, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { logIn } from './log-in.ts'
import { readLogin } from './logins.ts'
import { consentBody } from './pages/consent-page.ts'
import { deviceCodeBody } from './pages/device-page.ts'
import type { FormFrame } from './pages/forms.ts'
import { about, page } from './pages/layout.ts'
import { loginBody } from './pages/login-page.ts'
import { donePage } from './pages/message-pages.ts'
import { Refused, type RequestInfo, readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

interface DeviceVisit {
  readonly context: DevContext
  readonly browser: Browser
  readonly session: LoginSession | undefined
  readonly info: RequestInfo
}

const unknownCode = 'This code is unknown, was used already, or has expired.'

/**
 * The page on which the user enters a device's code, logs in and decides. Each form carries the code on, so nothing
 * is kept between them.
 *
 * @see RFC 8628 3.3, 5.1, 5.4
 */
export const device: Route = async (context, request, info) => {
  const browser = readBrowser(context, request)
  const session = await readLogin(context, request)
  const visit: DeviceVisit = { context, browser, session, info }
  if (request.method === 'POST') return answer(visit, request)
  const url = new URL(request.url)
  // Confirmed by the form before; the code that came with a link is only filled in.
  const confirmed = url.searchParams.get('confirmed')
  const userCode = url.searchParams.get('user_code') ?? ''
  const isConfirmed = timingSafeEqual(await guardOf(context, browser, `device ${userCode}`), confirmed ?? '')
  return isConfirmed ? showStep(visit, userCode) : showCode(visit, userCode)
}

async function answer(visit: DeviceVisit, request: DevRequest): Promise<DevAnswer> {
  const { context, session, info } = visit
  const form = await readForm(request)
  const isCode = form.get('act') === 'code'
  const userCode = form.get('user_code') ?? ''
  const carried = new URL(request.url).searchParams.get('user_code') ?? ''
  await assertGuard(context, request, form, isCode ? 'device' : aboutOf(visit, carried))
  switch (form.get('act')) {
    case 'code':
      return checkCode(visit, userCode)
    case 'login': {
      const outcome = await logIn(context, request, form, info)
      return outcome.ok ? confirmed(visit, carried, outcome.cookies) : showLogin(visit, carried, outcome)
    }
    case 'allow':
      return session ? decide(visit, carried, session) : confirmed(visit, carried)
    default:
      await decideDeviceGrant(context.config, carried, { approved: false })
      return donePage('Denied', 'The device was not connected. You can close this page.')
  }
}

/** RFC 8628 5.1: guesses are counted by address, each before the store is asked, since many can come at once. */
async function checkCode(visit: DeviceVisit, userCode: string): Promise<DevAnswer> {
  const { context, info } = visit
  const caller = info.clientIp ?? ''
  const wait = context.userCodeGuesses.count(caller)
  if (wait > 0) throw new Refused(tooMany(wait), 'too many user codes')
  if (!(await findDeviceGrant(context.config, userCode))) return showCode(visit, userCode, unknownCode)
  context.userCodeGuesses.forgive(caller)
  return confirmed(visit, userCode)
}

async function confirmed(
  { context, browser }: DeviceVisit,
  userCode: string,
  cookies: readonly string[] = [],
): Promise<DevAnswer> {
  const proof = await guardOf(context, browser, `device ${userCode}`)
  const query = new URLSearchParams({ user_code: userCode, confirmed: proof })
  return seeOther(`${context.issuer}${paths.device}?${query}`, cookies)
}

async function showStep(visit: DeviceVisit, userCode: string): Promise<DevAnswer> {
  const { context, session } = visit
  const grant = await findDeviceGrant(context.config, userCode)
  if (!grant) return showCode(visit, userCode, unknownCode)
  return session ? showConsent(visit, userCode, { grant, session }) : showLogin(visit, userCode)
}

async function showCode({ context, browser }: DeviceVisit, userCode: string, problem?: string): Promise<DevAnswer> {
  const frame = { action: paths.device, guard: await guardOf(context, browser, 'device') }
  return devicePage(browser, 'Connect a device', deviceCodeBody({ frame, userCode, problem }))
}

async function showLogin(
  visit: DeviceVisit,
  userCode: string,
  { problem, username }: { readonly problem?: string; readonly username?: string } = {},
): Promise<DevAnswer> {
  const frame = await frameOf(visit, userCode)
  return devicePage(visit.browser, 'Log in', loginBody({ frame, problem, username }))
}

async function showConsent(
  visit: DeviceVisit,
  userCode: string,
  { grant, session }: { readonly grant: PendingDeviceGrant; readonly session: LoginSession },
): Promise<DevAnswer> {
  const { config, accounts } = visit.context
  const client = await loadClient(config, grant.clientId)
  const { scope, resources, authorizationDetails: details, clientId } = grant
  const body = consentBody({
    frame: await frameOf(visit, userCode),
    clientName: client?.metadata.client_name ?? clientId,
    userName: accounts.nameOf(session.subject),
    scope,
    resources,
    details,
  })
  return devicePage(visit.browser, 'Connect this device?', body)
}

async function decide({ context }: DeviceVisit, userCode: string, session: LoginSession): Promise<DevAnswer> {
  const isDecided = await decideDeviceGrant(context.config, userCode, { approved: true, ...session })
  if (!isDecided) return donePage('Too late', unknownCode)
  return donePage('Connected', 'Your device goes on by itself. You can close this page.')
}

/** A form for one code and one login. */
function aboutOf({ session }: DeviceVisit, userCode: string): string {
  return `device ${userCode} ${session?.sid ?? ''}`
}

async function frameOf(visit: DeviceVisit, userCode: string): Promise<FormFrame> {
  return {
    action: `${paths.device}?${new URLSearchParams({ user_code: userCode })}`,
    guard: await guardOf(visit.context, visit.browser, aboutOf(visit, userCode)),
  }
}

function devicePage({ cookies }: Browser, title: string, body: ReturnType<typeof loginBody>): Promise<DevAnswer> {
  return page({ title, about, body, cookies })
}
