import { epochSeconds } from '../lib/runtime.ts'
import {
  type AuthorizationDecision,
  type AuthorizationResult,
  claimsBeyondScope,
  createEvent,
  decideAuthorization,
  issueAuthorizationCode,
  type LoginSession,
  loadClient,
  type RegisteredClient,
  readConsent,
  saveConsent,
} from '../server/index.ts'
import { seeOther } from './answers.ts'
import { sendResult } from './authorize-routes.ts'
import { assertGuard, type Browser, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer, DevRequest } from './exchange.ts'
import { type Answers, findInteraction, type Interaction, noteAnswer, takeInteraction } from './interactions.ts'
import { logIn } from './log-in.ts'
import { endLogin, readLogin } from './logins.ts'
import { consentBody, selectBody } from './pages/consent-page.ts'
import type { FormFrame } from './pages/forms.ts'
import { page } from './pages/layout.ts'
import { loginBody } from './pages/login-page.ts'
import { errorPage } from './pages/message-pages.ts'
import { Refused, type RequestInfo, readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

/** Everything about one waiting request. */
interface Visit {
  readonly context: DevContext
  readonly interaction: Interaction
  readonly client: RegisteredClient
  readonly browser: Browser
  readonly session: LoginSession | undefined
  readonly info: RequestInfo
}

/** The pages of one authorization request: each visit shows what is needed next, until the client gets its answer. */
export function interact(id: string): Route {
  return async (context, request, info) => {
    const browser = readBrowser(context, request)
    const interaction = await findInteraction(context, id, browser)
    const client = interaction && (await loadClient(context.config, interaction.request.clientId))
    if (!interaction || !client) return expired()
    const session = await readLogin(context, request)
    const visit: Visit = { context, interaction, client, browser, session, info }
    return request.method === 'POST' ? decide(visit, request) : show(visit)
  }
}

async function show(visit: Visit, problem?: string): Promise<DevAnswer> {
  const { context, interaction, client, session } = visit
  const consent = session && (await readConsent(context.config, session.subject, client.clientId))
  const decision = await decideAuthorization(context.config, interaction.request, client, {
    ...(session && { session }),
    ...(consent && { consent }),
    ...interaction.answers,
  })
  switch (decision.kind) {
    case 'issue':
      return issue(visit, session!)
    case 'error':
      return finish(visit, { error: decision.error })
    case 'login':
      return showLogin(visit, decision, problem)
    case 'consent':
    case 'select_account':
      return showQuestion(visit, decision.kind, session!)
  }
}

async function showLogin(
  visit: Visit,
  decision: Extract<AuthorizationDecision, { kind: 'login' }>,
  problem?: string,
  username?: string,
): Promise<DevAnswer> {
  const { request } = visit.interaction
  const frame = await frameOf(visit)
  const reason = loginReasons[decision.reason]
  return pageFor(
    visit,
    'Log in',
    loginBody({ frame, username: username ?? request.loginHint, problem, reason, canCancel: true }),
  )
}

const loginReasons: Readonly<Partial<Record<string, string>>> = {
  prompt: 'The application asks you to log in again.',
  max_age: 'Your last login is too long ago for this application.',
  other_user: 'The application expects another user.',
  acr: 'The application asks for a stronger login.',
}

async function showQuestion(
  visit: Visit,
  kind: 'consent' | 'select_account',
  session: LoginSession,
): Promise<DevAnswer> {
  const { context, client, interaction } = visit
  const frame = await frameOf(visit)
  const userName = context.accounts.nameOf(session.subject)
  if (kind === 'select_account') return pageFor(visit, 'Choose an account', selectBody({ frame, userName }))
  const { scope, resources, authorizationDetails: details, redirectUri } = interaction.request
  const claims = claimsBeyondScope(interaction.request)
  const body = consentBody({
    frame,
    clientName: nameOf(client),
    userName,
    scope,
    claims,
    resources,
    details,
    redirectUri,
  })
  return pageFor(visit, 'Allow access?', body)
}

async function decide(visit: Visit, request: DevRequest): Promise<DevAnswer> {
  const { context, interaction, session } = visit
  const form = await readForm(request)
  await assertGuard(context, request, form, aboutOf(visit))
  const act = form.get('act')
  if (act === 'login') return login(visit, request, form)
  if (act === 'deny') return finish(visit, { error: 'access_denied', errorDescription: 'the user said no' })
  if (!session) return again(visit)
  switch (act) {
    case 'allow':
      await saveConsent(context.config, session.subject, interaction.request.clientId, interaction.request)
      return answered(visit, { consentedBy: session.subject })
    case 'continue':
      return answered(visit, { accountSelectedAt: epochSeconds(context.runtime) })
    case 'switch':
      return again(visit, [await endLogin(context, request)])
    default:
      return again(visit)
  }
}

async function answered(visit: Visit, answer: Answers): Promise<DevAnswer> {
  const { context, interaction, browser } = visit
  await noteAnswer(context, interaction, { browser, answer })
  return again(visit)
}

async function login(visit: Visit, request: DevRequest, form: URLSearchParams): Promise<DevAnswer> {
  const outcome = await logIn(visit.context, request, form, visit.info)
  if (outcome.ok) return again(visit, outcome.cookies)
  return showLogin(visit, { kind: 'login', reason: 'no_session' }, outcome.problem, outcome.username)
}

async function issue(visit: Visit, session: LoginSession): Promise<DevAnswer> {
  const { context, interaction, client, info } = visit
  if (!(await takeInteraction(context, interaction))) return expired()
  const { scope, requestedAt: _, ...request } = interaction.request
  const outcome = await issueAuthorizationCode(context.config, {
    ...request,
    ...session,
    scope,
    ...(info.clientIp !== undefined && { clientIp: info.clientIp }),
  })
  if (!outcome.ok) throw new TypeError(`authorization code: ${outcome.fault}`)
  context.emit(outcome.events)
  return sendResult(context, client, interaction.request, { code: outcome.code })
}

async function finish(visit: Visit, result: Extract<AuthorizationResult, { error: string }>): Promise<DevAnswer> {
  const { context, interaction, client, session, info } = visit
  if (!(await takeInteraction(context, interaction))) return expired()
  const metadata = { reason: result.error, error: result.error, clientIp: info.clientIp }
  const about = { clientId: client.clientId, subject: session?.subject, metadata }
  context.emit([createEvent('authorization_denied', about)])
  return sendResult(context, client, interaction.request, result)
}

function again({ context, interaction }: Visit, cookies: readonly string[] = []): DevAnswer {
  return seeOther(`${context.issuer}${paths.interaction}/${interaction.id}`, cookies)
}

/** The form belongs to this request and this login: what was asked of one user is not answered for another. */
function aboutOf({ interaction, session }: Visit): string {
  return `${interaction.id} ${session?.sid ?? ''}`
}

async function frameOf(visit: Visit): Promise<FormFrame> {
  return {
    action: `${paths.interaction}/${visit.interaction.id}`,
    guard: await guardOf(visit.context, visit.browser, aboutOf(visit)),
  }
}

function pageFor({ client, interaction, browser }: Visit, title: string, body: ReturnType<typeof loginBody>) {
  const { redirectUri } = interaction.request
  return page({ title, about: nameOf(client), body, formTarget: redirectUri, cookies: browser.cookies })
}

function nameOf({ clientId, metadata }: RegisteredClient): string {
  return metadata.client_name ?? clientId
}

/** Told of by an event: a request that is answered twice, or by another browser, may be an attack. */
async function expired(): Promise<never> {
  const answer = await errorPage('It took too long, was finished already, or was started in another browser.')
  throw new Refused(answer, 'a request that is unknown, finished, or of another browser')
}
