// The authorization endpoint, which is where the core and your own pages meet: it judges the request, you log the user
// in, it decides what is still missing, you ask, it makes the code.
import {
  type AuthorizationRequestData,
  type AuthorizationResult,
  buildAuthorizationResponse,
  decideAuthorization,
  issueAuthorizationCode,
  type LoginSession,
  type RegisteredClient,
  type ResponseTarget,
  readConsent,
  saveConsent,
  type TokenEndpointConfig,
  validateAuthorizationRequest,
} from 'authentype/server'
import type { Audit } from './endpoints.ts'

/** What your pages are, and who is logged in by your own cookie. */
export interface Pages {
  session(request: Request): Promise<LoginSession | undefined>
  /** Leads to `returnTo` once the user is logged in. */
  login(returnTo: string): Response
  /** Asks the user; its form is posted to `action`, with `answer` "yes" or "no", guarded against other sites' forms. */
  consent(client: RegisteredClient, scope: readonly string[], action: string): Response
  /** A form's answer; `undefined` where the guard does not hold. */
  answer(request: Request): Promise<'yes' | 'no' | undefined>
}

/** What waits in the store while the user decides. */
interface Pending {
  readonly request: AuthorizationRequestData
  /** Who said yes to this very request. */
  readonly consentedBy?: string
}

/** Milliseconds that a user may take. */
const patience = 600_000

export function createAuthorize(config: TokenEndpointConfig, pages: Pages, audit: Audit) {
  const store = config.store!
  const recordOf = (id: string) => `pending:{${id}}`

  /** GET or POST /authorize: keeps the judged request, since what was pushed can be used once. */
  async function authorize(request: Request): Promise<Response> {
    const isForm = request.method === 'POST'
    const params = isForm ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams
    const outcome = await validateAuthorizationRequest(config, { params })
    if (outcome.ok) {
      const id = crypto.randomUUID()
      const value: Pending = { request: outcome.request }
      const expiresAt = Date.now() + patience
      await store.commit([{ kind: 'put', key: recordOf(id), value, expect: null, expiresAt }])
      return Response.redirect(`${config.issuer}/authorize/${id}`, 303)
    }
    for (const event of outcome.events) audit(event)
    const { error, errorDescription } = outcome.error
    const client = outcome.target && (await config.loadClient(outcome.target.clientId))
    // No redirect before client and redirect URI are known to be right.
    if (!outcome.target || !client) return new Response('This request cannot go on.', { status: 400 })
    return reply(client, outcome.target, { error, errorDescription })
  }

  /** GET and POST /authorize/:id, as often as there is something to ask. */
  async function proceed(request: Request, id: string): Promise<Response> {
    const pending = await store.get(recordOf(id))
    const { request: asked, consentedBy } = (pending?.value ?? {}) as Partial<Pending>
    const client = asked && (await config.loadClient(asked.clientId))
    if (!pending || !asked || !client) return new Response('It took too long. Start again.', { status: 400 })
    const here = `${config.issuer}/authorize/${id}`
    const finish = async (result: AuthorizationResult) => {
      const taken = await store.commit([{ kind: 'delete', key: pending.key, expect: pending.version }])
      return taken.ok ? reply(client, asked, result) : new Response('This was finished already.', { status: 400 })
    }
    const session = await pages.session(request)
    if (request.method === 'POST' && session) {
      const answer = await pages.answer(request)
      if (answer === undefined) return new Response('This form is not ours.', { status: 403 })
      if (answer === 'no') return finish({ error: 'access_denied' })
      await saveConsent(config, session.subject, asked.clientId, asked)
      const value: Pending = { request: asked, consentedBy: session.subject }
      const { key, version: expect } = pending
      await store.commit([{ kind: 'put', key, value, expect, expiresAt: Date.now() + patience }])
      return Response.redirect(here, 303)
    }
    const consent = session && (await readConsent(config, session.subject, asked.clientId))
    const decision = await decideAuthorization(config, asked, client, {
      ...(session && { session }),
      ...(consent && { consent }),
      ...(consentedBy !== undefined && { consentedBy }),
      accountSelectedAt: asked.requestedAt, // one account a browser: there is nothing to choose
    })
    switch (decision.kind) {
      case 'login':
        return pages.login(here)
      case 'select_account':
      case 'consent':
        return pages.consent(client, asked.scope, here)
      case 'error':
        return finish({ error: decision.error })
      case 'issue': {
        const { requestedAt: _, ...frozen } = asked
        const outcome = await issueAuthorizationCode(config, { ...frozen, ...session! })
        if (!outcome.ok) throw new TypeError(outcome.fault)
        for (const event of outcome.events) audit(event)
        return finish({ code: outcome.code })
      }
    }
  }

  async function reply(client: RegisteredClient, target: ResponseTarget, result: AuthorizationResult) {
    const answer = await buildAuthorizationResponse(config, client, target, result)
    if (answer.kind === 'redirect') return Response.redirect(answer.url, 303)
    // Not offered here: response_mode=form_post wants a page with a form of `answer.fields`.
    return new Response('This response mode is not offered.', { status: 400 })
  }

  return { authorize, proceed }
}
