import { AtprotoError } from '../../errors/atproto.ts'
import { AuthentypeError } from '../../errors/base.ts'
import { StoreError } from '../../errors/session.ts'
import { encodeBase64url } from '../../lib/base64url.ts'
import type { ClientMetadataDocument } from '../../protocol/client-metadata-document.ts'
import { createKeyRing } from '../../protocol/key-ring.ts'
import type { Session } from '../../sessions/session.ts'
import { createSessionGroups, type SessionGroup, type SessionGroups } from '../../sessions/session-group.ts'
import { groupOf, unlessGone } from '../../web/accounts.ts'
import { applicationAnswer, redirect, withCookies } from '../../web/answers.ts'
import { browserLifetime } from '../../web/browser-logins.ts'
import { createSealedCookie, type SealedCookie } from '../../web/cookies.ts'
import { callbackFailure, during, storeFailed, storing } from '../../web/failures.ts'
import { fromRequest } from '../../web/from-request.ts'
import { joinGroup } from '../../web/join-group.ts'
import { readForm, singleField } from '../../web/read-form.ts'
import { parseReturnTo } from '../../web/return-to.ts'
import { assertSameOrigin } from '../../web/same-origin.ts'
import { WebError } from '../../web/web-error.ts'
import type { AtprotoClient } from '../atproto-client-types.ts'
import { createXrpcClientOf } from '../xrpc/open-client.ts'
import type { AccountXrpcClient, AnyXrpcMethods, XrpcMethods } from '../xrpc/xrpc-types.ts'
import { type AtprotoWebOptions, assertAtprotoWebOptions } from './atproto-web-options.ts'

/** Who makes a request. */
export type AtprotoRequestSession<Methods extends XrpcMethods = AnyXrpcMethods> =
  | {
      readonly ok: true
      /** Calls of the active account. */
      readonly client: AccountXrpcClient<Methods>
      readonly session: Session
      /** All sessions of this browser. */
      readonly group: SessionGroup
    }
  /** `reauth`: the account must log in again. `none`: nobody is logged in. */
  | { readonly ok: false; readonly reason: 'reauth' | 'none' }

/** Login, callback and logout for any server that speaks `Request` and `Response`. */
export interface AtprotoWebHandler {
  /** The answer to a request for one of the handler's addresses, `null` for any other, whose body is then untouched. */
  (request: Request): Promise<Response | null>
  /** Who makes a request: the XRPC client of the active account, its token renewed where it is due. @throws StoreError */
  fromRequest<Methods extends XrpcMethods = AnyXrpcMethods>(request: Request): Promise<AtprotoRequestSession<Methods>>
}

interface Context {
  readonly client: AtprotoClient
  readonly options: AtprotoWebOptions
  /** Where browsers see the application: that of the redirect URI, whatever a proxy calls it. */
  readonly origin: string
  /** The handler's own addresses: coming back to one of them would log in for ever. */
  readonly paths: { readonly has: (pathname: string) => boolean }
  readonly groups: SessionGroups
  readonly cookies: {
    /** Which browser it is, while it logs in. */
    readonly browser: SealedCookie
    /** The id of its group of sessions. */
    readonly session: SealedCookie
  }
}

/** What is kept of a login until its callback. */
interface LoginData {
  readonly returnTo?: string
}

type Action = (context: Context, request: Request) => Promise<Response>
type Route = Readonly<Partial<Record<string, Action>>>

const defaultLifetime = 90 * 86_400_000

/**
 * `GET /login?handle=&return_to=`, the callback, `POST /logout`, `/client-metadata.json` and `/jwks.json` (or what
 * `jwksUri` says) of an application, beside the client's redirect URI; and whose request it is.
 *
 * @throws TypeError for an option that is missing, unknown or unsafe
 * @example
 * const web = createAtprotoWebHandler({ client, cookieKeys: [key] })
 * const response = await web(request) // null where the address is none of its own
 * const user = await web.fromRequest(request)
 * if (user.ok) await user.client.get('app.bsky.actor.getProfile', { params: { actor: user.client.did } })
 */
