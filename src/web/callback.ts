import { findLogin } from '../client/find-login.ts'
import type { LoginResult } from '../client/login-result.ts'
import { AuthentypeError } from '../errors/base.ts'
import { ProtocolError } from '../errors/protocol.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { applicationAnswer, withCookies } from './answers.ts'
import { callbackFailure, during, readMetadata, storing } from './failures.ts'
import { joinGroup } from './join-group.ts'
import type { LoginData } from './login.ts'
import { readForm } from './read-form.ts'
import { retryPathOf } from './return-to.ts'
import type { WebContext } from './web-context.ts'
import { WebError } from './web-error.ts'

/** A callback whose login is known: whose it is, which browser began it, and what its user wanted. */
interface KnownCallback {
  readonly sessions: Sessions
  readonly browser: string
  readonly data: LoginData
  /** The callback as the client takes it. */
  readonly request: Request
}

/**
 * `GET|POST /callback`: completes the login that this browser began, gives its sessions a new name, and leads to a URL
 * without code and state.
 */
export async function completeLogin(context: WebContext, request: Request, url: URL): Promise<Response> {
  const callback = await recognise(context, request, url)
  const { data } = callback
  const retryPath = retryPathOf(context, { issuer: callback.sessions.client.issuer, returnTo: data.returnTo })
  const session = await logIn(callback, retryPath)
  const returnTo = data.returnTo ?? '/'
  try {
    // The application first: while it may still refuse, the browser's other accounts are not touched.
    const answer = await applicationAnswer(context, context.options.onLogin({ session, returnTo, request }), returnTo)
    const group = await during({ ...storing, retryPath }, async () => {
      // No `Lax` cookie comes with a form from the issuer's page; the group is then the one that the login began with.
      const held = await context.cookies.session.read(request)
      return await joinGroup(context.groups, held ?? (request.method === 'POST' ? data.group : undefined), session)
    })
    return withCookies(answer, [await context.cookies.session.write(group.id)])
  } catch (error) {
    // Nobody will ever have this session: it must not live on, here or at the issuer. What failed first is what counts.
    await session.logout().catch(() => {})
    throw error
  }
}

async function recognise(context: WebContext, request: Request, url: URL): Promise<KnownCallback> {
  const form = request.method === 'POST' ? await readForm(request, 'invalid_callback_request') : undefined
  // The body is read twice, and the address is what browsers see.
  const callback = () => (form ? new Request(url, { method: 'POST', body: form }) : new Request(url))
  const retryPath = retryPathOf(context, {})
  const browser = await context.cookies.browser.read(request)
  // Nothing is used up: whoever opens a link without the cookie, a scanner of mail for example, spoils no login.
  if (browser === undefined) {
    throw new WebError('invalid_callback_request', 'this browser has no login under way', { retryPath })
  }
  const known = await findAmong(context, callback, retryPath)
  await assertBelongs(context, url, { ...known, browser })
  return { ...known, browser, request: callback() }
}

/**
 * RFC 9700 4.4.2.2: an answer belongs to the issuer whose redirect URI it came to; and a login to the browser that
 * began it, of which the newest ten are remembered.
 */
async function assertBelongs(
  context: WebContext,
  url: URL,
  { sessions, data, browser }: Omit<KnownCallback, 'request'>,
): Promise<void> {
  const { issuer, redirectUri } = sessions.client
  const retryPath = retryPathOf(context, { issuer, returnTo: data.returnTo })
  if (new URL(redirectUri!).pathname !== url.pathname) {
    throw new WebError('issuer_mismatch', 'the callback came to the redirect URI of another issuer', { retryPath })
  }
  const isOwn = await during(storing, () => context.browsers.end(browser, data.login))
  if (isOwn) return
  const message = 'this browser did not begin the login, or has begun ten others since'
  throw new WebError('invalid_callback_request', message, { retryPath })
}

type Found = Pick<KnownCallback, 'sessions' | 'data'>

/** Several clients may share one store of transactions, or each may have its own; and each opens its own answers. */
async function findAmong(context: WebContext, callback: () => Request, retryPath: string): Promise<Found> {
  let cause: unknown
  for (const { client } of context.all) {
    try {
      const login = await findLogin(client, callback())
      const sessions = context.all.find((each) => each.client.issuer === login?.issuer)
      if (login && sessions?.client.clientId === login.clientId) return { sessions, data: dataOf(login.data) }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw callbackFailure(error, retryPath)
      // An answer to another client, perhaps; else it is at fault for all of them.
      cause = error
    }
  }
  throw new WebError('invalid_callback_request', 'no login with this state is under way', { cause, retryPath })
}

/** A login that was begun beside the handler is not the handler's to complete. */
function dataOf(data: unknown): LoginData {
  const login = data as Partial<LoginData> | undefined
  if (typeof login?.login === 'string') return login as LoginData
  throw new WebError('invalid_callback_request', 'the login was not begun at this address')
}

async function logIn(callback: KnownCallback, retryPath: string): Promise<Session> {
  const { sessions, browser, data } = callback
  const { client } = sessions
  await readMetadata(client, retryPath)
  let login: LoginResult
  try {
    login = await client.handleCallback(callback.request, { browserBinding: browser })
  } catch (error) {
    throw callbackFailure(error, retryPath)
  }
  const { data: _, ...result } = login
  const { application } = data
  return await during(
    { ...storing, retryPath },
    async () => await keep(sessions, { ...result, ...(application !== undefined && { data: application }) }),
  )
}

/** Tokens that cannot be kept are revoked, as far as the issuer can be reached. */
async function keep(sessions: Sessions, login: LoginResult): Promise<Session> {
  try {
    return await sessions.create(login)
  } catch (error) {
    const { refreshToken, accessToken } = login.tokens
    const options = login.dpopKey ? { dpopKey: login.dpopKey } : {}
    for (const token of [refreshToken, accessToken]) {
      if (token === undefined) continue
      await sessions.client.revoke(token, options).catch((failure: unknown) => {
        if (!(failure instanceof AuthentypeError)) throw failure
      })
    }
    throw error
  }
}
