import { listAccounts, switchAccount } from './accounts.ts'
import { completeLogin } from './callback.ts'
import { fromRequest, type RequestSession } from './from-request.ts'
import { endByBackChannel, endByFrontChannel, failureEvent } from './issuer-logout.ts'
import { beginLogin } from './login.ts'
import { logOut, returnFromLogout } from './logout.ts'
import { showError, showLogin } from './pages.ts'
import { createPublicDocuments, publicAnswer } from './public-documents.ts'
import { ownPage } from './return-to.ts'
import { createWebContext, type WebContext } from './web-context.ts'
import { WebError, type WebErrorReason } from './web-error.ts'
import type { WebHandlerOptions } from './web-options.ts'

/** Login, callback and logout for any server that speaks `Request` and `Response`. */
export interface WebHandler {
  /** The answer to a request for one of the handler's addresses, `null` for any other, whose body is then untouched. */
  (request: Request): Promise<Response | null>
  /** Who makes a request: the client of the active session, its token renewed where it is due. */
  fromRequest(request: Request): Promise<RequestSession>
}

type Action = (context: WebContext, request: Request, url: URL) => Promise<Response>
type Route = Readonly<Partial<Record<string, Action>>>

/** @throws TypeError that names the option */
export function createHandler(options: WebHandlerOptions): {
  readonly handler: WebHandler
  readonly context: WebContext
} {
  const context = createWebContext(options)
  const routes = createRoutes(context)
  const answer = async (request: Request): Promise<Response | null> => {
    const url = publicUrl(context, request)
    const route = url && routes.get(url.pathname)
    if (!route) return null
    try {
      return await actionFor(route, request)(context, request, url)
    } catch (error) {
      if (!(error instanceof WebError)) throw error
      return await answerFailure(context, request, url, { error, route })
    }
  }
  return {
    handler: Object.assign(answer, { fromRequest: (request: Request) => fromRequest(context, request) }),
    context,
  }
}

function createRoutes(context: WebContext): ReadonlyMap<string, Route> {
  const { paths } = context
  const documents = createPublicDocuments(context)
  const routes = new Map<string, Route>([
    [paths.login, { GET: beginLogin }],
    ...paths.callbacks.map((path): [string, Route] => [path, { GET: completeLogin, POST: completeLogin }]),
    [paths.logout, { POST: logOut }],
    [paths.backChannelLogout, { POST: endByBackChannel }],
    [paths.frontChannelLogout, { GET: endByFrontChannel }],
    [paths.accounts, { GET: listAccounts }],
    [paths.switch, { POST: switchAccount }],
  ])
  if (paths.loggedOut !== undefined) {
    routes.set(paths.loggedOut, { ...routes.get(paths.loggedOut), GET: returnFromLogout })
  }
  const { clientMetadata, jwks } = documents
  if (clientMetadata !== undefined) routes.set(paths.clientMetadata, documentRoute(clientMetadata))
  if (jwks !== undefined) routes.set(paths.jwks, documentRoute(jwks))
  return routes
}

function documentRoute(document: string): Route {
  const action: Action = async () => publicAnswer(document)
  return { GET: action, HEAD: action }
}

/** The URL as browsers see it. A path is joined as text: `//evil.example` resolved on our origin would be another host. */
function publicUrl({ origin }: WebContext, { url }: Request): URL | undefined {
  const { pathname, search } = new URL(url)
  return URL.canParse(origin + pathname + search) ? new URL(origin + pathname + search) : undefined
}

function actionFor(route: Route, { method }: Request): Action {
  const action = route[method]
  if (action) return action
  throw new WebError('method_not_allowed', `the address takes ${Object.keys(route).join(' and ')}`)
}

/** Reasons that another choice of the user may mend. */
const choices: readonly WebErrorReason[] = ['missing_handle', 'invalid_handle', 'invalid_issuer']

async function answerFailure(
  context: WebContext,
  request: Request,
  url: URL,
  { error, route }: { readonly error: WebError; readonly route: Route },
): Promise<Response> {
  context.emit(failureEvent(error, url.pathname))
  const { all, options, paths } = context
  const canChoose = url.pathname === paths.login && (all.length > 1 || options.resolveHandle !== undefined)
  if (canChoose && choices.includes(error.code)) {
    const handle = url.searchParams.get('handle')?.slice(0, 200)
    const returnTo = ownPage(context, url.searchParams.get('return_to'))
    return await showLogin(context, request, { status: error.status, error, returnTo, handle })
  }
  const response = await showError(context, request, error)
  // RFC 9110 15.5.6: "The origin server MUST generate an Allow header field".
  if (error.code === 'method_not_allowed') response.headers.set('allow', Object.keys(route).join(', '))
  return response
}