export function createAtprotoWebHandler(options: AtprotoWebOptions): AtprotoWebHandler {
  assertAtprotoWebOptions(options)
  const routes = createRoutes(options.client)
  const context = createContext(options, routes)
  const answer = async (request: Request): Promise<Response | null> => {
    const { pathname } = new URL(request.url)
    const route = routes.get(pathname)
    if (!route) return null
    try {
      return await actionFor(route, request.method)(context, request)
    } catch (error) {
      if (!(error instanceof WebError)) throw error
      return await answerFailure(context, request, error, route)
    }
  }
  return Object.assign(answer, {
    async fromRequest<Methods extends XrpcMethods = AnyXrpcMethods>(
      request: Request,
    ): Promise<AtprotoRequestSession<Methods>> {
      const found = await fromRequest(context, request)
      if (!found.ok) return found
      const { client: session, group } = found
      return { ok: true, client: createXrpcClientOf<Methods>(context.client, session, options.xrpc), session, group }
    },
  })
}

function createContext(options: AtprotoWebOptions, paths: Context['paths']): Context {
  const { client, lifetime = defaultLifetime, cookieName = 'authentype' } = options
  const { origin, protocol } = new URL(client.redirectUri)
  // Only the development client comes back to plain http, on this machine.
  const common = {
    ring: createKeyRing(options.cookieKeys),
    development: protocol === 'http:',
    sameSite: 'Lax',
  } as const
  return {
    client,
    options,
    origin,
    paths,
    groups: createSessionGroups({
      sessions: client.sessions,
      store: client.store,
      lifetime,
      runtime: client.runtime,
    }),
    cookies: {
      browser: createSealedCookie({ ...common, name: `${cookieName}-login`, lifetime: browserLifetime }),
      session: createSealedCookie({ ...common, name: `${cookieName}-session`, lifetime }),
    },
  }
}

function createRoutes({ redirectUri, clientMetadata, jwks }: AtprotoClient): ReadonlyMap<string, Route> {
  const callback = new URL(redirectUri).pathname
  // What `baseUrl` has of a path, since the redirect URI is /callback under it.
  const base = callback.slice(0, callback.lastIndexOf('/'))
  return new Map<string, Route>([
    [`${base}/login`, { GET: beginLogin }],
    [callback, { GET: completeLogin }],
    [`${base}/logout`, { POST: logOut }],
    [`${base}/client-metadata.json`, documentRoute(clientMetadata)],
    [`${base}/jwks.json`, documentRoute(jwks)],
    ...ownKeySet(clientMetadata, redirectUri).map((path) => [path, documentRoute(jwks)] as const),
  ])
}

/** The path of `jwksUri` where that is one of the application's own addresses. */
function ownKeySet({ jwks_uri: uri }: ClientMetadataDocument, redirectUri: string): readonly string[] {
  if (typeof uri !== 'string') return []
  const { origin, pathname } = new URL(uri)
  return origin === new URL(redirectUri).origin ? [pathname] : []
}

/** Public, and the same for all: servers of other people read it, and so may pages. */
function documentRoute(document: unknown): Route {
  const headers = {
    'content-type': 'application/json',
    'access-control-allow-origin': '*',
    'cache-control': 'max-age=60',
  }
  const action: Action = async () => new Response(JSON.stringify(document), { headers })
  return { GET: action, HEAD: action }
}

function actionFor(route: Route, method: string): Action {
  const action = route[method]
  if (action) return action
  throw new WebError('method_not_allowed', `the address takes ${Object.keys(route).join(' and ')}`)
}

/** Binds the login to this browser, so that nobody can be logged in to an account of somebody else's (login CSRF). */
async function beginLogin(context: Context, request: Request): Promise<Response> {
  const { client, cookies, options } = context
  const query = new URL(request.url).searchParams
  const handle = query.get('handle')?.trim()
  if (!handle) throw new WebError('missing_handle', 'the address needs a handle: /login?handle=alice.example')
  const returnTo = pageOf(context, query.get('return_to'))
  const binding = (await cookies.browser.read(request)) ?? encodeBase64url(client.runtime.randomBytes(32))
  const data: LoginData = { ...(returnTo !== undefined && { returnTo }) }
  const wishes = { ...options.login, data, browserBinding: binding, signal: request.signal }
  let url: URL
  try {
    url = await client.createAuthorizationUrl(handle.replace(/^@/, ''), wishes)
  } catch (error) {
    throw loginFailure(error)
  }
  return redirect(url, [await cookies.browser.write(binding)])
}

function pageOf({ origin, paths }: Context, value: string | null | undefined): string | undefined {
  const page = parseReturnTo(value, origin)
  return page !== undefined && paths.has(new URL(page, origin).pathname) ? undefined : page
}

/** What the user can mend by writing another handle. */
const handleFaults: readonly string[] = [
  ...['invalid_handle', 'handle_not_found', 'handle_mismatch', 'ambiguous_handle'],
  ...['invalid_did', 'invalid_did_type', 'did_not_found'],
]

function loginFailure(cause: unknown): unknown {
  if (!(cause instanceof AuthentypeError)) return cause
  if (cause instanceof StoreError) return storeFailed(cause)
  const isHandle = cause instanceof AtprotoError && handleFaults.includes(cause.code)
  const reason = isHandle ? 'invalid_handle' : 'authorization_url_failed'
  return new WebError(reason, 'the login could not be begun', { cause })
}

async function completeLogin(context: Context, request: Request): Promise<Response> {
  const { client, cookies, groups, origin, options } = context
  const browserBinding = await cookies.browser.read(request)
  if (browserBinding === undefined) {
    throw new WebError('invalid_callback_request', 'this browser has no login under way')
  }
  const { pathname, search } = new URL(request.url)
  let session: Session
  try {
    session = await client.handleCallback(new URL(pathname + search, origin), { browserBinding })
  } catch (error) {
    throw callbackFailure(error, '/')
  }
  const { returnTo = '/' } = session.data as LoginData
  try {
    const answer = await applicationAnswer(context, options.onLogin?.({ session, returnTo, request }), returnTo)
    const group = await during(storing, async () => {
      return await joinGroup(groups, await cookies.session.read(request), session)
    })
    return withCookies(answer, [await cookies.session.write(group.id)])
  } catch (error) {
    // Nobody will ever have this session: it must not live on, here or at the PDS. What failed first is what counts.
    await session.logout().catch(() => {})
    throw error
  }
}

/** Ends the active account's sessions here, however often it has logged in, and revokes their tokens. */
async function logOut(context: Context, request: Request): Promise<Response> {
  const { cookies, origin } = context
  assertSameOrigin(request, origin)
  const form = await readForm(request)
  const returnTo = pageOf(context, singleField(form, 'return_to')) ?? '/'
  const group = await groupOf(context, request)
  const isEmpty = await during(storing, async () => {
    const active = await group?.activeSession()
    if (!group || !active) return true
    for (const { id, subject } of await group.listSessions()) {
      if (subject === active.subject) await unlessGone(group.revokeSession(id))
    }
    return (await group.listSessions()).length === 0
  })
  return redirect(returnTo, isEmpty ? [cookies.session.clear()] : [])
}

/** A line of text, unless the application answers: pages are the application's own. */
async function answerFailure({ options }: Context, request: Request, error: WebError, route: Route): Promise<Response> {
  const own = await options.onFailure?.({ error, request })
  if (own) return own
  const { cause } = error
  const detail = cause instanceof AuthentypeError ? `: ${cause.message}` : ''
  return new Response(`${error.message}${detail}\n`, {
    status: error.status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(error.code === 'method_not_allowed' && { allow: Object.keys(route).join(', ') }),
    },
  })
}
